/** Bytes of a piece of rows. A longer row has a buffer of its own. */
export const PIECE_BYTES = 1 << 20
/** Buffers that are kept for later rows. */
const MOST_KEPT = 32

/** Buffers for rows, used again once their rows are through: a fresh one per piece would cost a page fault for every 4 KiB. */
export class PieceBuffers {
  readonly #free: Buffer[] = []

  /** A buffer of at least so many bytes, with anything in it. */
  take(bytes: number): Buffer {
    if (bytes > PIECE_BYTES) return Buffer.allocUnsafeSlow(bytes)
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(PIECE_BYTES)
  }

  /** Nothing reads the buffer any more. */
  give(buffer: Buffer): void {
    if (buffer.length === PIECE_BYTES && this.#free.length < MOST_KEPT) this.#free.push(buffer)
  }
}
