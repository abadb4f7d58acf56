import { appendFileSync, existsSync, renameSync, rmSync, statSync } from 'node:fs'
import type { LogOutput } from './log.js'

export interface LogFileOptions {
  readonly path: string
  /** Size from which the file becomes `<path>.1`. */
  readonly maxBytes: number
  /** How many older files stay. */
  readonly keep: number
}

/**
 * A log file with rotation by size: sync.log, then sync.log.1 to sync.log.N, 1 the newest. Several processes may append to
 * it. A line that cannot be written (a full disk) goes to the fallback; when the file takes lines again, it gets one that
 * says how many are missing.
 */
export class LogFile implements LogOutput {
  readonly #options: LogFileOptions
  readonly #fallback: LogOutput
  #missing = 0

  constructor(options: LogFileOptions, fallback: LogOutput) {
    this.#options = options
    this.#fallback = fallback
  }

  write(line: string): void {
    try {
      this.#rotate()
      const gap =
        this.#missing === 0
          ? ''
          : `\n${line.slice(0, 24)} WARN  ${this.#missing} lines before this one could not be written here\n`
      appendFileSync(this.#options.path, gap + line)
      this.#missing = 0
    } catch (error) {
      if (this.#missing === 0) {
        this.#fallback.write(`cannot write ${this.#options.path}: ${String(error)}; its lines follow here\n`)
      }
      this.#missing++
      this.#fallback.write(line)
    }
  }

  #rotate(): void {
    const { path, maxBytes, keep } = this.#options
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
    if (size < maxBytes) return
    rmSync(`${path}.${keep}`, { force: true })
    for (let number = keep - 1; number >= 1; number--) {
      if (existsSync(`${path}.${number}`)) renameSync(`${path}.${number}`, `${path}.${number + 1}`)
    }
    renameSync(path, `${path}.1`)
  }
}

/** Lines to the standard error output. A reader that went away takes the lines with it. */
export function stderrOutput(): LogOutput {
  return { write: line => void process.stderr.write(line) }
}
