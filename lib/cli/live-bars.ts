import type { Happening } from '../model/observer.js'
import type { LogOutput } from '../observe/log.js'
import { SnapshotBoard } from '../observe/snapshot-board.js'
import { snapshotLines } from './copy-bars.js'

/** Of a terminal, as much as bars need. */
export interface BarTerminal {
  readonly columns?: number
  readonly rows?: number
  write(text: string): unknown
}

const LINE_UP_AND_CLEAR = '\u001b[1A\u001b[2K'

/** Shows how far the copies are, always below the lines of the log, while there is something to copy. */
export class LiveBars implements LogOutput {
  readonly #terminal: BarTerminal
  readonly #board = new SnapshotBoard()
  #shown = 0

  constructor(terminal: BarTerminal) {
    this.#terminal = terminal
  }

  observe(happening: Happening): void {
    if (happening.kind !== 'snapshot') return
    this.#board.observe(happening)
    this.#terminal.write(`${this.#erase()}${this.#draw()}`)
  }

  /** One line of the log. */
  write(line: string): void {
    this.#terminal.write(`${this.#erase()}${line}${line.endsWith('\n') ? '' : '\n'}${this.#draw()}`)
  }

  #erase(): string {
    return LINE_UP_AND_CLEAR.repeat(this.#shown)
  }

  /** Bars of tables that are copied go; the last lines of the terminal are enough for the others. */
  #draw(): string {
    const snapshot = this.#board.snapshot()
    const open = snapshot?.tables.filter(({ state }) => state === 'waiting' || state === 'copying') ?? []
    const { columns = 80, rows = 24 } = this.#terminal
    const lines = snapshotLines(snapshot === null ? null : { ...snapshot, tables: open })
      .slice(0, Math.max(1, Math.floor(rows / 2)))
      .map(line => line.slice(0, columns - 1))
    this.#shown = lines.length
    return lines.map(line => `${line}\n`).join('')
  }
}
