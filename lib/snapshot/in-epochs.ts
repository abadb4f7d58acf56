import type { Failure } from '../model/failure.js'

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
  #entries: Entry[] = []
  #rowsIn = { epoch: -1, rows: 0 }

  /** `saved`: the newest epoch in the saved position. */
  constructor(saved: number) {
    this.#saved = saved
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

  saved(epoch: number): void {
    this.#saved = Math.max(this.#saved, epoch)
    const over = this.#entries.filter(entry => entry.epoch <= this.#saved)
    this.#entries = this.#entries.filter(entry => entry.epoch > this.#saved)
    for (const { resolve } of over) resolve()
  }

  fail(reason: Failure): void {
    for (const { reject } of this.#entries.splice(0)) reject(reason)
  }
}
