import { Failure } from '../model/failure.js'

/**
 * The ack window: rows and bytes handed over but not yet durable. It is the only place where the source waits.
 * A failure wakes every waiter and lets nobody in afterwards.
 */
export class Window {
  rows = 0
  bytes = 0
  readonly maxRows: number
  readonly maxBytes: number
  #failure: Failure | null = null
  #waiters: { resolve: () => void; reject: (failure: Failure) => void }[] = []

  constructor(options: { readonly maxRows: number; readonly maxBytes: number }) {
    this.maxRows = options.maxRows
    this.maxBytes = options.maxBytes
  }

  admit(rows: number, bytes: number): void {
    this.rows += rows
    this.bytes += bytes
  }

  settle(rows: number, bytes: number): void {
    this.rows -= rows
    this.bytes -= bytes
    if (this.rows < 0 || this.bytes < 0) throw new Failure('internal', 'The ack window settled more than it admitted.')
    if (this.#waiters.length > 0 && this.#belowLowWater()) this.#wake(w => w.resolve())
  }

  get full(): boolean {
    return this.rows >= this.maxRows || this.bytes >= this.maxBytes
  }

  get halfFull(): boolean {
    return this.rows * 2 >= this.maxRows || this.bytes * 2 >= this.maxBytes
  }

  /** Whether so much may be copied: all of it, and a quarter of the window stays free for the stream. An empty window takes anything. */
  takesCopies(rows: number, bytes: number): boolean {
    if (this.rows === 0) return true
    return (this.rows + rows) * 4 <= this.maxRows * 3 && (this.bytes + bytes) * 4 <= this.maxBytes * 3
  }

  /** Whether anything may be copied beyond what is under way. */
  get takesMoreCopies(): boolean {
    return this.takesCopies(1, 0)
  }

  get failure(): Failure | null {
    return this.#failure
  }

  /** Resolves when at least a quarter of the window is free (so that waiters wake for more than one row); rejects with the failure. */
  room(): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure)
    if (!this.full) return Promise.resolve()
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }))
  }

  fail(failure: Failure): void {
    this.#failure ??= failure
    this.#wake(w => w.reject(this.#failure!))
  }

  #belowLowWater(): boolean {
    return this.rows * 4 <= this.maxRows * 3 && this.bytes * 4 <= this.maxBytes * 3
  }

  #wake(how: (waiter: { resolve: () => void; reject: (failure: Failure) => void }) => void): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const waiter of waiters) how(waiter)
  }
}
