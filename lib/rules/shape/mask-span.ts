import { fillBytes, type TextValueWriter } from '../../binlog/text-image-writer.js'
import type { Mask } from '../../model/mask.js'

/**
 * Writes what stands in place of a text of ASCII characters, `source[at..at + bytes)`: the same as `maskText` gives for it, without
 * the text being made.
 */
export type WriteMaskedSpan = (source: Buffer, at: number, bytes: number, to: TextValueWriter) => void

const SIGN = 64
const STAR = 42
const HIDDEN_BYTES = 3

/** Null: this mask needs the text itself. */
export function maskSpan(mask: Mask): WriteMaskedSpan | null {
  switch (mask.by) {
    case 'keep': {
      const { head, tail, fill } = mask
      const byte = fill.charCodeAt(0)
      if (fill.length !== 1 || byte > 126) return null
      return (source, at, bytes, to) => keep(source, at, bytes, head, tail, byte, to)
    }
    case 'email':
      return email
    case 'fixed':
      return (_source, _at, _bytes, to) => to.text(mask.text)
    case 'truncate':
      return (source, at, bytes, to) => to.span(source, at, at + Math.min(bytes, mask.length))
    default:
      return null
  }
}

function keep(
  source: Buffer,
  at: number,
  bytes: number,
  head: number,
  tail: number,
  fill: number,
  to: TextValueWriter,
): void {
  const q = to.open(bytes)
  const { buffer } = to
  const isShort = bytes <= head + tail
  const from = isShort ? 0 : head
  const until = isShort ? bytes : bytes - tail
  for (let i = 0; i < from; i++) buffer[q + i] = source[at + i]!
  fillBytes(buffer, q + from, until - from, fill)
  for (let i = until; i < bytes; i++) buffer[q + i] = source[at + i]!
}

function email(source: Buffer, at: number, bytes: number, to: TextValueWriter): void {
  let sign = bytes - 1
  while (sign >= 0 && source[at + sign] !== SIGN) sign--
  const first = sign > 1 ? 1 : 0
  const domain = sign < 0 ? 0 : bytes - sign
  let q = to.open(first + HIDDEN_BYTES + domain)
  const { buffer } = to
  if (first === 1) buffer[q++] = source[at]!
  for (let i = 0; i < HIDDEN_BYTES; i++) buffer[q++] = STAR
  for (let i = bytes - domain; i < bytes; i++) buffer[q++] = source[at + i]!
}
