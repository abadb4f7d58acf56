import { readFileSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorCode } from '../model/system-error.js'
import type { Status } from './status.js'

const FILE_NAME = 'status.json'

/** Least time between two writes asked for by `writeSoon`; longer when a write takes long, to stay below 5 % of the time. */
const MIN_GAP_MS = 100

/**
 * Writes the status to `<data_dir>/status.json` about once a second, and soon after `writeSoon`: to a side file, then renamed, so that a reader sees a
 * whole one. The file is also the sign of life: when it cannot be rewritten (a full disk), its modification time is still
 * set, so that an engine that works is not taken for one that hangs.
 */
export class StatusFile {
  readonly #path: string
  readonly #snapshot: () => Status
  readonly #onTrouble: (error: unknown) => void
  readonly #timer: NodeJS.Timeout
  #soon: NodeJS.Timeout | null = null
  #closed = false
  #nextAtMs = 0
  #inTrouble = false

  /** `onTrouble` hears of the first failed write, and again after one that succeeded in between. */
  constructor(
    options: { readonly dataDir: string; readonly everyMs?: number },
    snapshot: () => Status,
    onTrouble: (error: unknown) => void,
  ) {
    this.#path = join(options.dataDir, FILE_NAME)
    this.#snapshot = snapshot
    this.#onTrouble = onTrouble
    this.write()
    this.#timer = setInterval(() => this.write(), options.everyMs ?? 1000)
  }

  /** Something happened that readers wait for: written at once, or as soon as the last write is long enough ago. */
  writeSoon(): void {
    if (this.#closed) return
    this.#soon ??= setTimeout(() => this.write(), Math.max(0, this.#nextAtMs - performance.now()))
  }

  write(): void {
    if (this.#soon !== null) clearTimeout(this.#soon)
    this.#soon = null
    const startedMs = performance.now()
    this.#writeFile()
    const endedMs = performance.now()
    this.#nextAtMs = endedMs + Math.max(MIN_GAP_MS, 20 * (endedMs - startedMs))
  }

  /** Writes a last time; no timer runs afterwards. */
  close(): void {
    this.#closed = true
    clearInterval(this.#timer)
    this.write()
  }

  #writeFile(): void {
    try {
      const side = `${this.#path}.new`
      writeFileSync(side, `${JSON.stringify(this.#snapshot(), null, 2)}\n`)
      renameSync(side, this.#path)
      this.#inTrouble = false
    } catch (error) {
      if (!this.#inTrouble) this.#onTrouble(error)
      this.#inTrouble = true
      this.#touch()
    }
  }

  #touch(): void {
    const now = new Date()
    try {
      utimesSync(this.#path, now, now)
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') this.#onTrouble(error)
    }
  }
}

/** The status last written in a data_dir with the time of the last sign of life (ms since 1970), or null when there is none. */
export function readStatusFile(dataDir: string): { readonly status: Status; readonly aliveAtMs: number } | null {
  const path = join(dataDir, FILE_NAME)
  try {
    const status = JSON.parse(readFileSync(path, 'utf8')) as Status
    return { status, aliveAtMs: Math.max(status.alive_at_ms, statSync(path).mtimeMs) }
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '') || error instanceof SyntaxError) return null
    throw error
  }
}
