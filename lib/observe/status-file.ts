import { readFileSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Status } from './status.js'

const FILE_NAME = 'status.json'

/**
 * Writes the status to `<data_dir>/status.json` about once a second: to a side file, then renamed, so that a reader sees a
 * whole one. The file is also the sign of life: when it cannot be rewritten (a full disk), its modification time is still
 * set, so that an engine that works is not taken for one that hangs.
 */
export class StatusFile {
  readonly #path: string
  readonly #snapshot: () => Status
  readonly #onTrouble: (error: unknown) => void
  readonly #timer: NodeJS.Timeout
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

  write(): void {
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

  /** Writes a last time and stops the timer. */
  close(): void {
    clearInterval(this.#timer)
    this.write()
  }

  #touch(): void {
    const now = new Date()
    try {
      utimesSync(this.#path, now, now)
    } catch (error) {
      if (!isMissing(error)) this.#onTrouble(error)
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
    if (isMissing(error) || error instanceof SyntaxError) return null
    throw error
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
