const SMALLEST = 16 * 1024
const LARGEST = 1024 * 1024
const KEPT_BYTES = 64 * 1024 * 1024

/** Reusable buffers for load bodies, in power-of-four sizes from 16 KiB to 1 MiB; larger ones are made to measure and not kept. */
export class ChunkPool {
  readonly #free = new Map<number, Buffer[]>()
  #freeBytes = 0

  /** A buffer of at least `need` bytes; `step` (0, 1, 2, …) counts the chunks its body already has, so that large bodies get large chunks. */
  take(need: number, step: number): Buffer {
    let size = SMALLEST
    while (size < LARGEST && (size < need || step-- > 0)) size *= 4
    if (size < need) return Buffer.allocUnsafeSlow(need)
    const kept = this.#free.get(size)?.pop()
    if (!kept) return Buffer.allocUnsafeSlow(size)
    this.#freeBytes -= size
    return kept
  }

  give(chunk: Buffer): void {
    const size = chunk.length
    if (size > LARGEST || this.#freeBytes + size > KEPT_BYTES) return
    const kept = this.#free.get(size)
    if (kept) kept.push(chunk)
    else this.#free.set(size, [chunk])
    this.#freeBytes += size
  }
}
