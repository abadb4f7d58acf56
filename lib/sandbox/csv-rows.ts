import { isUtf8 } from 'node:buffer'
import { LoadError } from './load-error.js'
import type { LoadRequest } from './load-request.js'

const NULL_TEXT = '\\N'
const BLANK = 0x20

/** One row of a body: its fields (null is NULL) or why it cannot be read. */
export type BodyRow<Field> =
  | { readonly fields: readonly (Field | null)[]; readonly raw: () => string }
  | { readonly reason: string; readonly raw: () => string }

/**
 * Splits a CSV body as StarRocks does (section 5.1): without `enclose` and `escape` there is no quoting at all, blank lines
 * are skipped, the last row delimiter is optional, `\N` is NULL, a row that is not valid UTF-8 is rejected.
 */
export function* csvRows(body: Buffer, request: LoadRequest): Generator<BodyRow<string>> {
  const quoted = request.enclose !== null || request.escape !== null
  if (!quoted && isAscii(request.columnSeparator) && isAscii(request.rowDelimiter) && isUtf8(body)) {
    yield* textRows(body, request)
    return
  }
  const split = quoted ? quotedRow : plainRow
  let toSkip = request.skipHeader
  let at = 0
  while (at < body.length) {
    const { end, next, fields } = split(body, at, request)
    const start = at
    at = next
    if (toSkip > 0) {
      toSkip--
      continue
    }
    if (end === start) continue
    const raw = () => body.subarray(start, end).toString('utf8')
    if (!isUtf8(body.subarray(start, end))) yield { reason: 'Invalid UTF-8 row', raw }
    else yield { fields: fields().map(bytes => fieldText(bytes, request.trimSpace)), raw }
  }
  if (toSkip > 0) throw new LoadError(`The csv file has fewer lines than skip_header ${request.skipHeader}`)
}

/**
 * Rows of a body that is valid UTF-8 as a whole, without quoting and with delimiters of ASCII bytes: such a delimiter is
 * found at the same places in the text as in the bytes, and no row can be invalid by itself.
 */
function* textRows(body: Buffer, request: LoadRequest): Generator<BodyRow<string>> {
  const separator = request.columnSeparator.toString('latin1')
  let toSkip = request.skipHeader
  let at = 0
  while (at < body.length) {
    const found = body.indexOf(request.rowDelimiter, at)
    const end = found < 0 ? body.length : found
    const start = at
    at = found < 0 ? body.length : found + request.rowDelimiter.length
    if (toSkip > 0) {
      toSkip--
      continue
    }
    if (end === start) continue
    const row = body.toString('utf8', start, end)
    const fields: (string | null)[] = row.split(separator)
    for (let i = 0; i < fields.length; i++) {
      const text = request.trimSpace ? trimBlanks(fields[i]!) : fields[i]!
      fields[i] = text === NULL_TEXT ? null : text
    }
    yield { fields, raw: () => row }
  }
  if (toSkip > 0) throw new LoadError(`The csv file has fewer lines than skip_header ${request.skipHeader}`)
}

function isAscii(bytes: Buffer): boolean {
  return bytes.every(byte => byte < 0x80)
}

function trimBlanks(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && text.charCodeAt(start) === BLANK) start++
  while (end > start && text.charCodeAt(end - 1) === BLANK) end--
  return text.slice(start, end)
}

interface SplitRow {
  /** End of the row's bytes. */
  readonly end: number
  /** Start of the next row. */
  readonly next: number
  readonly fields: () => Buffer[]
}

function plainRow(body: Buffer, start: number, request: LoadRequest): SplitRow {
  const found = body.indexOf(request.rowDelimiter, start)
  const end = found < 0 ? body.length : found
  const next = found < 0 ? body.length : found + request.rowDelimiter.length
  return { end, next, fields: () => splitFields(body.subarray(start, end), request.columnSeparator) }
}

function splitFields(row: Buffer, separator: Buffer): Buffer[] {
  const fields: Buffer[] = []
  let at = 0
  for (;;) {
    const found = row.indexOf(separator, at)
    if (found < 0) break
    fields.push(row.subarray(at, found))
    at = found + separator.length
  }
  fields.push(row.subarray(at))
  return fields
}

/** The enclose/escape parser: `enclose` counts at a field's start only and is doubled inside; `escape` takes the next byte as it is. */
function quotedRow(body: Buffer, start: number, request: LoadRequest): SplitRow {
  const fields: Buffer[] = []
  let content: number[] = []
  let at = start
  let inside = false
  let fieldStart = true
  const matches = (delimiter: Buffer) => body.compare(delimiter, 0, delimiter.length, at, at + delimiter.length) === 0
  const endField = () => {
    fields.push(Buffer.from(content))
    content = []
    fieldStart = true
  }
  while (at < body.length) {
    const byte = body[at]!
    if (byte === request.escape && at + 1 < body.length) {
      content.push(body[at + 1]!)
      at += 2
      fieldStart = false
    } else if (inside) {
      if (byte !== request.enclose) content.push(byte)
      else if (body[at + 1] === request.enclose) content.push(body[++at]!)
      else inside = false
      at++
    } else if (fieldStart && byte === request.enclose) {
      inside = true
      fieldStart = false
      at++
    } else if (at + request.columnSeparator.length <= body.length && matches(request.columnSeparator)) {
      endField()
      at += request.columnSeparator.length
    } else if (at + request.rowDelimiter.length <= body.length && matches(request.rowDelimiter)) {
      break
    } else {
      content.push(byte)
      fieldStart = false
      at++
    }
  }
  endField()
  return { end: at, next: Math.min(body.length, at + request.rowDelimiter.length), fields: () => fields }
}

function fieldText(bytes: Buffer, trim: boolean): string | null {
  let start = 0
  let end = bytes.length
  if (trim) {
    while (start < end && bytes[start] === BLANK) start++
    while (end > start && bytes[end - 1] === BLANK) end--
  }
  const text = bytes.toString('utf8', start, end)
  return text === NULL_TEXT ? null : text
}
