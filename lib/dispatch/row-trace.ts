import type { ChangePlace } from '../model/change-place.js'
import type { RowPlace } from '../model/dead-letter.js'
import { Failure } from '../model/failure.js'
import type { RowImages } from './route.js'

/** Writes an image as a JSON object of all columns that can be decoded, by source name. */
export type RenderImage = (buffer: Buffer, at: number, limit: number) => string

/** One rows event whose images are kept for as long as a row of it is in a body. Its routes and lanes share it. */
export class TracedEvent {
  /** "schema.table" of the source. */
  readonly source: string
  readonly op: RowImages['op']
  readonly isMade: true | undefined
  readonly place: ChangePlace
  /** The source's clock, ms since 1970. */
  readonly commitMs: number
  readonly render: RenderImage
  readonly images: Buffer
  /** Offset of `images` in the buffer the event came in. */
  readonly base: number
  #holders = 1

  /** Copies images and place, which are valid only while the event is. Who makes it holds it until `release`. */
  constructor(images: RowImages, place: ChangePlace, commitMs: number, source: string, render: RenderImage) {
    this.source = source
    this.op = images.op
    this.isMade = images.made
    this.place = { ...place }
    this.commitMs = commitMs
    this.render = render
    this.images = Buffer.from(images.buffer.subarray(images.at, images.end))
    this.base = images.at
  }

  get bytes(): number {
    return this.images.length
  }

  hold(): void {
    this.#holders++
  }

  /** One holder less. The bytes that this sets free: all with the last holder, else 0. */
  release(): number {
    return --this.#holders === 0 ? this.bytes : 0
  }
}

/** Where a row of a load comes from, in words and values. */
export interface RowOrigin {
  readonly source: string
  /** `where` of the rule that sent it to its target. */
  readonly rule: string
  readonly op: RowImages['op']
  readonly place: RowPlace
  readonly commitMs: number
  /** JSON text of the images; null: the change has none. */
  readonly before: string | null
  readonly after: string | null
  readonly keyHash: number
  /** See `RowImages.made`. */
  readonly isMade?: true
}

/** Numbers a row: its ordinal in the event times two, plus one when it takes away; offsets of before and after; key hash. */
const NOTES = 4
const FIRST_ROOM = 64
/** What a row takes in a trace besides its event. */
export const TRACED_ROW_BYTES = NOTES * Int32Array.BYTES_PER_ELEMENT

/** Notes for each row of one body where it came from; made only where bad rows are parked. */
export class RowTrace {
  rows = 0
  #notes = new Int32Array(NOTES * FIRST_ROOM)
  /** Rows that came behind each other from one event by one rule. */
  readonly #runs: { readonly first: number; readonly event: TracedEvent; readonly rule: string }[] = []

  /**
   * The row just added to the body. `row`: which change of the event it is; `before`, `after`: offsets in the buffer the
   * event came in, -1 where the change has no such image; `hash`: of the target key.
   */
  note(
    event: TracedEvent,
    rule: string,
    row: number,
    takesAway: boolean,
    before: number,
    after: number,
    hash: number,
  ): void {
    const run = this.#runs.at(-1)
    if (run?.event !== event || run.rule !== rule) {
      event.hold()
      this.#runs.push({ first: this.rows, event, rule })
    }
    const at = NOTES * this.rows
    if (at === this.#notes.length) {
      const larger = new Int32Array(2 * at)
      larger.set(this.#notes)
      this.#notes = larger
    }
    this.#notes[at] = 2 * row + (takesAway ? 1 : 0)
    this.#notes[at + 1] = before < 0 ? -1 : before - event.base
    this.#notes[at + 2] = after < 0 ? -1 : after - event.base
    this.#notes[at + 3] = hash
    this.rows++
  }

  /** Unsigned 32-bit hash of a row's target key. */
  hash(ordinal: number): number {
    return this.#notes[NOTES * ordinal + 3]! >>> 0
  }

  place(ordinal: number): RowPlace {
    const change = this.#notes[NOTES * ordinal]!
    return { ...this.#runOf(ordinal).event.place, row: change >> 1, takesAway: (change & 1) === 1 }
  }

  describe(ordinal: number): RowOrigin {
    const { event, rule } = this.#runOf(ordinal)
    const { source, op, commitMs, images, isMade } = event
    const text = (at: number): string | null => (at < 0 ? null : event.render(images, at, images.length))
    const place = this.place(ordinal)
    const before = text(this.#notes[NOTES * ordinal + 1]!)
    const after = text(this.#notes[NOTES * ordinal + 2]!)
    return {
      source,
      rule,
      op,
      place,
      commitMs,
      before,
      after,
      keyHash: this.hash(ordinal),
      ...(isMade ? { isMade } : {}),
    }
  }

  /** Lets go of the events; the bytes that are free by it. The trace is empty afterwards. */
  release(): number {
    let freed = 0
    for (const { event } of this.#runs) freed += event.release()
    this.#runs.length = 0
    this.rows = 0
    return freed
  }

  #runOf(ordinal: number): { readonly event: TracedEvent; readonly rule: string } {
    if (ordinal < 0 || ordinal >= this.rows)
      throw new Failure('internal', `Row ${ordinal} of a body that has noted ${this.rows} rows.`)
    let low = 0
    let high = this.#runs.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#runs[middle]!.first <= ordinal) low = middle
      else high = middle - 1
    }
    return this.#runs[low]!
  }
}

/** The traces of bodies that went as one load, behind each other, or of some of its rows. */
export class LoadTrace {
  readonly rows: number
  readonly #parts: readonly RowTrace[]
  /** Ordinals in all parts together; null: all of them. */
  readonly #chosen: readonly number[] | null

  constructor(parts: readonly RowTrace[], chosen: readonly number[] | null = null) {
    this.#parts = parts
    this.#chosen = chosen
    this.rows = chosen?.length ?? parts.reduce((sum, part) => sum + part.rows, 0)
  }

  /** The trace of a load of these rows alone; ordinals ascend. */
  pick(ordinals: readonly number[]): LoadTrace {
    const { rows } = this
    if (ordinals.length === rows) return this
    return new LoadTrace(this.#parts, this.#chosen === null ? ordinals : ordinals.map(i => this.#chosen![i]!))
  }

  place(ordinal: number): RowPlace {
    const [part, inside] = this.#partOf(ordinal)
    return part.place(inside)
  }

  describe(ordinal: number): RowOrigin {
    const [part, inside] = this.#partOf(ordinal)
    return part.describe(inside)
  }

  /** Calls back for every row of the load in order. */
  eachHash(visit: (hash: number, ordinal: number) => void): void {
    let ordinal = 0
    if (this.#chosen === null)
      for (const part of this.#parts) for (let i = 0; i < part.rows; i++) visit(part.hash(i), ordinal++)
    else
      for (; ordinal < this.rows; ordinal++) {
        const [part, inside] = this.#partOf(ordinal)
        visit(part.hash(inside), ordinal)
      }
  }

  /** As `RowTrace.release`, of all parts. */
  release(): number {
    return this.#parts.reduce((sum, part) => sum + part.release(), 0)
  }

  #partOf(ordinal: number): readonly [RowTrace, number] {
    let inside = this.#chosen === null ? ordinal : (this.#chosen[ordinal] ?? Number.POSITIVE_INFINITY)
    for (const part of this.#parts) {
      if (inside < part.rows) return [part, inside]
      inside -= part.rows
    }
    throw new Failure('internal', `Row ${ordinal} of a load that has noted ${this.rows} rows.`)
  }
}
