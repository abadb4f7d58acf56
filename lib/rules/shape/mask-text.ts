import type { KeyedHash, Mask } from '../../model/mask.js'

/** What is written in place of a value; its text is the one that the stream writes. Bytes come to `sha256` only. */
export type WriteMasked = (value: string | Uint8Array) => string | null

/** The values of a mask; NULL is not asked. `salt`: for sha256. */
export function maskText(mask: Mask, salt: KeyedHash | null): WriteMasked {
  switch (mask.by) {
    case 'keep':
      return value => keep(textOf(value), mask.head, mask.tail, mask.fill)
    case 'email':
      return value => email(textOf(value))
    case 'sha256': {
      if (salt === null) throw new TypeError('a mask that hashes has no salt')
      return value => salt.hash(value)
    }
    case 'null':
      return () => null
    case 'fixed':
      return () => mask.text
    case 'truncate':
      return value => truncate(textOf(value), mask.length)
    case 'year':
      return value => firstDay(textOf(value), 4)
    case 'month':
      return value => firstDay(textOf(value), 7)
    case 'round':
      return value => round(textOf(value), mask.step)
  }
}

/** Only the hash is asked for bytes: planned so by `planMask`. */
function textOf(value: string | Uint8Array): string {
  if (typeof value === 'string') return value
  throw new TypeError('a mask of texts was given bytes')
}

const SURROGATE = /[\ud800-\udfff]/

function keep(text: string, head: number, tail: number, fill: string): string {
  // One unit is one character in nearly all texts.
  if (!SURROGATE.test(text)) {
    const hidden = text.length - head - tail
    if (hidden <= 0) return fill.repeat(text.length)
    return text.slice(0, head) + fill.repeat(hidden) + text.slice(text.length - tail)
  }
  const characters = [...text]
  const hidden = characters.length - head - tail
  if (hidden <= 0) return fill.repeat(characters.length)
  const last = characters.slice(characters.length - tail)
  return characters.slice(0, head).join('') + fill.repeat(hidden) + last.join('')
}

function truncate(text: string, length: number): string {
  return SURROGATE.test(text) ? [...text].slice(0, length).join('') : text.slice(0, length)
}

/** What stands for the hidden part of an address, however long it is. */
const HIDDEN = '***'

/** The domain begins behind the last @, which a local part in quotes may hold too; a single letter before it would be all of it. */
function email(text: string): string {
  const at = text.lastIndexOf('@')
  if (at === -1) return HIDDEN
  const first = String.fromCodePoint(text.codePointAt(0)!)
  return `${first.length < at ? first : ''}${HIDDEN}${text.slice(at)}`
}

/** "2024-05-17 11:00:00.5" -> "2024-01-01 00:00:00.0". The zero date stays what it is, so that zero_date finds it. */
function firstDay(text: string, kept: 4 | 7): string {
  if (text.startsWith('0000-00')) return text
  const day = kept === 4 ? `${text.slice(0, 4)}-01-01` : `${text.slice(0, 7)}-01`
  return text.length <= 10 ? day : `${day} 00:00:00${text.slice(19).replace(/\d/g, '0')}`
}

function round(text: string, step: bigint): string {
  const point = text.indexOf('.')
  const whole = BigInt(point === -1 ? text : text.slice(0, point))
  const digits = String((whole / step) * step)
  return point === -1 ? digits : `${digits}.${'0'.repeat(text.length - point - 1)}`
}
