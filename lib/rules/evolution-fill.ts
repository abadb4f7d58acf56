import type { SourceColumn } from '../model/schema.js'
import type { ColumnFill } from '../model/schema-change.js'
import type { TargetFill } from '../model/target-change.js'
import type { ZeroDate } from '../model/value-policy.js'
import { parseTargetType } from '../starrocks/target-type.js'

const ZERO_DAY = /^(?:\d{4}-00-|\d{4}-\d\d-00|0000-)/

/**
 * The fill of an added column in words of the target: the value as the stream would have written it. Texts of TIMESTAMP are
 * taken to be in the zone in which the stream writes them; those of BIT are numbers, or as in b'101'. `zeroDate`: what the
 * stream writes for dates no calendar has.
 */
export function targetFill(fill: ColumnFill, column: SourceColumn, type: string, zeroDate: ZeroDate): TargetFill {
  if (fill.kind !== 'text') return fill
  const { base } = parseTargetType(type)
  const text = fill.text
  switch (column.dataType) {
    case 'bit':
      return bitFill(text)
    case 'date':
    case 'datetime':
    case 'timestamp':
      if (ZERO_DAY.test(text)) return zeroFill(text, zeroDate)
      break
    default:
      if (/^[\x00-\x7f]*$/.test(text) || base !== 'varbinary') break
      return { kind: 'unknown', reason: 'has bytes that are no text' }
  }
  // A binary key is kept as the base64 of its bytes; see `mapColumn`.
  if (base === 'varbinary')
    return { kind: 'value', text: Buffer.from(text).toString('base64'), form: 'base64', asDefault: text === '' }
  if (base === 'json') return { kind: 'value', text, form: 'json', asDefault: false }
  return { kind: 'value', text, form: 'plain', asDefault: isDefault(text, type) }
}

function zeroFill(text: string, zeroDate: ZeroDate): TargetFill {
  switch (zeroDate) {
    case 'null':
      return { kind: 'null' }
    case 'min':
      return { kind: 'value', text: '0000-01-01', form: 'plain', asDefault: false }
    case 'stop':
      return { kind: 'unknown', reason: `has the date ${text}, which StarRocks does not know` }
  }
}

/** Whether StarRocks takes a text as DEFAULT of a column of the type; a doubt is a no, since an UPDATE does it too. */
function isDefault(text: string, type: string): boolean {
  const { base, length, precision, scale } = parseTargetType(type)
  switch (base) {
    case 'boolean':
      return text === '0' || text === '1'
    case 'tinyint':
    case 'smallint':
    case 'int':
    case 'bigint':
    case 'largeint':
      return /^-?\d{1,38}$/.test(text)
    case 'decimal': {
      const match = /^-?(\d+)(?:\.(\d+))?$/.exec(text)
      return match !== null && match[1]!.length <= precision! - scale! && (match[2] ?? '').length <= scale!
    }
    case 'double':
      return /^-?\d{1,15}$/.test(text)
    case 'varchar':
      return Buffer.byteLength(text) <= length! && /^[^\0-\x1f\x7f]*$/.test(text)
    case 'date':
      return /^\d{4}-\d\d-\d\d$/.test(text)
    case 'datetime':
      return /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text)
    default:
      return false
  }
}

function bitFill(text: string): TargetFill {
  const bits = /^b'([01]+)'$/i.exec(text)?.[1]
  if (bits !== undefined) return { kind: 'value', text: String(BigInt(`0b${bits}`)), form: 'plain', asDefault: true }
  if (/^\d+$/.test(text)) return { kind: 'value', text, form: 'plain', asDefault: true }
  return { kind: 'unknown', reason: 'has bits that are no number' }
}
