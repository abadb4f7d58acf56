import {
  copyAscii,
  hasByte,
  hasControl,
  isJsonAscii,
  isPrintable,
  needsEscape,
  sourceViewOf,
  targetViewOf,
} from './byte-view.js'
import { LATIN1 } from './charset.js'
import { writeCodePoint } from './transcode.js'
import { ValueProblem } from './value-problem.js'

/** Text and bytes from `b[p..p+n)` to `o[q..]`; functions return the offset behind, unless they say otherwise. */

/** The bytes that separate fields and rows in CSV. */
export interface Separators {
  /** 1 for each of them, by byte. */
  readonly table: Uint8Array
  readonly bytes: readonly number[]
  /** All of them are below 32. */
  readonly control: boolean
}

/** From this length on native copy and search are faster than a loop. */
const NATIVE_FROM = 640

/** From this length on it pays to look at all bytes first: those of ASCII text are copied eight at a time. */
const TWICE_FROM = 64

/**
 * Copies bytes as they are to `o[q..q+n)` and returns 1 when CSV cannot carry them, else 0: some byte is one of the
 * separators', or they are exactly `\N`. `o` must have room for them.
 */
export function copyChecked(b: Buffer, p: number, n: number, o: Buffer, q: number, separators: Separators): number {
  if (n < 4 || q + n > o.length) return copyBytes(b, p, n, o, q, separators)
  if (n >= NATIVE_FROM) {
    b.copy(o, q, p, p + n)
    return findCollision(b, p, n, separators)
  }
  const from = sourceViewOf(b)
  const to = targetViewOf(o)
  if (n >= TWICE_FROM && separators.control && isPrintable(from, p, n)) {
    copyAscii(from, p, n, to, q)
    return 0
  }
  let control = 0
  let i = 0
  for (; i <= n - 8; i = (i + 8) | 0) {
    const x = from.getInt32((p + i) | 0, true)
    const y = from.getInt32((p + i + 4) | 0, true)
    control |= hasControl(x) | hasControl(y)
    to.setInt32((q + i) | 0, x, true)
    to.setInt32((q + i + 4) | 0, y, true)
  }
  // The last words overlap the ones before them: no byte is copied by itself.
  if (i <= n - 4) {
    const x = from.getInt32((p + i) | 0, true)
    control |= hasControl(x)
    to.setInt32((q + i) | 0, x, true)
  }
  if ((n & 3) !== 0) {
    const x = from.getInt32((p + n - 4) | 0, true)
    control |= hasControl(x)
    to.setInt32((q + n - 4) | 0, x, true)
  }
  return control !== 0 || !separators.control ? findCollision(b, p, n, separators) : 0
}

function copyBytes(b: Buffer, p: number, n: number, o: Buffer, q: number, { table }: Separators): number {
  let found = 0
  for (let i = 0; i < n; i++) {
    const c = b[p + i]!
    found |= table[c]!
    o[q + i] = c
  }
  return n === 2 && b[p] === 92 && b[p + 1] === 78 ? 1 : found
}

/** 1 when some byte of `b[p..p+n)` is one of the separators' or they are exactly `\N`, else 0. */
export function findCollision(b: Buffer, p: number, n: number, separators: Separators): number {
  const { table, bytes } = separators
  if (n >= NATIVE_FROM) {
    const value = b.subarray(p, p + n)
    for (const byte of bytes) if (value.includes(byte)) return 1
    return 0
  }
  if (n < 4) {
    let found = 0
    for (let i = p; i < p + n; i++) found |= table[b[i]!]!
    return n === 2 && b[p] === 92 && b[p + 1] === 78 ? 1 : found
  }
  const from = sourceViewOf(b)
  const last = p + n - 4
  for (let k = 0; k < bytes.length; k++) {
    const four = bytes[k]! * 0x01010101
    let found = hasByte(from.getInt32(last, true), four)
    for (let i = p; i < last; i += 4) found |= hasByte(from.getInt32(i, true), four)
    if (found !== 0) return 1
  }
  return 0
}

/** The same for a JSON document's text, which has no bytes below 32. */
export function findInDocument(b: Buffer, p: number, n: number, separators: Separators): number {
  return separators.control ? 0 : findCollision(b, p, n, separators)
}

/** Are all bytes of `b[p..p+n)` below 80? */
export function isAscii(b: Buffer, p: number, n: number): boolean {
  const end = p + n
  let high = 0
  let i = p
  if (n >= 8) {
    const view = sourceViewOf(b)
    for (; i + 8 <= end; i += 8) high |= view.getInt32(i, true) | view.getInt32(i + 4, true)
  }
  for (; i < end; i++) high |= b[i]!
  return (high & 0x8080_8080) === 0
}

/** MySQL's latin1 as UTF-8. */
export function writeLatin1(b: Buffer, p: number, n: number, o: Buffer, q: number): number {
  let at = q
  for (let i = p; i < p + n; i++) {
    const c = b[i]!
    if (c < 128) o[at++] = c
    else at = writeCodePoint(o, at, LATIN1[c]!)
  }
  return at
}

const HEX = Uint8Array.from('0123456789abcdef', c => c.charCodeAt(0))

/** For each ASCII byte the letter behind the backslash in a JSON string: 0 = none needed, 117 (u) = four hex digits. */
const ESCAPES = new Uint8Array(128).fill(117, 0, 32)
ESCAPES[8] = 98
ESCAPES[9] = 116
ESCAPES[10] = 110
ESCAPES[12] = 102
ESCAPES[13] = 114
ESCAPES[34] = 34
ESCAPES[92] = 92

function writeEscape(o: Buffer, q: number, c: number, letter: number): number {
  o[q] = 92
  o[q + 1] = letter
  if (letter !== 117) return q + 2
  o[q + 2] = 48
  o[q + 3] = 48
  o[q + 4] = HEX[c >> 4]!
  o[q + 5] = HEX[c & 15]!
  return q + 6
}

/** UTF-8 as the inside of a JSON string. Throws ValueProblem where the bytes are not valid UTF-8. */
export function writeJsonText(b: Buffer, p: number, n: number, o: Buffer, q: number): number {
  if (n >= TWICE_FROM && q + n <= o.length) return writeLongJsonText(b, p, n, o, q)
  const end = p + n
  let at = q
  let i = p
  if (n >= 8 && q + n <= o.length) {
    const from = sourceViewOf(b)
    const to = targetViewOf(o)
    for (; i + 4 <= end; i += 4) {
      const x = from.getInt32(i, true)
      if (needsEscape(x) !== 0) break
      to.setInt32(at, x, true)
      at += 4
    }
  }
  while (i < end) {
    const behind = writeJsonCharacter(b, i, end, o, at)
    i += b[i]! < 128 ? 1 : behind - at
    at = behind
  }
  return at
}

/** One character; those beyond ASCII take as many bytes as they had. */
function writeJsonCharacter(b: Buffer, i: number, end: number, o: Buffer, q: number): number {
  const c = b[i]!
  if (c < 128) return writeJsonAscii(o, q, c)
  const bytes = sequenceBytes(b, i, end)
  for (let k = 0; k < bytes; k++) o[q + k] = b[i + k]!
  return q + bytes
}

function writeJsonAscii(o: Buffer, q: number, c: number): number {
  const letter = ESCAPES[c]!
  if (letter !== 0) return writeEscape(o, q, c, letter)
  o[q] = c
  return q + 1
}

function writeLongJsonText(b: Buffer, p: number, n: number, o: Buffer, q: number): number {
  const from = sourceViewOf(b)
  const to = targetViewOf(o)
  if (isJsonAscii(from, p, n)) {
    copyAscii(from, p, n, to, q)
    return q + n
  }
  const end = p + n
  let at = q
  for (let i = p; i < end; ) {
    while (i <= end - 4 && at <= o.length - 4) {
      const x = from.getInt32(i, true)
      if (needsEscape(x) !== 0) break
      to.setInt32(at, x, true)
      at += 4
      i += 4
    }
    if (i === end) break
    const behind = writeJsonCharacter(b, i, end, o, at)
    i += b[i]! < 128 ? 1 : behind - at
    at = behind
  }
  return at
}

/** MySQL's latin1 as the inside of a JSON string. */
export function writeJsonLatin1(b: Buffer, p: number, n: number, o: Buffer, q: number): number {
  let at = q
  for (let i = p; i < p + n; i++) {
    const c = b[i]!
    at = c < 128 ? writeJsonAscii(o, at, c) : writeCodePoint(o, at, LATIN1[c]!)
  }
  return at
}

/** Length of the UTF-8 sequence of a character above 7f at `i`: shortest form, no surrogates, at most 10ffff (RFC 3629). */
function sequenceBytes(b: Buffer, i: number, end: number): number {
  const c = b[i]!
  const bytes = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4
  if (c < 0xc2 || c > 0xf4 || i + bytes > end) throw new ValueProblem('its text is not valid UTF-8', i)
  const second = b[i + 1]!
  const low = c === 0xe0 ? 0xa0 : c === 0xf0 ? 0x90 : 0x80
  const high = c === 0xed ? 0x9f : c === 0xf4 ? 0x8f : 0xbf
  if (second < low || second > high) throw new ValueProblem('its text is not valid UTF-8', i)
  for (let k = 2; k < bytes; k++)
    if ((b[i + k]! & 0xc0) !== 0x80) throw new ValueProblem('its text is not valid UTF-8', i)
  return bytes
}

const BASE64 = Uint8Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', c => c.charCodeAt(0))

/** Base64 with padding, without line breaks. */
export function writeBase64(b: Uint8Array, p: number, n: number, o: Buffer, q: number): number {
  let at = q
  const end = p + n
  let i = p
  for (; i + 3 <= end; i += 3) {
    const v = (b[i]! << 16) | (b[i + 1]! << 8) | b[i + 2]!
    o[at] = BASE64[v >> 18]!
    o[at + 1] = BASE64[(v >> 12) & 63]!
    o[at + 2] = BASE64[(v >> 6) & 63]!
    o[at + 3] = BASE64[v & 63]!
    at += 4
  }
  if (i === end) return at
  const two = i + 2 === end
  const v = (b[i]! << 16) | (two ? b[i + 1]! << 8 : 0)
  o[at] = BASE64[v >> 18]!
  o[at + 1] = BASE64[(v >> 12) & 63]!
  o[at + 2] = two ? BASE64[(v >> 6) & 63]! : 61
  o[at + 3] = 61
  return at + 4
}

/** BINARY(n) arrives without its trailing zero bytes: the whole value, in a buffer that the next call overwrites. */
export function padBinary(b: Buffer, p: number, n: number, scratch: Buffer): Buffer {
  const copied = b.copy(scratch, 0, p, p + n)
  scratch.fill(0, copied)
  return scratch
}

/** Writes constant bytes. */
export function writeConstant(o: Buffer, q: number, bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; i++) o[q + i] = bytes[i]!
  return q + bytes.length
}
