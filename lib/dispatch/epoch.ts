import type { Position } from '../model/position.js'
import { type TargetTable, targetName } from '../model/schema.js'
import type { Body } from './body.js'
import type { Route } from './route.js'

/** The body one lane is filling for one target, and what its load will need. */
export interface OpenBody {
  readonly body: Body
  readonly json: boolean
  readonly columns: string
  readonly route: Route
}

/** What one epoch holds for one target: a body per lane, and how many loads each lane has got already. */
export interface TargetBodies {
  readonly target: TargetTable
  readonly name: string
  /** Mixed into key hashes, so that equal keys of different targets spread over the lanes. */
  readonly salt: number
  readonly open: (OpenBody | undefined)[]
  readonly parts: number[]
}

/** A run of whole source transactions that become durable together. */
export class Epoch {
  /** Everything before it is in earlier epochs. */
  readonly start: Position
  /** Set when the epoch is sealed: the position behind its last transaction. */
  end: Position | null = null
  rows = 0
  pendingLoads = 0
  /** Commit times at the source of the rows inside, ms since 1970; 0 while there are none. */
  oldestCommitMs = 0
  newestCommitMs = 0
  /** By name: a target whose columns were added to has two descriptions for a while. */
  readonly targets = new Map<string, TargetBodies>()
  readonly received = new Map<Route, { rows: number; bytes: number }>()

  constructor(start: Position) {
    this.start = start
  }

  bodiesOf(target: TargetTable): TargetBodies {
    const name = targetName(target)
    let bodies = this.targets.get(name)
    if (!bodies) {
      bodies = { target, name, salt: saltOf(name), open: [], parts: [] }
      this.targets.set(name, bodies)
    }
    return bodies
  }

  countReceived(route: Route, rows: number, bytes: number, commitMs: number): void {
    this.rows += rows
    const counted = this.received.get(route)
    if (counted) {
      counted.rows += rows
      counted.bytes += bytes
    } else this.received.set(route, { rows, bytes })
    if (commitMs > this.newestCommitMs) this.newestCommitMs = commitMs
    if (this.oldestCommitMs === 0 || commitMs < this.oldestCommitMs) this.oldestCommitMs = commitMs
  }

  get durable(): boolean {
    return this.end !== null && this.pendingLoads === 0
  }
}

function saltOf(name: string): number {
  let salt = 0
  for (const c of name) salt = (Math.imul(salt, 31) + c.codePointAt(0)!) >>> 0
  return salt
}
