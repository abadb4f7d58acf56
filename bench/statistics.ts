/** The small statistics of a benchmark. Values are what they are: no unit is assumed. */

/** The middle value; of an even number of values the mean of the middle two. NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  if (sorted.length % 2 === 1) return sorted[middle]!
  return (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** The least value that `share` (0 to 1) of the values do not exceed: nearest rank. NaN for none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

export interface Ratio {
  readonly median: number
  readonly least: number
  readonly greatest: number
}

/**
 * How many times the denominator the numerator is, pair by pair: the two values of a pair were measured one behind the other,
 * so that what else the machine did struck both. Null where there is no pair.
 */
export function pairedRatio(numerators: readonly number[], denominators: readonly number[]): Ratio | null {
  const pairs = Math.min(numerators.length, denominators.length)
  if (pairs === 0) return null
  const ratios = Array.from({ length: pairs }, (_, i) => numerators[i]! / denominators[i]!)
  return { median: median(ratios), least: Math.min(...ratios), greatest: Math.max(...ratios) }
}

/** Rounded to `digits` significant digits, for JSON and tables. */
export function significant(value: number, digits = 3): number {
  return Number(value.toPrecision(digits))
}
