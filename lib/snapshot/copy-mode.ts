import type { CopyMode } from './copy-plan.js'

/**
 * How a table's changes are judged from a start on. `wanted`: by its rules and the row images of now; `last`: how the run
 * before judged them, null when nobody knows. Behind the frontier epochs hold fewer rows, so they are read again as they were
 * only in that mode: it stays until none is `replaying`. See `CopyMode`.
 */
export function nextMode(wanted: CopyMode, last: CopyMode | null, replaying: boolean): CopyMode {
  return replaying && last !== 'atOnce' ? 'behindFrontier' : wanted
}
