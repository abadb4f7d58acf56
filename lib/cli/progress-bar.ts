/** How far the copy of a table is. */
export interface Progress {
  readonly rows: number
  /** Rows to come to, mostly an estimate of the server's; null: not known. */
  readonly total: number | null
  readonly rowsPerSecond: number
  /** Nothing is left to copy, whatever was estimated. */
  readonly done: boolean
}

const WIDTH = 24
/** An estimate may be too low: only `done` makes it whole. */
const MOST_UNFINISHED = 0.99

/**
 * A progress as one line without colours: "[############            ]  50 %  5,000 of ~10,000 rows, 1,000 rows/s, 5 s left".
 * `width`: characters between the brackets.
 */
export function renderProgressBar(progress: Progress, width = WIDTH): string {
  const { rows, total, rowsPerSecond, done } = progress
  const share = progressShare(progress)
  const filled = share === null ? 0 : Math.floor(share * width)
  const bar = `[${'#'.repeat(filled)}${' '.repeat(width - filled)}]`
  const percent = `${share === null ? '?' : Math.floor(share * 100)}`.padStart(3)
  const of = done || total === null ? '' : ` of ~${renderCount(Math.max(total, rows))}`
  const speed = `${renderCount(rowsPerSecond)} rows/s`
  const left = remainingSeconds(progress)
  const ending = done ? '' : left === null ? ', time left unknown' : `, ${renderDuration(left)} left`
  return `${bar} ${percent} %  ${renderCount(rows)}${of} rows, ${speed}${ending}`
}

/** From 0 to 1; null when nobody knows. */
export function progressShare({ rows, total, done }: Progress): number | null {
  if (done) return 1
  if (total === null) return null
  return total <= 0 ? MOST_UNFINISHED : Math.min(MOST_UNFINISHED, rows / total)
}

/** Seconds until the estimate is reached at this rate; null when rate or total is not known, or the estimate has been passed. */
export function remainingSeconds({ rows, total, rowsPerSecond, done }: Progress): number | null {
  if (done) return 0
  return total === null || rows >= total || rowsPerSecond <= 0 ? null : (total - rows) / rowsPerSecond
}

/** A span of time in its two largest units: "47 s", "3 min 05 s", "2 h 07 min", "4 d 06 h". */
export function renderDuration(seconds: number): string {
  const whole = Math.ceil(seconds)
  if (whole < 60) return `${whole} s`
  const two = (value: number) => String(value).padStart(2, '0')
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return `${minutes} min ${two(whole % 60)} s`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return `${hours} h ${two(minutes % 60)} min`
  return `${Math.floor(hours / 24)} d ${two(hours % 24)} h`
}

/** A whole number with thousands set apart by commas, the same everywhere: "1,234,567". */
export function renderCount(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',')
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** "512 bytes", "1.5 MiB". */
export function renderBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 ? String(Math.round(value)) : value.toFixed(1)} ${UNITS[unit]}`
}
