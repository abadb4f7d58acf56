import { percentile } from './statistics.js'

/** A transaction of the source: the highest id it inserted, and when its COMMIT was sent. */
export interface Commit {
  readonly highest: number
  readonly atMs: number
}

/** What a look at the target showed: the highest id there, and when the answer was in. */
export interface Sight {
  readonly highest: number
  readonly atMs: number
}

/**
 * How long transactions took to become visible: from the sending of COMMIT to the first look that shows their last id, so never
 * too short. Ids rise with commits, and the target shows whole transactions in order. Throws when one was never seen.
 */
export function agesOf(commits: readonly Commit[], sights: readonly Sight[]): { p50Ms: number; p99Ms: number } {
  let next = 0
  const ages = commits.map(({ highest, atMs }) => {
    while (next < sights.length && sights[next]!.highest < highest) next++
    const sight = sights[next]
    if (sight === undefined) throw new RangeError(`row ${highest} never became visible`)
    return sight.atMs - atMs
  })
  return { p50Ms: percentile(ages, 0.5), p99Ms: percentile(ages, 0.99) }
}
