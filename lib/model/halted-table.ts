import { FAILURES, type Failure, type FailureKind } from './failure.js'
import { binlogSeries, comparePositions, type Position } from './position.js'

/** Where a transaction or statement begins. */
export type BinlogPlace = Pick<Position, 'binName' | 'binPos' | 'serverUuid'>

/** What keeps a table from being followed. */
export interface Obstacle {
  /** Its rows stop here: the DDL statement, or the transaction whose rows cannot be bound, begins behind it. */
  readonly position: Position
  readonly kind: FailureKind
  readonly reason: string
  readonly advice: string
  /** The DDL statement that stands at the position; null when it is rows that cannot be loaded. */
  readonly statement: string | null
  /** Ms since 1970. */
  readonly atMs: number
}

/** A source table that is not followed for now, while the others are. */
export interface HaltedTable {
  /** Names its catch-up; never given twice. */
  readonly id: string
  readonly schema: string
  readonly table: string
  /** The main stream loads the rows of transactions that begin before it, and none of those that begin here or later. */
  readonly from: Position
  /** At `from`, or further on when a catch-up has come that far. */
  readonly obstacle: Obstacle
  /** Behind which places DDL statements stand that an operator has carried out in the target by hand. */
  readonly accepted: readonly BinlogPlace[]
  /** The id of the halted table whose rows come before those of this one: it was renamed to this one. */
  readonly after: string | null
  /** An operator has given up what was held: from the next start on it is followed from where the main stream stands. */
  readonly dropped: boolean
}

/** Kinds that, raised while a table's DDL is followed or its table map is bound, concern that table alone. */
const OF_ONE_TABLE: ReadonlySet<FailureKind> = new Set([
  'ddlUnsupported',
  'schemaMismatch',
  'schemaUnknown',
  'notDecodable',
  'targetUnfit',
  'tableWithoutKey',
  'ruleInvalid',
])

/** Whether the other tables may go on without the one for whose DDL or table map this failure was raised. */
export function concernsOneTable(failure: Failure): boolean {
  return OF_ONE_TABLE.has(failure.kind)
}

/** The failure as what keeps `name` from going on at `position`; its advice says how to go on from there. */
export function obstacleOf(
  failure: Failure,
  name: string,
  position: Position,
  statement: string | null,
  atMs: number,
): Obstacle {
  const { kind, message } = failure
  const given = failure.advice === FAILURES[kind].advice ? null : failure.advice
  return { position, kind, reason: message, advice: remedy(kind, given, name, statement), statement, atMs }
}

function remedy(kind: FailureKind, given: string | null, name: string, statement: string | null): string {
  if (kind === 'positionLost' || kind === 'positionOfOtherServer')
    return `Copy ${name} again into its emptied target, then: ./stop.sh; mysql-sr-sync halted drop ${name}; ./start.sh.`
  if (statement === null) return `${given ?? FAILURES[kind].advice} Then ./stop.sh; ./start.sh: its rows are caught up.`
  const mend = given ?? 'Make the change of this statement in StarRocks by hand.'
  return `${mend} Then: ./stop.sh; mysql-sr-sync halted accept ${name}; ./start.sh: its rows are caught up.`
}

/** Whether `place` is `from`, or behind it; null when they cannot be compared: of two servers, or of binlogs named otherwise. */
export function isFrom(from: BinlogPlace, place: BinlogPlace): boolean | null {
  const comparable = from.serverUuid === place.serverUuid && binlogSeries(from) === binlogSeries(place)
  return comparable ? comparePositions(place, from) >= 0 : null
}
