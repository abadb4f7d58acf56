const SMALLEST = 16 * 1024
const LARGEST = 1024 * 1024
const KEPT_BYTES = 64 * 1024 * 1024
/** Buffers given back between two looks at which of them nobody needs. */
const LOOK_EVERY = 4096

/** Free buffers of one size. */
interface Shelf {
  readonly free: Buffer[]
  /** The fewest that were free since the last look: as many nobody needed. */
  least: number
}

/**
 * Reusable buffers for load bodies, in power-of-four sizes from 16 KiB to 1 MiB; larger ones are made to measure and not kept. What
 * a single large epoch needed is let go again by and by.
 */
export class ChunkPool {
  readonly #shelves = new Map<number, Shelf>()
  #freeBytes = 0
  #given = 0

  /** Bytes of buffers that are kept and nobody uses. */
  get freeBytes(): number {
    return this.#freeBytes
  }

  /** A buffer of at least `need` bytes; `step` (0, 1, 2, …) counts the chunks its body already has, so that large bodies get large chunks. */
  take(need: number, step: number): Buffer {
    let size = SMALLEST
    while (size < LARGEST && (size < need || step-- > 0)) size *= 4
    if (size < need) return Buffer.allocUnsafeSlow(need)
    const shelf = this.#shelves.get(size)
    const kept = shelf?.free.pop()
    if (shelf === undefined || kept === undefined) return Buffer.allocUnsafeSlow(size)
    shelf.least = Math.min(shelf.least, shelf.free.length)
    this.#freeBytes -= size
    return kept
  }

  give(chunk: Buffer): void {
    const size = chunk.length
    if (size > LARGEST || this.#freeBytes + size > KEPT_BYTES) return
    const shelf = this.#shelves.get(size)
    if (shelf === undefined) this.#shelves.set(size, { free: [chunk], least: 0 })
    else shelf.free.push(chunk)
    this.#freeBytes += size
    if (++this.#given % LOOK_EVERY === 0) this.#letGo()
  }

  #letGo(): void {
    for (const [size, shelf] of this.#shelves) {
      const { free, least } = shelf
      free.splice(0, least)
      this.#freeBytes -= least * size
      shelf.least = free.length
    }
  }
}
