/** Counters of one sandbox since it started. */
export class LoadStats {
  /** Loads that became durable. */
  loads = 0
  failedLoads = 0
  rows = 0
  bytes = 0
  /** Loads begun and not answered. */
  openLoads = 0

  /** One load, or one table of a transaction, became durable. */
  countLoad(counts: { readonly total: number; readonly filtered: number }, bytes: number): void {
    this.loads++
    this.rows += counts.total - counts.filtered
    this.bytes += bytes
  }

  snapshot(): Record<string, number> {
    const { loads, failedLoads, rows, bytes, openLoads } = this
    return { loads, failedLoads, rows, bytes, openLoads }
  }
}
