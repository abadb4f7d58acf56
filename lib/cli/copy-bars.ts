import type { CopyStatus, SnapshotStatus } from '../observe/snapshot-board.js'

const BAR_WIDTH = 24

/** The snapshot as lines of text: a bar for each table that is not copied yet, and how many are. */
export function snapshotLines(snapshot: SnapshotStatus | null): string[] {
  if (snapshot === null) return []
  const { waits, tables } = snapshot
  const open = tables.filter(({ state }) => state === 'waiting' || state === 'copying')
  const copied = tables.filter(({ state }) => state === 'copied')
  const lines = [...open, ...copied].map(copy => `snapshot   ${copyBar(copy)}`)
  if (waits !== null && open.length > 0) lines.push(`snapshot   waits: ${waits}`)
  return lines
}

/** One table: "[######------]  25 % shop.orders: 500 of about 2000 rows, 250 rows/s, 6 s left". */
export function copyBar({ source, state, rows, estimated_rows, percent, rows_per_second, left_s }: CopyStatus): string {
  const filled = Math.round(((percent ?? 0) * BAR_WIDTH) / 100)
  const bar = `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}]`
  const share = percent === null ? '   ? %' : `${String(percent).padStart(4)} %`
  if (state === 'copied') return `${bar}${share} ${source}: copied, ${rows} rows`
  if (state === 'waiting' && rows === 0) return `${bar}${share} ${source}: waits for its turn`
  const of = estimated_rows === null ? '' : ` of about ${estimated_rows}`
  const left = left_s === null ? '' : `, ${duration(left_s)} left`
  return `${bar}${share} ${source}: ${rows}${of} rows, ${rows_per_second} rows/s${left}`
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  const minutes = Math.ceil(seconds / 60)
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
