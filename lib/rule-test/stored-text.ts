import type { SourceColumn } from '../model/schema.js'
import { FixtureProblem } from './fixture-problem.js'

const INTEGER_BITS: Readonly<Record<string, bigint>> = {
  tinyint: 8n,
  smallint: 16n,
  mediumint: 24n,
  int: 32n,
  bigint: 64n,
}
const BYTES = new Set(['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob'])

/**
 * The value that the server stores when it is given this one, as its SELECT prints it; bytes as they are; null is NULL, which
 * fixtures write as []. Throws FixtureProblem where the column cannot hold it as it is.
 */
export function storedText(column: SourceColumn, value: unknown): string | Buffer | null {
  if (Array.isArray(value) && value.length === 0) {
    if (!column.nullable) throw unfit(column, 'is NOT NULL')
    return null
  }
  const text = textOf(column, value)
  const { dataType } = column
  if (dataType in INTEGER_BITS) return integer(column, text)
  if (BYTES.has(dataType)) return bytes(column, text)
  switch (dataType) {
    case 'decimal':
      return decimal(column, text)
    case 'float':
    case 'double':
      return number(column, text)
    case 'bit':
    case 'year':
      if (!/^\d+$/.test(text)) throw unfit(column, 'needs digits')
      return text
    case 'date':
      if (!/^\d{4}-\d\d-\d\d$/.test(text)) throw unfit(column, 'needs a date such as "2024-02-29"')
      return text
    case 'datetime':
    case 'timestamp':
    case 'time':
      return moment(column, text)
    case 'enum':
      if (!column.members.includes(text)) throw unfit(column, `has the labels ${column.members.join(', ')}`)
      return text
    case 'set':
      return labels(column, text)
    case 'json':
      return json(column, text)
    case 'char':
    case 'varchar':
      if ([...text].length > (column.maxLength ?? Number.POSITIVE_INFINITY)) throw unfit(column, 'is shorter')
      return text
    default:
      return text
  }
}

function textOf(column: SourceColumn, value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value
    case 'number':
    case 'bigint':
      return String(value)
    case 'boolean':
      return value ? '1' : '0'
  }
  if (value instanceof Date) return value.toISOString().replace('T', ' ')
  if (column.dataType === 'json') return JSON.stringify(value)
  throw unfit(column, 'needs a text or a number in a fixture; [] is NULL')
}

function integer(column: SourceColumn, text: string): string {
  if (!/^-?\d+$/.test(text)) throw unfit(column, 'needs a whole number')
  const bits = INTEGER_BITS[column.dataType]!
  const value = BigInt(text)
  const [least, most] = column.unsigned ? [0n, (1n << bits) - 1n] : [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n]
  if (value < least || value > most) throw unfit(column, `goes from ${least} to ${most}`)
  return String(value)
}

/** All digits of the scale. */
function decimal(column: SourceColumn, text: string): string {
  const match = /^(-?)0*(\d+)(?:\.(\d*))?$/.exec(text)
  const scale = column.scale ?? 0
  const [, sign = '', whole = '', fraction = ''] = match ?? []
  if (match === null || fraction.length > scale || whole.length > (column.precision ?? 10) - scale)
    throw unfit(column, 'needs a number that it holds exactly')
  const digits = scale === 0 ? whole : `${whole}.${fraction.padEnd(scale, '0')}`
  return /[1-9]/.test(digits) ? `${sign}${digits}` : digits
}

function number(column: SourceColumn, text: string): string {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) throw unfit(column, 'needs a number')
  return String(value)
}

/** With as many digits of a second as the column has. */
function moment(column: SourceColumn, text: string): string {
  const isTime = column.dataType === 'time'
  const form = isTime
    ? /^(-?\d{2,3}:\d\d:\d\d)(?:\.(\d{1,6}))?$/
    : /^(\d{4}-\d\d-\d\d(?: \d\d:\d\d:\d\d)?)(?:\.(\d{1,6}))?$/
  const match = form.exec(text.replace('T', ' '))
  const digits = column.fractionDigits ?? 0
  const fraction = (match?.[2] ?? '').replace(/0+$/, '')
  if (match === null || fraction.length > digits)
    throw unfit(column, `needs a text such as ${isTime ? '"12:34:56"' : '"2024-02-29 12:34:56"'}, without a zone`)
  const whole = match[1]!.length === 10 && !isTime ? `${match[1]} 00:00:00` : match[1]!
  return digits === 0 ? whole : `${whole}.${fraction.padEnd(digits, '0')}`
}

function labels(column: SourceColumn, text: string): string {
  const given = text === '' ? [] : text.split(',')
  if (given.some(label => !column.members.includes(label)))
    throw unfit(column, `has the labels ${column.members.join(', ')}`)
  return column.members.filter(label => given.includes(label)).join(',')
}

function bytes(column: SourceColumn, text: string): Buffer {
  const value = /^0x([0-9a-f]{2})*$/i.test(text) ? Buffer.from(text.slice(2), 'hex') : Buffer.from(text)
  if (value.length > (column.maxLength ?? Number.POSITIVE_INFINITY)) throw unfit(column, 'is shorter')
  if (column.dataType !== 'binary') return value
  return Buffer.concat([value, Buffer.alloc((column.maxLength ?? value.length) - value.length)])
}

function json(column: SourceColumn, text: string): string {
  try {
    JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) throw unfit(column, 'needs a JSON document')
    throw error
  }
  return text
}

function unfit({ name, columnType }: SourceColumn, why: string): FixtureProblem {
  return new FixtureProblem(`column ${name} (${columnType}) ${why}`)
}
