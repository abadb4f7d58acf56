import type { CopyRecord } from '../model/copy-record.js'
import { type TableSchema, tableName } from '../model/schema.js'
import { isWholeNumber } from '../mysql/snapshot/key-form.js'
import { ChunkTooLarge, type ReadChunk } from '../mysql/snapshot/read-chunk.js'
import type { CopySource } from './copy-source.js'
import type { TableCopy } from './gate.js'
import { type CopierParts, TableCopier } from './table-copier.js'
import type { SourceReader } from './whole-reader.js'

/** A table that is being copied, from one change of its columns to the next. */
export class RunningCopy {
  readonly name: string
  readonly schema: string
  readonly table: string
  readonly source: CopySource
  readonly gate: TableCopy
  readonly copier: TableCopier<ReadChunk>
  /** When this process first read rows of it; null: it has not. */
  startedMs: number | null = null
  /** Connections that are at it. */
  workers = 0
  /** How often a chunk of it was void since one was not. */
  voids = 0

  constructor(
    record: CopyRecord,
    source: CopySource,
    gate: TableCopy,
    parts: Omit<CopierParts<ReadChunk>, 'window' | 'stillFits' | 'tooLarge' | 'hasNumberKey'>,
  ) {
    this.name = tableName(record)
    this.schema = record.schema
    this.table = record.table
    this.source = source
    this.gate = gate
    this.copier = new TableCopier<ReadChunk>({
      ...parts,
      window: () => gate.window(),
      stillFits: () => source.stillFits(),
      tooLarge: error => (error instanceof ChunkTooLarge ? Math.max(1, Math.floor(error.rows / 2)) : null),
      hasNumberKey: hasNumberKey(source.schema),
    })
  }

  /** Its changes go in as ever from now on; what is on its way there still comes. */
  async close(): Promise<void> {
    this.copier.end()
    this.gate.end()
    await this.source.close()
  }
}

/** The connection of one worker, to the table it read last. */
export class WorkerReader {
  #copy: RunningCopy | null = null
  #reader: SourceReader | null = null

  /** The table it is connected for. */
  get copy(): RunningCopy | null {
    return this.#copy
  }

  /** The connection to this table from now on. Rejects as the source does. */
  async to(copy: RunningCopy): Promise<SourceReader> {
    if (this.#copy === copy && this.#reader !== null) return this.#reader
    await this.close()
    this.#copy = copy
    copy.workers++
    this.#reader = await copy.source.reader()
    return this.#reader
  }

  async close(): Promise<void> {
    const reader = this.#reader
    if (this.#copy !== null) this.#copy.workers--
    this.#reader = null
    this.#copy = null
    await reader?.close()
  }
}

function hasNumberKey({ key, columns }: TableSchema): boolean {
  const column = columns.find(({ name }) => name === key[0])
  // The server reads the number of a YEAR, and of a label, in ways of its own.
  return key.length === 1 && column !== undefined && isWholeNumber(column) && column.dataType.endsWith('int')
}
