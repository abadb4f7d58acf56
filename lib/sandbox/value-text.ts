import {
  DuckDBBlobValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
} from '@duckdb/node-api'
import { canonicalJson, parseJsonValue } from './json-scan.js'

/** A cell of a result: text or raw bytes as the text protocol sends them, null for SQL NULL. */
export type Cell = string | Uint8Array | null

export type RenderValue = (value: DuckDBValue) => Cell

/** How the values of one result column are printed, as StarRocks prints them. */
export function valueRenderer(type: DuckDBType): RenderValue {
  switch (type.typeId) {
    case DuckDBTypeId.VARCHAR:
      return type.alias === 'JSON'
        ? value => (value === null ? null : canonicalJson(parseJsonValue(value as string)))
        : asText
    case DuckDBTypeId.FLOAT:
      return value => (value === null ? null : renderFloat(value as number))
    // Lists of ids stand for BITMAP and HLL, which StarRocks prints as NULL.
    case DuckDBTypeId.LIST:
      return isIdList(type) ? () => null : asText
    default:
      return asText
  }
}

/** True for the type that stands for BITMAP and HLL. */
export function isIdList(type: DuckDBType): boolean {
  return type.typeId === DuckDBTypeId.LIST && type.toString() === 'UBIGINT[]'
}

function asText(value: DuckDBValue): Cell {
  switch (typeof value) {
    case 'string':
      return value
    case 'number':
    case 'bigint':
      return String(value)
    case 'boolean':
      return value ? '1' : '0'
  }
  if (value === null) return null
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue)
    return renderTimestamp(value.micros)
  if (value instanceof DuckDBDecimalValue) return value.toString()
  if (value instanceof DuckDBBlobValue) return value.bytes
  if (value instanceof DuckDBListValue) return `[${value.items.map(nestedText).join(',')}]`
  if (value instanceof DuckDBMapValue)
    return `{${value.entries.map(entry => `${nestedText(entry.key)}:${nestedText(entry.value)}`).join(',')}}`
  if (value instanceof DuckDBStructValue)
    return `{${Object.entries(value.entries)
      .map(([name, field]) => `"${name}":${nestedText(field)}`)
      .join(',')}}`
  return value.toString()
}

/** A value inside an array, map or struct: texts and dates are quoted. */
function nestedText(value: DuckDBValue): string {
  const text = asText(value)
  if (text === null) return 'null'
  if (typeof text !== 'string') return `"${Buffer.from(text).toString('latin1')}"`
  const bare =
    typeof value === 'number' ||
    typeof value === 'bigint' ||
    typeof value === 'boolean' ||
    value instanceof DuckDBDecimalValue ||
    value instanceof DuckDBListValue ||
    value instanceof DuckDBMapValue ||
    value instanceof DuckDBStructValue
  return bare ? text : `"${text}"`
}

/** `YYYY-MM-DD HH:MM:SS`, with six fraction digits when the fraction is not zero. */
export function renderTimestamp(micros: bigint): string {
  let fraction = Number(micros % 1_000_000n)
  let seconds = Number(micros / 1_000_000n)
  if (fraction < 0) {
    fraction += 1_000_000
    seconds--
  }
  const text = new Date(seconds * 1000).toISOString()
  const whole = `${text.slice(0, 10)} ${text.slice(11, 19)}`
  return fraction === 0 ? whole : `${whole}.${String(fraction).padStart(6, '0')}`
}

/** The shortest text that reads back as the same 32-bit float. */
function renderFloat(value: number): string {
  for (let digits = 1; digits < 10; digits++) {
    const shorter = Number(value.toPrecision(digits))
    if (Math.fround(shorter) === value) return String(shorter)
  }
  return String(value)
}
