import type { ChangePlace } from '../model/change-place.js'
import type { Position } from '../model/position.js'
import { type TargetTable, targetName } from '../model/schema.js'
import type { Body } from './body.js'
import type { EpochScript } from './epoch-script.js'
import type { RefusedRow, Route } from './route.js'
import type { RowMarks } from './row-marks.js'
import type { RowTrace } from './row-trace.js'

/** What a body was before rows that later ones replace were left out of it. */
export interface Collapsed {
  /** Rows that were left out, by source table. */
  readonly bySource: ReadonlyMap<string, number>
  /** All its rows, and the bytes they took in the ack window. */
  readonly rows: number
  readonly rowBytes: number
  /** The body itself and which of its rows stayed, where rows are traced: should one be bad, the row that it replaced counts again. */
  readonly whole: { readonly body: Body; readonly kept: readonly number[] } | null
}

/** The body one lane is filling for one target, and what its load will need. */
export interface OpenBody {
  readonly body: Body
  readonly json: boolean
  readonly columns: string
  /** See `Load.partial`. */
  readonly partial: boolean
  readonly route: Route
  /** The lane's next body, which is to be loaded behind this one; null: this is the last. */
  next: OpenBody | null
  /** Key hashes of its rows; null in a lane's first body, of which nobody asks. */
  readonly keys: Set<number> | null
  /** Where its rows come from; null where bad rows are not parked. */
  readonly trace: RowTrace | null
  /** Null where rows stay in, whatever comes behind them. */
  readonly marks: RowMarks | null
  /** Absent: all rows that were written are in the body. */
  readonly collapsed?: Collapsed
}

/** What one epoch holds for one target: a body per lane, and how many loads each lane has got already. */
export interface TargetBodies {
  readonly target: TargetTable
  readonly name: string
  /** Mixed into key hashes, so that equal keys of different targets spread over the lanes. */
  readonly salt: number
  /** The first body of each lane. */
  readonly open: (OpenBody | undefined)[]
  readonly parts: number[]
  /** Format and columns of its first body: within a transaction all loads of a table must have the same. */
  shape: string | null
}

/** What became of rows that left, as the target counted them; parked and collapsed ones by source table. */
export interface Settled {
  readonly loaded: number
  readonly parked: ReadonlyMap<string, number>
  /** Rows that never left, since a later one of the same body takes their place. */
  readonly collapsed: ReadonlyMap<string, number>
}

/** A change of which a rule made no row because it could not. */
export interface Refusal {
  readonly route: Route
  readonly row: RefusedRow
  readonly place: ChangePlace
  /** The source's clock, ms since 1970. */
  readonly commitMs: number
}

/** Rows of one source table on their way into one target. */
interface Account {
  readonly source: string
  readonly target: string
  decoded: number
  /** Of these, those of which nothing is written. */
  filtered: number
}

/** A run of whole source transactions that become durable together. */
export class Epoch {
  /** Counts up from epoch to epoch, over restarts too. */
  readonly ordinal: number
  /** Everything before it is in earlier epochs. */
  readonly start: Position
  /** Set when it is read for a second time. */
  script: EpochScript | null
  /** The epoch before it began and ended at this start: it held copied rows alone. */
  isSecond = false
  /** Set when the epoch is sealed: the position behind its last transaction. */
  end: Position | null = null
  durable = false
  /** Row events handed over, and rows made of them. */
  events = 0
  rows = 0
  /** Bodies have left before its end. */
  streamed = false
  sealedAtMs = 0
  /** Commit times at the source of the rows inside, ms since 1970; 0 while there are none. */
  oldestCommitMs = 0
  newestCommitMs = 0
  /** By name: a target whose columns were added to has two descriptions for a while. */
  readonly targets = new Map<string, TargetBodies>()
  readonly received = new Map<Route, { rows: number; bytes: number }>()
  readonly accounts = new Map<string, Account>()
  /** Changes of which rules could make no row; they are parked before the epoch is durable. */
  readonly refused: Refusal[] = []
  /** `targets` and `accounts` once more: names are made once for each description, not once for each event. */
  readonly #bodies = new Map<TargetTable, TargetBodies>()
  readonly #accounts = new Map<Route, Account>()
  readonly settled = new Map<
    string,
    { loaded: number; readonly parked: Map<string, number>; readonly collapsed: Map<string, number> }
  >()

  constructor(ordinal: number, start: Position, script: EpochScript | null) {
    this.ordinal = ordinal
    this.start = start
    this.script = script
  }

  /** Empty epochs have no ordinal of their own. */
  get counts(): boolean {
    return this.targets.size > 0 || this.script !== null
  }

  bodiesOf(target: TargetTable): TargetBodies {
    const known = this.#bodies.get(target)
    if (known !== undefined) return known
    const name = targetName(target)
    const bodies = this.targets.get(name) ?? { target, name, salt: saltOf(name), open: [], parts: [], shape: null }
    this.targets.set(name, bodies)
    this.#bodies.set(target, bodies)
    return bodies
  }

  /** `commitMs`: null where the rows say nothing of how fresh the target is. */
  countReceived(route: Route, rows: number, bytes: number, commitMs: number | null): void {
    this.rows += rows
    const counted = this.received.get(route)
    if (counted) {
      counted.rows += rows
      counted.bytes += bytes
    } else this.received.set(route, { rows, bytes })
    this.#accountOf(route).decoded += rows
    if (commitMs === null) return
    if (commitMs > this.newestCommitMs) this.newestCommitMs = commitMs
    if (this.oldestCommitMs === 0 || commitMs < this.oldestCommitMs) this.oldestCommitMs = commitMs
  }

  /** Changes of which a rule writes nothing. */
  countFiltered(route: Route, rows: number): void {
    const account = this.#accountOf(route)
    account.decoded += rows
    account.filtered += rows
  }

  /** Changes of which a rule made no row: they are counted as parked. */
  refuse(refusals: readonly Refusal[]): void {
    this.refused.push(...refusals)
    for (const { route } of refusals) {
      this.#accountOf(route).decoded++
      this.countSettled(route.target, { loaded: 0, parked: new Map([[route.source, 1]]), collapsed: new Map() })
    }
  }

  countSettled(target: TargetTable, { loaded, parked, collapsed }: Settled): void {
    const name = targetName(target)
    const sum = this.settled.get(name) ?? { loaded: 0, parked: new Map(), collapsed: new Map() }
    sum.loaded += loaded
    for (const [source, rows] of parked) sum.parked.set(source, (sum.parked.get(source) ?? 0) + rows)
    for (const [source, rows] of collapsed) sum.collapsed.set(source, (sum.collapsed.get(source) ?? 0) + rows)
    this.settled.set(name, sum)
  }

  #accountOf(route: Route): Account {
    const known = this.#accounts.get(route)
    if (known !== undefined) return known
    const { source } = route
    const target = targetName(route.target)
    const name = `${source} ${target}`
    const account = this.accounts.get(name) ?? { source, target, decoded: 0, filtered: 0 }
    this.accounts.set(name, account)
    this.#accounts.set(route, account)
    return account
  }
}

function saltOf(name: string): number {
  let salt = 0
  for (const c of name) salt = (Math.imul(salt, 31) + c.codePointAt(0)!) >>> 0
  return salt
}
