import type { CopyProgress, Happening } from '../model/observer.js'
import { percentOf } from './copy-lines.js'

/** One table of a snapshot, as status.json has it. */
export interface CopyStatus {
  readonly source: string
  readonly state: CopyProgress['state']
  readonly reason: CopyProgress['reason']
  readonly rows: number
  readonly bytes: number
  readonly estimated_rows: number | null
  /** By the estimate, 0 to 100; null when nothing tells. */
  readonly percent: number | null
  readonly rows_per_second: number
  /** Seconds left; null when nothing tells. */
  readonly left_s: number | null
}

export interface SnapshotStatus {
  /** Why nothing is read now; null when something is, or all is copied. */
  readonly waits: string | null
  readonly tables: readonly CopyStatus[]
}

/** Follows the happenings of the snapshot. */
export class SnapshotBoard {
  #status: SnapshotStatus | null = null

  observe(happening: Happening): void {
    if (happening.kind !== 'snapshot') return
    this.#status = { waits: happening.waits, tables: happening.copies.map(statusOf) }
  }

  snapshot(): SnapshotStatus | null {
    return this.#status
  }
}

function statusOf(copy: CopyProgress): CopyStatus {
  const { source, state, reason, rows, bytes, estimatedRows, rowsPerSecond, leftS } = copy
  return {
    source,
    state,
    reason,
    rows,
    bytes,
    estimated_rows: estimatedRows,
    percent: percentOf(copy),
    rows_per_second: rowsPerSecond,
    left_s: leftS,
  }
}
