import type { ChunkRange, KeyBound } from './chunk.js'
import type { Position } from './position.js'

/** Why a table is copied, or why it is not: `created` in the stream, or there `before` any snapshot was asked for. */
export type CopyReason = 'initial' | 'added' | 'positionLost' | 'ordered' | 'renamed' | 'created' | 'before'

/** How far the copy of one source table has come. */
export interface CopyRecord {
  readonly schema: string
  readonly table: string
  /** `followed`: all its rows come, or came, by other means than a copy. */
  readonly state: 'waiting' | 'copying' | 'copied' | 'followed'
  readonly reason: CopyReason
  /** Condition in the source's SQL that limits the copy; null: all rows. */
  readonly where: string | null
  /** Names ("database.table") of the targets it was copied into, or is to be. */
  readonly targets: readonly string[]
  /** Columns of the key and their types as the server prints them: a frontier counts in their order alone. */
  readonly key: readonly string[]
  /** Everything up to here is in the target, durably; null: nothing yet. */
  readonly frontier: KeyBound | null
  /** Rows and bytes read for what is durable. */
  readonly rows: number
  readonly bytes: number
  /** Ordinal of the newest epoch that holds rows of it; 0: none. */
  readonly epoch: number
  /** Rows that are gone at the source may be in the target: to be looked for when it is copied. */
  readonly deadRows: boolean
  /** How its changes were judged last, see `CopyMode`; null: not yet. */
  readonly mode: 'atOnce' | 'behindFrontier' | null
  /** Ms since 1970. */
  readonly sinceMs: number
}

/** A chunk that was put into an epoch of which it is not known yet that it is durable. */
export interface AdmittedChunk {
  readonly schema: string
  readonly table: string
  /** Ordinal of the epoch. */
  readonly epoch: number
  /** Between which transactions its rows go in. */
  readonly position: Position
  readonly range: ChunkRange
  readonly rows: number
  readonly bytes: number
  /** File that holds its very rows, for an epoch that is read again; null: they may be read anew. */
  readonly spool: string | null
}

/** Are they of one table? */
export function isSameTable(a: Pick<CopyRecord, 'schema' | 'table'>, b: Pick<CopyRecord, 'schema' | 'table'>): boolean {
  return a.schema === b.schema && a.table === b.table
}

/** Rows of it are still to be copied. */
export function isUnfinished({ state }: Pick<CopyRecord, 'state'>): boolean {
  return state === 'waiting' || state === 'copying'
}
