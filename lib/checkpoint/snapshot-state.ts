import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { KeyBound } from '../model/chunk.js'
import { type AdmittedChunk, type CopyRecord, isSameTable } from '../model/copy-record.js'
import { Failure } from '../model/failure.js'
import { errorCode, errorText } from '../model/system-error.js'
import { replaceFile, syncFolder } from './replace-file.js'
import { parseSnapshot } from './snapshot-record.js'

const FOLDER = 'snapshot'
const FILE = 'state.json'

type TableId = Pick<CopyRecord, 'schema' | 'table'>

/**
 * `<data_dir>/snapshot/state.json`: which tables are copied, how far, and which chunks are on their way. Every change is on
 * disk when its promise resolves; changes that come during a write share the next one. One process uses it, the one that
 * holds the data_dir; others may read it.
 */
export class SnapshotState {
  /** Where spool files may be kept. */
  readonly folder: string
  readonly path: string
  readonly #dataDir: string
  /** There was a file, or there is one by now. */
  #known: boolean
  #tables: readonly CopyRecord[]
  #admitted: readonly AdmittedChunk[]
  #last: Promise<void> = Promise.resolve()
  #next: Promise<void> | null = null

  private constructor(dataDir: string, found: Found | null) {
    this.#dataDir = dataDir
    this.folder = join(dataDir, FOLDER)
    this.path = join(this.folder, FILE)
    this.#known = found !== null
    this.#tables = found?.tables ?? []
    this.#admitted = found?.admitted ?? []
  }

  /** Reads what is there and writes nothing. Rejects with snapshotUnreadable, naming what is wrong. */
  static async open(dataDir: string): Promise<SnapshotState> {
    return new SnapshotState(dataDir, await read(join(dataDir, FOLDER, FILE)))
  }

  /** Whether any run has written down what is copied. */
  get known(): boolean {
    return this.#known
  }

  get tables(): readonly CopyRecord[] {
    return this.#tables
  }

  /** In the order of their admission. */
  get admitted(): readonly AdmittedChunk[] {
    return this.#admitted
  }

  find({ schema, table }: TableId): CopyRecord | null {
    return this.#tables.find(copy => copy.schema === schema && copy.table === table) ?? null
  }

  /** Rows read for it, those of chunks on their way included. */
  rowsOf(id: TableId): { readonly rows: number; readonly bytes: number } {
    const copy = this.find(id)
    const onTheWay = this.#admitted.filter(chunk => isSameTable(chunk, id))
    return {
      rows: onTheWay.reduce((sum, chunk) => sum + chunk.rows, copy?.rows ?? 0),
      bytes: onTheWay.reduce((sum, chunk) => sum + chunk.bytes, copy?.bytes ?? 0),
    }
  }

  /** What a copy is from now on; chunks of it that are on their way no longer count. Rejects with positionUnsaved. */
  put(...copies: readonly CopyRecord[]): Promise<void> {
    const isReplaced = (one: TableId): boolean => copies.some(copy => isSameTable(copy, one))
    this.#tables = [...this.#tables.filter(copy => !isReplaced(copy)), ...copies]
    this.#admitted = this.#admitted.filter(chunk => !isReplaced(chunk))
    return this.#save()
  }

  /** How the changes of a table are judged from now on. Rejects with positionUnsaved. */
  async judge(id: TableId, mode: NonNullable<CopyRecord['mode']>): Promise<void> {
    if (this.find(id)?.mode === mode) return
    this.#tables = this.#tables.map(copy => (isSameTable(copy, id) ? { ...copy, mode } : copy))
    await this.#save()
  }

  /** Nothing is known of these tables any more. Rejects with positionUnsaved. */
  async remove(...tables: readonly TableId[]): Promise<void> {
    const isGone = (one: TableId): boolean => tables.some(table => isSameTable(table, one))
    if (!this.#tables.some(isGone)) return
    this.#tables = this.#tables.filter(copy => !isGone(copy))
    this.#admitted = this.#admitted.filter(chunk => !isGone(chunk))
    await this.#save()
  }

  /** A chunk goes into an epoch of which nothing has left yet. Rejects with positionUnsaved: then it must not go in. */
  admit(chunk: AdmittedChunk): Promise<void> {
    this.#admitted = [...this.#admitted, chunk]
    return this.#save()
  }

  /** Everything up to this epoch is durable. Not on disk before the next `save`: a start finds it out by itself. Whether anything is new. */
  durable(epoch: number): boolean {
    const done = this.#admitted.filter(chunk => chunk.epoch <= epoch)
    this.#admitted = this.#admitted.filter(chunk => chunk.epoch > epoch)
    this.#count(done)
    return done.length > 0
  }

  /** Writes down what is known, where it is not on disk yet. Rejects with positionUnsaved. */
  save(): Promise<void> {
    return this.#save()
  }

  /**
   * At a start: `done` are in the targets, `again` go in again as they were; all other chunks are void. On disk when it
   * resolves. Rejects with positionUnsaved.
   */
  async settle(judged: {
    readonly done: readonly AdmittedChunk[]
    readonly again: readonly AdmittedChunk[]
  }): Promise<void> {
    if (this.#admitted.length === 0) return
    this.#count(judged.done)
    this.#admitted = judged.again
    await this.#save()
  }

  /** Where the next chunk begins, those on their way counted: `ended` when there is none. */
  frontierOf(id: TableId): { readonly frontier: KeyBound | null; readonly ended: boolean } {
    const last = this.#admitted.findLast(chunk => isSameTable(chunk, id))
    if (last === undefined) return { frontier: this.find(id)?.frontier ?? null, ended: false }
    return { frontier: last.range.upTo, ended: last.range.upTo === null }
  }

  #count(done: readonly AdmittedChunk[]): void {
    this.#tables = this.#tables.map(copy => done.filter(chunk => isSameTable(chunk, copy)).reduce(moved, copy))
  }

  #save(): Promise<void> {
    this.#next ??= this.#last
      .catch(() => undefined) // Whoever asked for that write has been told; this one holds all that one did.
      .then(() => {
        this.#next = null
        this.#last = this.#write()
        return this.#last
      })
    return this.#next
  }

  async #write(): Promise<void> {
    try {
      if (!this.#known) {
        await mkdir(this.folder, { recursive: true })
        await syncFolder(this.#dataDir)
      }
      const text = JSON.stringify({ format: 1, tables: this.#tables, admitted: this.#admitted }, null, 1)
      // It holds keys of rows.
      await replaceFile(this.path, `${text}\n`, true)
      this.#known = true
    } catch (error) {
      throw new Failure('positionUnsaved', `${this.path}: ${errorText(error)}`, {
        cause: error,
        advice: `${this.path} cannot be written. Free space on the disk of data_dir and check its permissions.`,
      })
    }
  }
}

interface Found {
  readonly tables: readonly CopyRecord[]
  readonly admitted: readonly AdmittedChunk[]
}

async function read(path: string): Promise<Found | null> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '')) return null
    throw unreadable(path, error)
  }
  try {
    return parseSnapshot(text)
  } catch (error) {
    throw unreadable(path, error)
  }
}

function unreadable(path: string, cause: unknown): Failure {
  return new Failure('snapshotUnreadable', `${path}: ${errorText(cause)}`, { cause })
}

/** The frontier behind one more chunk. */
function moved(copy: CopyRecord, chunk: AdmittedChunk): CopyRecord {
  const { upTo } = chunk.range
  return {
    ...copy,
    state: upTo === null ? 'copied' : 'copying',
    frontier: upTo ?? copy.frontier,
    rows: copy.rows + chunk.rows,
    bytes: copy.bytes + chunk.bytes,
    epoch: Math.max(copy.epoch, chunk.epoch),
  }
}
