import { nextChunkRows } from '../mysql/snapshot/chunk-size.js'
import type { SnapshotLimits } from './copy-orders.js'

/** How many rows the next chunk of each table is to have, by what its last one held. */
export class ChunkRows {
  readonly #most: { readonly rows: number; readonly bytes: number }
  readonly #last = new Map<string, { readonly rows: number; readonly bytes: number }>()

  /** `most`: a chunk is to have no more, whatever the limits say. */
  constructor(most: { readonly rows: number; readonly bytes: number }) {
    this.#most = most
  }

  /** A chunk of the table had so many rows and bytes. */
  read(name: string, rows: number, bytes: number): void {
    if (rows > 0) this.#last.set(name, { rows, bytes })
  }

  /** What the source guesses of a table, where nothing of it was read yet. */
  estimated(name: string, avgRowBytes: number, { chunkRows }: SnapshotLimits): void {
    if (avgRowBytes > 0 && !this.#last.has(name))
      this.#last.set(name, { rows: chunkRows, bytes: chunkRows * avgRowBytes })
  }

  of(name: string, { chunkRows, chunkBytes }: SnapshotLimits): number {
    const most = Math.max(1, Math.min(chunkRows, this.#most.rows))
    const last = this.#last.get(name)
    return last === undefined
      ? most
      : nextChunkRows(last.rows, last.bytes, Math.min(chunkBytes, this.#most.bytes), most)
  }
}
