import { median } from './statistics.js'

/** Memory that a process had resident at a moment. */
export interface ResidentSample {
  readonly seconds: number
  readonly rss_mb: number
}

export interface ResidentTrend {
  /** Slope of the straight line through the second half of the samples, by least squares; null where that is fewer than two moments. */
  readonly mb_per_hour: number | null
  /** Medians of the first and of the last fifth of the samples. */
  readonly first_mb: number
  readonly last_mb: number
  readonly peak_mb: number
}

const SECONDS_PER_HOUR = 3600

/**
 * Whether memory grows. The first half is left out of the slope: a process that has just begun grows until its heap has found
 * its size. Samples are in the order of time. Throws a RangeError for none.
 */
export function trendOf(samples: readonly ResidentSample[]): ResidentTrend {
  if (samples.length === 0) throw new RangeError('no sample of memory was taken')
  const fifth = Math.ceil(samples.length / 5)
  const middle = (part: readonly ResidentSample[]) => median(part.map(({ rss_mb }) => rss_mb))
  const perSecond = slopeOf(samples.slice(samples.length >> 1))
  return {
    mb_per_hour: perSecond === null ? null : perSecond * SECONDS_PER_HOUR,
    first_mb: middle(samples.slice(0, fifth)),
    last_mb: middle(samples.slice(-fifth)),
    peak_mb: Math.max(...samples.map(({ rss_mb }) => rss_mb)),
  }
}

/** MB per second; null when all samples are of one moment. */
function slopeOf(samples: readonly ResidentSample[]): number | null {
  const mean = (of: (sample: ResidentSample) => number) => samples.reduce((sum, s) => sum + of(s), 0) / samples.length
  const [meanSeconds, meanMb] = [mean(({ seconds }) => seconds), mean(({ rss_mb }) => rss_mb)]
  let [product, square] = [0, 0]
  for (const { seconds, rss_mb } of samples) {
    product += (seconds - meanSeconds) * (rss_mb - meanMb)
    square += (seconds - meanSeconds) ** 2
  }
  return square === 0 ? null : product / square
}
