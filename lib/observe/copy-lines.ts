import type { CopyProgress, Happening } from '../model/observer.js'
import type { Log } from './log.js'

type CopyHappening = Extract<Happening, { kind: 'copyStarted' | 'copyDelayed' | 'copied' | 'snapshot' }>

/** A table's progress is told this often, or sooner when it has come so much further. */
const EVERY_MS = 10_000
const EVERY_SHARE = 0.1
/** What a copy waits for comes and goes; it is told again after so long. */
const WAITS_MS = 60_000

const REASONS: Readonly<Record<CopyProgress['reason'], string>> = {
  initial: 'first copy',
  added: 'it came to the configuration',
  positionLost: 'the position was lost',
  ordered: 'as ordered',
  renamed: 'it was renamed',
  created: 'it was created in the binlog',
  before: 'copied by other means',
}

/** The log lines of a snapshot: each table's begin, progress and end, and why it waits. */
export function copyLines(log: Log): (happening: CopyHappening) => void {
  const told = new Map<string, { readonly atMs: number; readonly rows: number }>()
  const waited = new Map<string, number>()
  return happening => {
    switch (happening.kind) {
      case 'copyStarted': {
        const { source, reason, rows, estimatedRows } = happening
        const how = rows > 0 ? 'goes on with the copy of' : 'copies'
        log.info(`${how} ${source} (${REASONS[reason]})`, { rows, estimated_rows: estimatedRows ?? undefined })
        return
      }
      case 'copyDelayed': {
        const { source, reason, retryInMs } = happening
        log.debug(`chunk of ${source} is read again: ${reason}`, { retry_in_ms: retryInMs })
        return
      }
      case 'copied': {
        const { source, rows, bytes, ms } = happening
        const rate = Math.round(rows / Math.max(0.001, ms / 1000))
        told.delete(source)
        log.info(`copied ${source}`, { rows, bytes, seconds: Math.round(ms / 100) / 10, rows_per_second: rate })
        return
      }
      case 'snapshot':
        if (happening.waits !== null) tellWait(happening.waits, happening.atMs)
        for (const copy of happening.copies) if (copy.state === 'copying') tell(copy, happening.atMs)
    }
  }

  function tellWait(reason: string, atMs: number): void {
    // The figures in it change from one time to the next.
    const what = reason.replace(/\d+/g, '')
    if (atMs - (waited.get(what) ?? Number.NEGATIVE_INFINITY) < WAITS_MS) return
    waited.set(what, atMs)
    log.info(`the copy waits: ${reason}`)
  }

  function tell(copy: CopyProgress, atMs: number): void {
    const { source, rows, estimatedRows, rowsPerSecond, leftS } = copy
    const last = told.get(source)
    if (last === undefined) {
      told.set(source, { atMs, rows })
      return
    }
    const share = estimatedRows === null ? 0 : (rows - last.rows) / Math.max(1, estimatedRows)
    if (rows === last.rows || (atMs - last.atMs < EVERY_MS && share < EVERY_SHARE)) return
    told.set(source, { atMs, rows })
    log.info(`copying ${source}`, {
      rows,
      percent: percentOf(copy) ?? undefined,
      rows_per_second: rowsPerSecond,
      left_s: leftS ?? undefined,
    })
  }
}

/** How much of a copy is done, 0 to 100, by the source's estimate; 99 at most while it goes on; null when nothing tells. */
export function percentOf({
  state,
  rows,
  estimatedRows,
}: Pick<CopyProgress, 'state' | 'rows' | 'estimatedRows'>): number | null {
  if (state === 'copied' || state === 'followed') return 100
  if (estimatedRows === null) return null
  return Math.min(99, Math.floor((100 * rows) / Math.max(1, estimatedRows)))
}
