import type { BoundColumn } from './bound-column.js'
import { compileImageWalker, type ImageWalker } from './image-walker.js'

/** One column of a merged image: where it is taken from. */
interface Taken {
  readonly from: 'before' | 'after'
  /** Twice its ordinal among the columns of that image. */
  readonly span: number
}

/**
 * Makes one image out of the two of an update: each column as it is after the change where the after image has it, else as
 * it was before. `columns`: indexes of the table's columns that the merged image has, in table order; each must be in one
 * of the two.
 */
export class ImageMerge {
  readonly #before: ImageWalker
  readonly #after: ImageWalker
  readonly #taken: readonly Taken[]
  /** Where the columns of the before and after image walked last begin and end, in the order of that image. */
  readonly beforeSpans: Int32Array
  readonly afterSpans: Int32Array
  beforeEnd = 0
  afterEnd = 0

  constructor(
    table: readonly BoundColumn[],
    before: readonly number[],
    after: readonly number[],
    columns: readonly number[],
  ) {
    this.#before = compileImageWalker(before.map(i => table[i]!))
    this.#after = compileImageWalker(after.map(i => table[i]!))
    this.beforeSpans = new Int32Array(2 * before.length)
    this.afterSpans = new Int32Array(2 * after.length)
    this.#taken = columns.map(i =>
      after.includes(i)
        ? { from: 'after', span: 2 * after.indexOf(i) }
        : { from: 'before', span: 2 * before.indexOf(i) },
    )
  }

  /** Bytes of the merged image besides its values. */
  get bitmapBytes(): number {
    return (this.#taken.length + 7) >> 3
  }

  /** Walks the pair of images at `at`: sets the spans, `beforeEnd` and `afterEnd`. Throws as `ImageWalker.walk`. */
  walk(source: Buffer, at: number, limit: number): void {
    this.beforeEnd = this.#before.walk(source, at, limit, this.beforeSpans)
    this.afterEnd = this.#after.walk(source, this.beforeEnd, limit, this.afterSpans)
  }

  /** Writes the merged image of the pair walked last to `out[q]` on, which needs room for both images and `bitmapBytes`; the offset behind it. */
  write(source: Buffer, out: Buffer, q: number): number {
    const { bitmapBytes } = this
    out.fill(0, q, q + bitmapBytes)
    let end = q + bitmapBytes
    for (let i = 0; i < this.#taken.length; i++) {
      const { from, span } = this.#taken[i]!
      const spans = from === 'after' ? this.afterSpans : this.beforeSpans
      const start = spans[span]!
      if (start === -1) out[q + (i >> 3)]! |= 1 << (i & 7)
      else end += source.copy(out, end, start, spans[span + 1]!)
    }
    return end
  }
}
