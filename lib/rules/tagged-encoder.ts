import { sameSpan } from '../binlog/image-walker.js'
import type { RowEncoder } from '../binlog/row-encoder.js'
import { Failure } from '../model/failure.js'

/** The byte in front of an image that says which of the two encoders reads it. */
export const BEFORE_TAG = 0
export const AFTER_TAG = 1

/** What a row encoder does, over images of two kinds: those before and those after a change, which have other columns. */
export class TaggedEncoder {
  end = 0
  hash = 0
  unsafe = false
  readonly #before: RowEncoder | null
  readonly #after: RowEncoder | null
  readonly #beforeKey: Int32Array
  readonly #afterKey: Int32Array

  /** `keyColumns`: how many columns the key has. */
  constructor(before: RowEncoder | null, after: RowEncoder | null, keyColumns: number) {
    this.#before = before
    this.#after = after
    this.#beforeKey = new Int32Array(2 * keyColumns)
    this.#afterKey = new Int32Array(2 * keyColumns)
  }

  locateKey(source: Buffer, at: number, limit: number): void {
    const encoder = this.#of(source, at)
    encoder.locateKey(source, at + 1, limit)
    this.hash = encoder.hash
  }

  sameKey(source: Buffer, before: number, after: number, limit: number): boolean {
    const [x, y] = [this.#beforeKey, this.#afterKey]
    this.#of(source, before).keySpans(source, before + 1, limit, x)
    this.#of(source, after).keySpans(source, after + 1, limit, y)
    for (let k = 0; k < x.length; k += 2) if (!sameSpan(source, x, k, y, k)) return false
    return true
  }

  skip(source: Buffer, at: number, limit: number): number {
    this.end = this.#of(source, at).skip(source, at + 1, limit)
    return this.end
  }

  encode(source: Buffer, at: number, limit: number, out: Buffer, q: number, op: 0 | 1): number {
    const encoder = this.#of(source, at)
    const end = encoder.encode(source, at + 1, limit, out, q, op)
    this.end = encoder.end
    this.unsafe = encoder.unsafe
    return end
  }

  setChange(...change: Parameters<RowEncoder['setChange']>): void {
    this.#before?.setChange(...change)
    this.#after?.setChange(...change)
  }

  inflated(source: Buffer, at: number, limit: number): number {
    return this.#of(source, at).inflated(source, at + 1, limit)
  }

  room(source: Buffer, at: number, limit: number): number {
    return this.#of(source, at).room(source, at + 1, limit)
  }

  bound(imageBytes: number): number {
    return Math.max(this.#before?.bound(imageBytes) ?? 0, this.#after?.bound(imageBytes) ?? 0)
  }

  #of(source: Buffer, at: number): RowEncoder {
    const encoder = source[at] === BEFORE_TAG ? this.#before : this.#after
    if (encoder === null) throw new Failure('internal', `an image with the tag ${source[at]} where none is due`)
    return encoder
  }
}
