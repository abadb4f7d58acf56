import type { Operation } from '../../model/rule-shape.js'

/** Images of changes that follow each other and are of one kind. */
export interface ImageRun {
  readonly op: Operation
  readonly at: number
  end: number
  /** Which change of its event the first one is. */
  readonly firstRow: number
  lastRow: number
}

/** Gathers what is written of an event's changes into as few runs as their order allows. */
export class ImageRuns {
  #runs: ImageRun[] = []

  clear(): void {
    this.#runs = []
  }

  /** The image, or both, of change `row`. */
  add(op: Operation, at: number, end: number, row: number): void {
    const last = this.#runs.at(-1)
    if (last !== undefined && last.op === op && last.end === at && last.lastRow === row - 1) {
      last.end = end
      last.lastRow = row
    } else this.#runs.push({ op, at, end, firstRow: row, lastRow: row })
  }

  get runs(): readonly ImageRun[] {
    return this.#runs
  }
}
