import type { ChangePlace } from './change-place.js'
import { binlogSeries, comparePositions, type Position } from './position.js'
import type { TargetModel } from './schema.js'

/** Which row of which change: the change id, and for a moved key, whether it is the delete of the old one or the row of the new one. */
export interface RowPlace extends ChangePlace {
  /** Ordinal of the change in its rows event, from 0. */
  readonly row: number
  /** It deletes an old key, or is what an aggregate subtracts. It comes before the other row of its change. */
  readonly takesAway: boolean
}

/** A row that StarRocks refused, parked with all that is known of it. */
export interface DeadLetter {
  /** Stays the same when the same row is parked again. */
  readonly id: string
  /** When it was parked, ms since 1970. */
  readonly atMs: number
  /** "schema.table" of the source and "database.table" of the target. */
  readonly source: string
  readonly target: string
  /** `where` of the rule that sent it there. */
  readonly rule: string
  readonly mode: 'upsert' | 'append' | 'aggregate'
  /** What the source did. */
  readonly op: 'insert' | 'update' | 'delete'
  /** The server whose binlog `place` is in; as in `Position`. */
  readonly server: string
  readonly place: RowPlace
  /** The source's clock at the change, ms since 1970. */
  readonly commitMs: number
  readonly reason: string
  /** Text of the target's key columns, in key order. */
  readonly key: Readonly<Record<string, string | null>>
  /** Unsigned 32-bit hash of the key, as the encoder of its route makes it. */
  readonly keyHash: number
  /** JSON text of the images; null: the change has none. */
  readonly before: string | null
  readonly after: string | null
  readonly load: ParkedLoad
}

/** What is needed to load the row as it was meant to be loaded. */
export interface ParkedLoad {
  readonly database: string
  readonly table: string
  readonly model: TargetModel
  readonly key: readonly string[]
  readonly format: 'csv' | 'json'
  readonly columns: string
  /** A partial update: columns of the target that `columns` does not name keep their values. Absent: a whole row. */
  readonly partial?: boolean
  /** Separators as header text. */
  readonly columnSeparator: string
  readonly rowDelimiter: string
  /** The row's own bytes: CSV with its delimiter, or one JSON object. */
  readonly row: Uint8Array
  /** The rule made no row of the change, so there is none to be loaded. Absent: there is one. */
  readonly unmade?: true
}

/**
 * `open`: to be replayed or dropped. `superseded`: a later change of the same row has taken its place, or it is read again.
 */
export type LetterState = 'open' | 'superseded' | 'replayed' | 'dropped'

/** A later word on a letter. */
export interface LetterChange {
  readonly id: string
  readonly state: LetterState
  readonly atMs: number
  /** What brought it about: a change's place, "replay", "drop". */
  readonly by: string
  /** Why it was refused again; null: the reason stays. */
  readonly reason: string | null
}

/** A letter with what has become of it. */
export interface FiledLetter {
  readonly letter: DeadLetter
  readonly state: LetterState
  /** Why it was refused last. */
  readonly reason: string
  /** The last change; null: it is as it was parked. */
  readonly change: LetterChange | null
}

/** The key as one text, the same whatever format the row was to be loaded in. */
export function keyText(key: DeadLetter['key']): string {
  return JSON.stringify(Object.values(key))
}

/** Whether `a` comes before `b` in one server's binlog. */
export function precedes(a: RowPlace, b: RowPlace): boolean {
  const order = comparePositions(a, b) || a.event - b.event || a.row - b.row
  return order < 0 || (order === 0 && a.takesAway && !b.takesAway)
}

/** Whether a run that starts at `start` reads the change of this letter again. False for one of another server's binlog. */
export function isReadAgain(
  { server, place }: Pick<DeadLetter, 'server' | 'place'>,
  start: Pick<Position, 'binName' | 'binPos' | 'serverUuid'>,
): boolean {
  return (
    server === start.serverUuid && binlogSeries(place) === binlogSeries(start) && comparePositions(place, start) >= 0
  )
}

/** "mysql-bin.000005:708735, event 0, row 3", where the offset is that of the transaction's start. */
export function formatPlace(place: RowPlace): string {
  return `${place.binName}:${place.binPos}, event ${place.event}, row ${place.row}`
}
