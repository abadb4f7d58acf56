import { separatorBytes } from '../starrocks/load-body.js'
import { columnNames } from './columns-header.js'
import type { Route } from './route.js'

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** Whether two rows of a body, each from its start to before its end, have the same key, byte by byte. */
export type SameKey = (
  one: Buffer,
  oneStart: number,
  oneEnd: number,
  other: Buffer,
  otherStart: number,
  otherEnd: number,
) => boolean

/**
 * Notes in `spans` where each key field begins and ends in `bytes`, in key order. False when what stands from `start` to before
 * `end` is no row with all of them.
 */
type FindKey = (bytes: Buffer, start: number, end: number, spans: Int32Array) => boolean

/** How keys of a body's rows are compared; `columns`: its header. Null where a key column is no field of its rows. */
export function keyComparison(json: boolean, columns: string, route: Route): SameKey | null {
  const names = columnNames(columns)
  const fields = route.target.key.map(key => names.findIndex(name => name.toLowerCase() === key.toLowerCase()))
  if (fields.length === 0 || fields.includes(-1)) return null
  if (json) return bySpans(findInJson(fields.map(field => Buffer.from(JSON.stringify(names[field])))), fields.length)
  const separator = separatorBytes(route.columnSeparator)
  const leads = fields.every(field => field < fields.length)
  if (leads && separator.length === 1) return byLeadingBytes(separator[0]!, fields.length)
  return bySpans(findInCsv(fields, separator, separatorBytes(route.rowDelimiter)), fields.length)
}

/** Where the key is what rows begin with, as nearly always, they are compared up to the separator behind it. */
function byLeadingBytes(separator: number, fields: number): SameKey {
  return (one, oneStart, oneEnd, other, otherStart, otherEnd) => {
    let left = fields
    const shift = otherStart - oneStart
    for (let at = oneStart; at < oneEnd; at++) {
      const byte = one[at]!
      if (other[at + shift] !== byte) return false
      if (byte === separator && --left === 0) return true
    }
    return oneEnd + shift === otherEnd
  }
}

function bySpans(find: FindKey, fields: number): SameKey {
  const a = new Int32Array(2 * fields)
  const b = new Int32Array(2 * fields)
  return (one, oneStart, oneEnd, other, otherStart, otherEnd) => {
    if (!find(one, oneStart, oneEnd, a) || !find(other, otherStart, otherEnd, b)) return false
    for (let part = 0; part < a.length; part += 2) {
      const [from, to] = [a[part]!, a[part + 1]!]
      const shift = b[part]! - from
      if (b[part + 1]! - to !== shift) return false
      for (let at = from; at < to; at++) if (one[at] !== other[at + shift]) return false
    }
    return true
  }
}

/** No byte of a separator stands in any value of a CSV body, so the first one ends the field. */
function findInCsv(fields: readonly number[], separator: Uint8Array, delimiter: Uint8Array): FindKey {
  const last = Math.max(...fields)
  const keyPart = Array.from({ length: last + 1 }, (_, field) => fields.indexOf(field))
  const first = separator[0]!
  return (bytes, start, rowEnd, spans) => {
    const end = rowEnd - delimiter.length
    let at = start
    for (let field = 0; field <= last; field++) {
      const from = at
      while (at < end && bytes[at] !== first) at++
      const part = keyPart[field]!
      if (part >= 0) {
        spans[2 * part] = from
        spans[2 * part + 1] = at
      }
      if (at >= end) return field === last
      at += separator.length
    }
    return true
  }
}

/** `names`: with their quotes, as they stand in a row. */
function findInJson(names: readonly Buffer[]): FindKey {
  return (bytes, start, end, spans) => {
    let at = start
    // In front of an object stands the bracket of the array, or the comma behind the row before.
    while (at < end && bytes[at] !== OPEN_BRACE) at++
    for (let missing = names.length; missing > 0; ) {
      const name = ++at
      if (bytes[name] !== QUOTE) return false
      at = behindText(bytes, name, end)
      const part = names.findIndex(wanted => wanted.length === at - name && wanted.compare(bytes, name, at) === 0)
      if (bytes[at] !== COLON) return false
      const value = ++at
      at = behindValue(bytes, value, end)
      if (part >= 0) {
        spans[2 * part] = value
        spans[2 * part + 1] = at
        missing--
      }
      if (missing > 0 && bytes[at] !== COMMA) return false
    }
    return true
  }
}

function behindText(bytes: Buffer, quote: number, end: number): number {
  let at = quote + 1
  while (at < end && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1
  return at + 1
}

function behindValue(bytes: Buffer, value: number, end: number): number {
  let depth = 0
  for (let at = value; at < end; ) {
    switch (bytes[at]) {
      case QUOTE:
        at = behindText(bytes, at, end)
        continue
      case OPEN_BRACE:
      case OPEN_BRACKET:
        depth++
        break
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        if (depth-- === 0) return at
        break
      case COMMA:
        if (depth === 0) return at
        break
    }
    at++
  }
  return end
}
