import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { unwritable } from '../checkpoint/data-dir.js'
import { removeNote, writeNote } from '../checkpoint/state-note.js'
import { errorCode } from '../model/system-error.js'
import type { Status } from '../observe/status.js'

const FILE_NAME = 'restarts.json'

/** So many starts without progress may follow each other as fast as the monitor comes. */
const QUICK_STARTS = 5
const FIRST_WAIT_MS = 2 * 60_000
const LONGEST_WAIT_MS = 3_600_000

/** The monitor's starts since the saved position moved last. */
export interface Restarts {
  /** The saved position before these starts, as text. */
  readonly position: string
  readonly starts: number
  readonly lastAtMs: number
  /** How the last one ended, as far as the monitor saw it. */
  readonly lastEnd: string | null
  /** The operator knows that starts wait. */
  readonly told: boolean
}

/** What the monitor finds where no process runs. Times are ms since 1970. */
export interface Scene {
  readonly nowMs: number
  readonly position: string
  /** When the last process that wrote a status began and was seen alive last; 0 when none did. */
  readonly startedAtMs: number
  readonly aliveAtMs: number
}

/**
 * Whether to start again. `start` holds what to note for it; `wait` when too many starts have ended without any progress,
 * until the time it names. A process that lived for an hour was worth its start even though its source was silent.
 */
export function judgeRestart(
  before: Restarts | null,
  scene: Scene,
): { readonly start: Restarts } | { readonly wait: Restarts; readonly untilMs: number } {
  const { nowMs, position, startedAtMs, aliveAtMs } = scene
  // A process that died before it wrote its own status has left that of one before it.
  const lived = before !== null && startedAtMs >= before.lastAtMs && aliveAtMs - startedAtMs >= LONGEST_WAIT_MS
  const inVain = before !== null && before.position === position && !lived ? before : null
  const starts = inVain?.starts ?? 0
  const untilMs = (inVain?.lastAtMs ?? 0) + waitAfter(starts)
  // A clock that was set back must not hold a start up for longer than a wait.
  if (inVain !== null && nowMs < untilMs && inVain.lastAtMs <= nowMs) return { wait: inVain, untilMs }
  return {
    start: {
      position,
      starts: starts + 1,
      lastAtMs: nowMs,
      lastEnd: inVain?.lastEnd ?? null,
      told: inVain?.told ?? false,
    },
  }
}

function waitAfter(starts: number): number {
  if (starts < QUICK_STARTS) return 0
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (starts - QUICK_STARTS))
}

/** Where the engine stood and when it lived, from its last status. */
export function sceneOf(status: Status | null, nowMs: number): Scene {
  const position = status?.position ? JSON.stringify(status.position) : ''
  return { nowMs, position, startedAtMs: status?.started_at_ms ?? 0, aliveAtMs: status?.alive_at_ms ?? 0 }
}

/** Null when there is none, or none that can be read: then counting starts anew. */
export function readRestarts(dataDir: string): Restarts | null {
  const path = join(dataDir, FILE_NAME)
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Restarts
  } catch (error) {
    if (error instanceof SyntaxError || ['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '')) return null
    throw unwritable(path, error)
  }
}

/** Throws configInvalid when the folder does not take it. */
export function writeRestarts(dataDir: string, restarts: Restarts): void {
  writeNote(join(dataDir, FILE_NAME), restarts)
}

/** An operator starts it: what was before does not count. Throws configInvalid when the folder refuses. */
export function forgetRestarts(dataDir: string): void {
  removeNote(join(dataDir, FILE_NAME))
}
