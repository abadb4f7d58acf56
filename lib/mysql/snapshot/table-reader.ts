import type { ChunkRange, KeyBound } from '../../model/chunk.js'
import { Failure } from '../../model/failure.js'
import type { Position } from '../../model/position.js'
import type { TableSchema } from '../../model/schema.js'
import type { SourceAddress } from '../session.js'
import type { ReadChunk, WholeRead } from './read-chunk.js'

export interface ReadPlan {
  readonly schema: TableSchema
  /** SELECT list, one per column of the text image, in order. */
  readonly expressions: readonly string[]
  /** A condition of the operator's, without WHERE; null: all rows. */
  readonly where: string | null
  /** `time_zone` of sync.toml: "source", an offset or a name that the source knows. */
  readonly zone: string
  /** The server that is streamed, when it is another than the one that is read; null: the same. */
  readonly streamed: SourceAddress | null
  /** Longest wait in ms until the server shows what a read is to see. Default 60,000. */
  readonly visibleWaitMs?: number
}

export class TableReader {
  static async open(_address: SourceAddress, _plan: ReadPlan): Promise<TableReader> {
    throw new Failure('internal', 'not there yet')
  }
  async boundBehind(_after: KeyBound | null, _rows: number, _signal?: AbortSignal): Promise<KeyBound | null> {
    throw new Failure('internal', 'not there yet')
  }
  async read(_range: ChunkRange, _visible: Position, _signal?: AbortSignal, _maxBytes?: number): Promise<ReadChunk> {
    throw new Failure('internal', 'not there yet')
  }
  async readKeys(_keys: readonly KeyBound[], _visible: Position, _signal?: AbortSignal): Promise<ReadChunk> {
    throw new Failure('internal', 'not there yet')
  }
  async readWhole(_signal?: AbortSignal): Promise<WholeRead> {
    throw new Failure('internal', 'not there yet')
  }
  async close(): Promise<void> {}
}
