import type { BoundColumn } from '../binlog/bound-column.js'
import { ImageMerge } from '../binlog/image-merge.js'
import { compileImageWalker, type ImageWalker, sameSpan } from '../binlog/image-walker.js'
import type { ImagePlan, RowOp } from './image-plan.js'
import { AFTER_TAG, BEFORE_TAG } from './tagged-encoder.js'

/** Images of one rows event, as `RouteEncoder`s walk them. */
export interface EventImages {
  readonly op: RowOp
  readonly buffer: Buffer
  readonly at: number
  readonly end: number
  /** As in the dispatcher's `RowImages`. */
  readonly firstRow?: number
  readonly halfOfUpdate?: boolean
  readonly reconciles?: boolean
  readonly made?: true
}

const FIRST_ROOM = 4096

/**
 * Writes images that leave columns out anew, each behind the tag of its kind: before images as they are, the after image of
 * an update with all that is known of the row.
 */
export class TaggedImages {
  readonly #op: RowOp
  readonly #plan: ImagePlan
  readonly #walker: ImageWalker
  readonly #spans: Int32Array
  readonly #merge: ImageMerge | null
  /** An image of the key columns that an INSERT names no value for; null: it has them all. */
  readonly #keyDefaults: Buffer | null
  /** Spans of each key column in the before and the after image; none where an after image lacks it, and so it is unchanged. */
  readonly #key: readonly { readonly before: number; readonly after: number }[]
  readonly #hasNews: boolean
  #room = Buffer.allocUnsafe(FIRST_ROOM)

  /** `key`: indexes of the target's key columns; `news`: of the columns whose change concerns the target. */
  constructor(
    op: RowOp,
    table: readonly BoundColumn[],
    plan: ImagePlan,
    second: readonly number[],
    key: readonly number[],
    news: readonly number[],
  ) {
    this.#op = op
    this.#plan = plan
    const { keyDefaults } = plan
    const added = keyDefaults.map(({ column }) => column)
    const first = (plan.before ?? plan.after)!.columns.filter(i => !added.includes(i))
    this.#walker = compileImageWalker(first.map(i => table[i]!))
    this.#spans = new Int32Array(2 * first.length)
    const nullBits = Buffer.alloc((added.length + 7) >> 3)
    this.#keyDefaults = added.length === 0 ? null : Buffer.concat([nullBits, ...keyDefaults.map(({ bytes }) => bytes)])
    const before = op === 'update' ? first : added
    this.#merge = before.length === 0 ? null : new ImageMerge(table, before, second, plan.after!.columns)
    this.#key = key
      .filter(i => second.includes(i))
      .map(i => ({ before: 2 * first.indexOf(i), after: 2 * second.indexOf(i) }))
    this.#hasNews = news.some(i => second.includes(i))
  }

  /**
   * The images of one event; valid until the next call. Updates of a partial row that change nothing of it are left out.
   * `moved` is called for an update that changes the key of such a row, with where its images begin, and must throw.
   */
  write(images: EventImages, moved: (before: number, after: number) => never): EventImages {
    const { buffer, end } = images
    let q = 0
    for (let at = images.at; at < end; ) {
      if (this.#merge === null || this.#op !== 'update') {
        const next = this.#walker.walk(buffer, at, end, this.#spans)
        if (this.#merge === null) q = this.#copy(q, this.#op === 'delete' ? BEFORE_TAG : AFTER_TAG, buffer, at, next)
        else q = this.#withKeyDefaults(q, this.#merge, buffer.subarray(at, next))
        at = next
        continue
      }
      this.#merge.walk(buffer, at, end)
      const { beforeEnd, afterEnd } = this.#merge
      if (this.#plan.partial && this.#isMoved(buffer)) moved(at, beforeEnd)
      if (!this.#plan.partial || this.#hasNews) {
        q = this.#copy(q, BEFORE_TAG, buffer, at, beforeEnd)
        this.#reserve(q, afterEnd - at + this.#merge.bitmapBytes + 1)
        this.#room[q++] = AFTER_TAG
        q = this.#merge.write(buffer, this.#room, q)
      }
      at = afterEnd
    }
    return { op: images.op, buffer: this.#room, at: 0, end: q }
  }

  #isMoved(source: Buffer): boolean {
    const { beforeSpans: x, afterSpans: y } = this.#merge!
    return this.#key.some(({ before, after }) => !sameSpan(source, x, before, y, after))
  }

  #withKeyDefaults(q: number, merge: ImageMerge, image: Buffer): number {
    const pair = Buffer.concat([this.#keyDefaults!, image])
    merge.walk(pair, 0, pair.length)
    this.#reserve(q, pair.length + merge.bitmapBytes + 1)
    this.#room[q] = AFTER_TAG
    return merge.write(pair, this.#room, q + 1)
  }

  #copy(q: number, tag: number, source: Buffer, from: number, to: number): number {
    this.#reserve(q, to - from + 1)
    this.#room[q] = tag
    source.copy(this.#room, q + 1, from, to)
    return q + 1 + to - from
  }

  #reserve(used: number, more: number): void {
    if (used + more <= this.#room.length) return
    const larger = Buffer.allocUnsafe(2 * (used + more))
    this.#room.copy(larger, 0, 0, used)
    this.#room = larger
  }
}
