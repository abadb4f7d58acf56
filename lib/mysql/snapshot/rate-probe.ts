import type { PieceBuffers } from './piece-buffers.js'
import type { RowSink } from './row-packets.js'

export interface ReadRate {
  readonly rowsPerS: number
  readonly bytesPerS: number
}

/** Ends a probe whose time is up; nothing is wrong. */
export class ProbeOver extends Error {
  constructor() {
    super('the probe has seen enough')
    this.name = 'ProbeOver'
  }
}

/** Counts the rows that come within `ms` of the statement's beginning. */
export class RateProbe implements RowSink {
  readonly #buffers: PieceBuffers
  readonly #ms: number
  #startMs: number | null = null
  #rows = 0
  #bytes = 0
  #lastMs = 0

  constructor(buffers: PieceBuffers, ms: number) {
    this.#buffers = buffers
    this.#ms = ms
  }

  take(bytes: number): Buffer {
    this.#startMs ??= performance.now()
    return this.#buffers.take(bytes)
  }

  /** Throws ProbeOver when the time is up. */
  put(buffer: Buffer, end: number, rows: number): void {
    this.#buffers.give(buffer)
    this.#rows += rows
    this.#bytes += end
    this.#lastMs = performance.now() - (this.#startMs ?? 0)
    if (this.#lastMs >= this.#ms) throw new ProbeOver()
  }

  /** Up to the last rows that came. */
  get rate(): ReadRate {
    const perS = 1000 / Math.max(1, this.#lastMs)
    return { rowsPerS: this.#rows * perS, bytesPerS: this.#bytes * perS }
  }
}
