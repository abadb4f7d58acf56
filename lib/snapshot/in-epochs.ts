import type { Failure } from '../model/failure.js'
import { comparePositions, type Position } from '../model/position.js'

/** A chunk that has gone in. */
interface Entry {
  readonly epoch: number
  readonly table: string
  readonly resolve: () => void
  readonly reject: (failure: Failure) => void
}

/** Chunks that have gone into epochs whose position is not saved yet. */
export class InEpochs {
  #saved: number
  #position: Position
  #entries: Entry[] = []
  #waiting: {
    readonly position: Position
    readonly resolve: () => void
    readonly reject: (failure: Failure) => void
  }[] = []
  #rowsIn = { epoch: -1, rows: 0 }

  /** `saved`: the newest epoch in the saved position. */
  constructor(saved: number, position: Position) {
    this.#saved = saved
    this.#position = position
  }

  /** Resolves when this position or one behind it is saved. */
  reached(position: Position): Promise<void> {
    if (comparePositions(this.#position, position) >= 0) return Promise.resolve()
    return new Promise((resolve, reject) => this.#waiting.push({ position, resolve, reject }))
  }

  add(entry: Entry): void {
    if (entry.epoch <= this.#saved) entry.resolve()
    else this.#entries.push(entry)
  }

  /** The newest epoch that has rows of this table, or the newest that is saved. */
  lastOf(table: string): number {
    return this.#entries.findLast(entry => entry.table === table)?.epoch ?? this.#saved
  }

  /** How many rows have been copied into an epoch. */
  rowsOf(epoch: number): number {
    return this.#rowsIn.epoch === epoch ? this.#rowsIn.rows : 0
  }

  countRows(epoch: number, rows: number): void {
    this.#rowsIn = { epoch, rows: this.rowsOf(epoch) + rows }
  }

  saved(epoch: number, position: Position): void {
    this.#position = position
    const reached = this.#waiting.filter(one => comparePositions(position, one.position) >= 0)
    this.#waiting = this.#waiting.filter(one => !reached.includes(one))
    for (const { resolve } of reached) resolve()
    this.#saved = Math.max(this.#saved, epoch)
    const over = this.#entries.filter(entry => entry.epoch <= this.#saved)
    this.#entries = this.#entries.filter(entry => entry.epoch > this.#saved)
    for (const { resolve } of over) resolve()
  }

  fail(reason: Failure): void {
    for (const { reject } of [...this.#entries.splice(0), ...this.#waiting.splice(0)]) reject(reason)
  }
}
