import { Failure } from '../model/failure.js'

/** A load body as `Load` carries it, and how many rows it is known to hold. */
export interface FramedBody {
  readonly format: 'csv' | 'json'
  readonly body: readonly Uint8Array[]
  readonly rows: number
}

/** A body of some rows of another one; its pieces are views into that one's. */
export interface SubBody {
  readonly body: Uint8Array[]
  readonly bytes: number
  readonly rows: number
}

const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c
const OPEN_BRACE = 0x7b
const OPEN_BRACKET = 0x5b
const CLOSE_BRACE = 0x7d
const CLOSE_BRACKET = 0x5d

const ARRAY_OPENS = Uint8Array.of(OPEN_BRACKET)
const ROW_FOLLOWS = Uint8Array.of(COMMA)
const ARRAY_CLOSES = Uint8Array.of(CLOSE_BRACKET)

/**
 * Where the rows of a load body stand. CSV rows end with the row delimiter, which occurs nowhere else; a JSON body is one
 * array of objects, in which a row is an object of the outermost level. Neither is copied or turned into text.
 */
export class BodyRows {
  readonly count: number
  readonly #format: 'csv' | 'json'
  readonly #pieces: readonly Uint8Array[]
  /** Offset of each piece in the whole body. */
  readonly #starts: readonly number[]
  /** Offsets in the whole body, behind each other: where a row starts, where it ends (CSV: behind its delimiter). */
  readonly #bounds: Float64Array

  /** Throws Failure internal when the body does not hold exactly the rows it is said to hold. `rowDelimiter`: CSV only. */
  constructor(framed: FramedBody, rowDelimiter: Uint8Array) {
    this.#format = framed.format
    this.#pieces = framed.body
    this.count = framed.rows
    let bytes = 0
    this.#starts = framed.body.map(piece => {
      const start = bytes
      bytes += piece.length
      return start
    })
    const marks = new BoundMarks(framed.rows)
    if (framed.format === 'csv') markCsvRows(framed.body, rowDelimiter, bytes, marks)
    else markJsonRows(framed.body, marks)
    this.#bounds = marks.finish()
  }

  /** The bytes of one row, a CSV row with its delimiter. */
  row(ordinal: number): Buffer {
    return Buffer.concat(this.#slice(this.#start(ordinal), this.#end(ordinal)))
  }

  /** A body of these rows in their order; `ordinals` count from 0 and ascend. */
  pick(ordinals: readonly number[]): SubBody {
    const body: Uint8Array[] = []
    const json = this.#format === 'json'
    if (json) body.push(ARRAY_OPENS)
    for (let i = 0; i < ordinals.length; ) {
      const first = ordinals[i]!
      let last = first
      // Rows that stand side by side stay in one piece, the commas between them included.
      while (++i < ordinals.length && ordinals[i] === last + 1) last++
      if (json && body.length > 1) body.push(ROW_FOLLOWS)
      body.push(...this.#slice(this.#start(first), this.#end(last)))
    }
    if (json) body.push(ARRAY_CLOSES)
    return { body, bytes: body.reduce((sum, piece) => sum + piece.length, 0), rows: ordinals.length }
  }

  #start(ordinal: number): number {
    return this.#bounds[2 * ordinal]!
  }

  #end(ordinal: number): number {
    return this.#bounds[2 * ordinal + 1]!
  }

  #slice(from: number, to: number): Uint8Array[] {
    const views: Uint8Array[] = []
    for (let i = this.#pieceAt(from); i < this.#pieces.length && this.#starts[i]! < to; i++) {
      const piece = this.#pieces[i]!
      const start = this.#starts[i]!
      const view = piece.subarray(Math.max(0, from - start), Math.min(piece.length, to - start))
      if (view.length > 0) views.push(view)
    }
    return views
  }

  /** Index of the last piece that starts at or before `offset`. */
  #pieceAt(offset: number): number {
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#starts[middle]! <= offset) low = middle
      else high = middle - 1
    }
    return low
  }
}

/** Bounds of rows as they are found, for a known number of them. */
class BoundMarks {
  readonly #bounds: Float64Array
  #found = 0

  constructor(readonly rows: number) {
    this.#bounds = new Float64Array(2 * rows)
  }

  add(start: number, end: number): void {
    if (this.#found === this.rows) throw misframed(`more than its ${this.rows} rows`)
    this.#bounds[2 * this.#found] = start
    this.#bounds[2 * this.#found + 1] = end
    this.#found++
  }

  finish(): Float64Array {
    if (this.#found < this.rows) throw misframed(`${this.#found} of its ${this.rows} rows`)
    return this.#bounds
  }
}

function markCsvRows(pieces: readonly Uint8Array[], delimiter: Uint8Array, bytes: number, marks: BoundMarks): void {
  const first = delimiter[0]
  if (first === undefined) throw misframed('no row delimiter')
  let rowStart = 0
  let pieceStart = 0
  pieces.forEach((piece, i) => {
    const find = (from: number): number => piece.indexOf(first, from)
    for (let at = find(Math.max(0, rowStart - pieceStart)); at >= 0; ) {
      if (delimiter.length > 1 && !continues(pieces, i, at, delimiter)) {
        at = find(at + 1)
        continue
      }
      const end = pieceStart + at + delimiter.length
      marks.add(rowStart, end)
      rowStart = end
      at = find(at + delimiter.length)
    }
    pieceStart += piece.length
  })
  if (rowStart !== bytes) throw misframed(`${bytes - rowStart} bytes behind its last row delimiter`)
}

/** Whether `delimiter` stands at `at` of piece `i`; it may reach into the pieces behind. */
function continues(pieces: readonly Uint8Array[], i: number, at: number, delimiter: Uint8Array): boolean {
  let piece = pieces[i]
  for (const byte of delimiter) {
    while (piece !== undefined && at >= piece.length) {
      piece = pieces[++i]
      at = 0
    }
    if (piece === undefined || piece[at++] !== byte) return false
  }
  return true
}

function markJsonRows(pieces: readonly Uint8Array[], marks: BoundMarks): void {
  let depth = 0
  let inString = false
  let escaped = false
  let rowStart = 0
  let pieceStart = 0
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; at++) {
      const byte = piece[at]!
      if (inString) {
        if (escaped) escaped = false
        else if (byte === BACKSLASH) escaped = true
        else if (byte === QUOTE) inString = false
        continue
      }
      switch (byte) {
        case QUOTE:
          inString = true
          break
        case OPEN_BRACE:
        case OPEN_BRACKET:
          if (++depth === 2) rowStart = pieceStart + at
          break
        case CLOSE_BRACE:
        case CLOSE_BRACKET:
          if (--depth === 1) marks.add(rowStart, pieceStart + at + 1)
          break
      }
    }
    pieceStart += piece.length
  }
  if (depth !== 0 || inString) throw misframed('no whole JSON array')
}

function misframed(what: string): Failure {
  return new Failure('internal', `A load body holds ${what}.`)
}
