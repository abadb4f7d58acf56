import { appendFileSync, existsSync, renameSync, rmSync, statSync } from 'node:fs'
import { errorText } from '../model/system-error.js'
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
 * it. A line that cannot be written (a full disk) goes elsewhere; when the file takes lines again, it gets one that says how
 * many are missing.
 */
export class LogFile implements LogOutput {
  readonly #options: LogFileOptions
  readonly #trouble: LogOutput
  readonly #lost: LogOutput
  #missing = 0

  /** `trouble` hears of the first line that cannot be written, `lost` gets these lines themselves. */
  constructor(options: LogFileOptions, trouble: LogOutput, lost: LogOutput = trouble) {
    this.#options = options
    this.#trouble = trouble
    this.#lost = lost
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
        this.#trouble.write(`cannot write ${this.#options.path}: ${errorText(error)}; its lines follow here\n`)
      }
      this.#missing++
      this.#lost.write(line)
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

/** Lines to the standard error output. A reader or terminal that went away takes the lines with it, not the process. */
export function stderrOutput(): LogOutput {
  if (!process.stderr.listeners('error').includes(dropLine)) process.stderr.on('error', dropLine)
  return { write: line => void process.stderr.write(line) }
}

function dropLine(): void {
  // EPIPE and EIO: nobody reads this output any more, and there is no better place to say so.
}
