import {
  FOUR_BYTE_CODES,
  type MultiByteTable,
  multiByteTable,
  QUESTION_MARK,
  singleByteTable,
} from './charset-tables.js'

/**
 * Writes text `b[p..p+n)` of one charset as UTF-8 to `o[q..]` and returns the offset behind it; never more than
 * UTF8_RATIO * n bytes. What is no character becomes a question mark, as the server sends it: one for each code that has no
 * character, one for each byte that begins no code. (The server stores no such bytes; half a character at the end, which
 * MySQL drops when it sends it, is a question mark too.)
 */
export type Transcoder = (b: Buffer, p: number, n: number, o: Buffer, q: number) => number

/** UTF-8 bytes for a byte of any charset, at most. */
export const UTF8_RATIO = 3

/** Charsets in which text whose bytes are all below 80 is not the same text in UTF-8. */
const NOT_ASCII = new Set(['ucs2', 'utf16', 'utf16le', 'utf32', 'swe7'])

/** Is text whose bytes are all below 80 the same in this charset and in UTF-8? */
export function containsAscii(charset: string): boolean {
  return !NOT_ASCII.has(charset)
}

const transcoders = new Map<string, Transcoder | null>()

/** Null for a charset that is not known here; UTF-8 and binary need none. */
export function transcoderOf(charset: string): Transcoder | null {
  let found = transcoders.get(charset)
  if (found === undefined) {
    found = makeTranscoder(charset)
    transcoders.set(charset, found)
  }
  return found
}

function makeTranscoder(charset: string): Transcoder | null {
  switch (charset) {
    case 'ucs2':
      return (b, p, n, o, q) => writeUtf16(b, p, n, o, q, 1, 0, false)
    case 'utf16':
      return (b, p, n, o, q) => writeUtf16(b, p, n, o, q, 1, 0, true)
    case 'utf16le':
      return (b, p, n, o, q) => writeUtf16(b, p, n, o, q, 0, 1, true)
    case 'utf32':
      return writeUtf32
  }
  const points = singleByteTable(charset)
  if (points !== null) return (b, p, n, o, q) => writeSingleByte(b, p, n, o, q, points)
  const table = multiByteTable(charset)
  return table === null ? null : (b, p, n, o, q) => writeMultiByte(b, p, n, o, q, table)
}

function writeSingleByte(b: Buffer, p: number, n: number, o: Buffer, q: number, points: Uint16Array): number {
  let at = q
  for (let i = p; i < p + n; i++) at = writeCodePoint(o, at, points[b[i]!]!)
  return at
}

function writeMultiByte(b: Buffer, p: number, n: number, o: Buffer, q: number, table: MultiByteTable): number {
  const { alone, pairs, after8f, fours } = table
  const end = p + n
  let at = q
  for (let i = p; i < end; ) {
    const c = b[i]!
    if (c < 0x80) {
      o[at++] = c
      i++
      continue
    }
    let point = alone[c]!
    let bytes = 1
    if (point === 0 && i + 1 < end) {
      point = pairs[c * 256 + b[i + 1]!]!
      bytes = 2
    }
    if (point === 0 && after8f !== null && c === 0x8f && i + 2 < end) {
      point = after8f[b[i + 1]! * 256 + b[i + 2]!]!
      bytes = 3
    }
    if (point === 0 && fours !== null && i + 3 < end) {
      point = fourBytePoint(b, i, fours)
      bytes = 4
    }
    at = writeCodePoint(o, at, point === 0 ? QUESTION_MARK : point)
    i += point === 0 ? 1 : bytes
  }
  return at
}

/** Ordinal of the four-byte code 90308130, which is U+10000. */
const FIRST_SUPPLEMENTARY = 189_000
const SUPPLEMENTARY_CODES = 0x10_0000

/** gb18030: the character of a code of four bytes, the question mark when it has none; 0 when these are no such code. */
function fourBytePoint(b: Buffer, i: number, fours: Uint16Array): number {
  const first = b[i]! - 0x81
  const second = b[i + 1]! - 0x30
  const third = b[i + 2]! - 0x81
  const fourth = b[i + 3]! - 0x30
  if (first < 0 || first > 125 || second < 0 || second > 9 || third < 0 || third > 125 || fourth < 0 || fourth > 9)
    return 0
  const ordinal = ((first * 10 + second) * 126 + third) * 10 + fourth
  if (ordinal < FOUR_BYTE_CODES) return fours[ordinal]!
  const supplementary = ordinal - FIRST_SUPPLEMENTARY
  return supplementary >= 0 && supplementary < SUPPLEMENTARY_CODES ? 0x1_0000 + supplementary : QUESTION_MARK
}

/** Two bytes a unit, its high byte at `high`; `paired`: units of surrogates stand for one character. */
function writeUtf16(
  b: Buffer,
  p: number,
  n: number,
  o: Buffer,
  q: number,
  low: 0 | 1,
  high: 0 | 1,
  paired: boolean,
): number {
  const end = p + n
  let at = q
  let i = p
  for (; i + 2 <= end; i += 2) {
    let point = (b[i + high]! << 8) | b[i + low]!
    if (point >= 0xd800 && point <= 0xdfff) {
      const next = paired && point < 0xdc00 && i + 4 <= end ? (b[i + 2 + high]! << 8) | b[i + 2 + low]! : 0
      if (next >= 0xdc00 && next <= 0xdfff) {
        point = 0x1_0000 + ((point - 0xd800) << 10) + (next - 0xdc00)
        i += 2
      } else point = QUESTION_MARK
    }
    at = writeCodePoint(o, at, point)
  }
  return i < end ? writeCodePoint(o, at, QUESTION_MARK) : at
}

function writeUtf32(b: Buffer, p: number, n: number, o: Buffer, q: number): number {
  const end = p + n
  let at = q
  let i = p
  for (; i + 4 <= end; i += 4) {
    const point = ((b[i]! << 24) | (b[i + 1]! << 16) | (b[i + 2]! << 8) | b[i + 3]!) >>> 0
    at = writeCodePoint(o, at, point > 0x10_ffff || (point >= 0xd800 && point <= 0xdfff) ? QUESTION_MARK : point)
  }
  return i < end ? writeCodePoint(o, at, QUESTION_MARK) : at
}

/** A code point as UTF-8. */
export function writeCodePoint(o: Uint8Array, q: number, point: number): number {
  if (point < 0x80) {
    o[q] = point
    return q + 1
  }
  if (point < 0x800) {
    o[q] = 0xc0 | (point >> 6)
    o[q + 1] = 0x80 | (point & 63)
    return q + 2
  }
  if (point < 0x1_0000) {
    o[q] = 0xe0 | (point >> 12)
    o[q + 1] = 0x80 | ((point >> 6) & 63)
    o[q + 2] = 0x80 | (point & 63)
    return q + 3
  }
  o[q] = 0xf0 | (point >> 18)
  o[q + 1] = 0x80 | ((point >> 12) & 63)
  o[q + 2] = 0x80 | ((point >> 6) & 63)
  o[q + 3] = 0x80 | (point & 63)
  return q + 4
}
