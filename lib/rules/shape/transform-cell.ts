import type { TextValueWriter } from '../../binlog/text-image-writer.js'
import { valueTypeOf } from '../../binlog/value-type.js'
import { writeNumber } from '../../binlog/write-float.js'
import type { SourceColumn } from '../../model/schema.js'
import type { Value, ValueType } from '../../model/value.js'
import { ValueFailure } from './added-value.js'

/** A value in the one form that it has in a target: its text, or bytes. Values that are equal there are equal here. */
export type Cell = string | Uint8Array | null

/** How a column's values go into a module. */
export interface SeenColumn {
  /** As what they are read: see `WantedValue`. */
  readonly type: ValueType
  show(value: Value): unknown
}

const OPAQUE = new Set([
  'vector',
  'geometry',
  'point',
  'linestring',
  'polygon',
  'multipoint',
  'multilinestring',
  'multipolygon',
  'geometrycollection',
  'geomcollection',
])

/** DECIMAL as text, since numbers are not exact; bytes as a copy, since those of an event are gone with it. */
export function seenColumn(column: SourceColumn): SeenColumn {
  const type = typeOf(column)
  if (type.kind === 'decimal') return { type: { kind: 'text', maxLength: null }, show: value => value }
  if (type.kind === 'bytes')
    return { type, show: value => (value === null ? null : Uint8Array.from(value as Uint8Array)) }
  return { type, show: value => value }
}

/**
 * Makes the reader of what a module returns for a column: its `Cell`.
 * The reader throws a ValueFailure that names the column and what is wrong, never the value.
 */
export function cellReader(column: SourceColumn, name: string): (value: unknown) => Cell {
  const type = typeOf(column)
  const read = READERS[type.kind] as (value: unknown, type: ValueType, column: SourceColumn) => Cell | undefined
  const wrong = (what: string) =>
    new ValueFailure(`returns ${what} for column ${name}, which takes ${describe(type, column)}`)
  return value => {
    if (value === null) {
      if (column.nullable) return null
      throw wrong('null')
    }
    if (value === undefined) throw new ValueFailure(`leaves out column ${name}; for NULL return null`)
    const cell = read(value, type, column)
    if (cell === undefined) throw wrong(kindOf(value))
    return cell
  }
}

export function writeCell(cell: Cell, to: TextValueWriter): void {
  if (cell === null) to.null()
  else if (typeof cell === 'string') to.text(cell)
  else to.bytes(cell)
}

/** Text that is the same for equal keys only. */
export function keyText(cells: readonly Cell[]): string {
  return JSON.stringify(
    cells.map(cell => (cell instanceof Uint8Array ? { hex: Buffer.from(cell).toString('hex') } : cell)),
  )
}

/** Of a type that is stored as bytes of its own kind, a module sees these bytes. */
function typeOf(column: SourceColumn): ValueType {
  return OPAQUE.has(column.dataType) ? { kind: 'bytes', maxLength: null } : valueTypeOf(column)
}

type Of<K extends ValueType['kind']> = Extract<ValueType, { readonly kind: K }>
type Readers = {
  readonly [K in ValueType['kind']]: (value: unknown, type: Of<K>, column: SourceColumn) => Cell | undefined
}

const READERS: Readers = {
  integer: (value, { bits, unsigned }, { targetType }) => {
    const whole = typeof value === 'boolean' && bits === 8 ? Number(value) : value
    const max = targetType === 'boolean' ? 1n : (1n << BigInt(unsigned ? bits : bits - 1)) - 1n
    return wholeNumber(whole, unsigned || targetType === 'boolean' ? 0n : -max - 1n, max)
  },
  bit: (value, { bits }) => wholeNumber(value, 0n, (1n << BigInt(bits)) - 1n),
  year: value => wholeNumber(value, 0n, 2155n)?.padStart(4, '0'),
  decimal: (value, { precision, scale }) => {
    const text = typeof value === 'string' ? value : wholeNumber(value, null, null)
    return text === undefined ? undefined : decimalText(text, precision, scale)
  },
  double: value => (typeof value === 'number' && Number.isFinite(value) ? doubleText(value) : undefined),
  text: (value, { maxLength }, column) =>
    isText(value) && lengthOf(value, column) <= (maxLength ?? Infinity) ? value : undefined,
  bytes: (value, { maxLength }) =>
    value instanceof Uint8Array && value.length <= (maxLength ?? Infinity) ? value : undefined,
  date: value => (typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value) ? value : undefined),
  datetime: (value, { fractionDigits }, { targetType }) => {
    const match =
      typeof value === 'string'
        ? /^(\d{4}-\d\d-\d\d)[ T]([01]\d|2[0-3])(:[0-5]\d:[0-5]\d)(?:\.(\d{1,6}))?$/.exec(value)
        : null
    if (match === null) return undefined
    const fraction = fractionText(match[4] ?? '', fractionDigits, targetType !== undefined)
    return fraction === undefined ? undefined : `${match[1]} ${match[2]}${match[3]}${fraction}`
  },
  time: (value, { fractionDigits }) => {
    const match = typeof value === 'string' ? /^(-?\d{2,3}:[0-5]\d:[0-5]\d)(?:\.(\d{1,6}))?$/.exec(value) : null
    const fraction = match === null ? undefined : fractionText(match[2] ?? '', fractionDigits, false)
    return fraction === undefined ? undefined : `${match![1]}${fraction}`
  },
  json: value => (typeof value === 'string' && isJson(value) ? value : undefined),
}

/** Null: no bound. */
function wholeNumber(value: unknown, min: bigint | null, max: bigint | null): string | undefined {
  if (typeof value !== 'bigint' && !(typeof value === 'number' && Number.isSafeInteger(value))) return undefined
  const whole = BigInt(value)
  return (min !== null && whole < min) || (max !== null && whole > max) ? undefined : `${whole}`
}

/** All digits of the scale; undefined where digits would be lost. */
function decimalText(text: string, precision: number, scale: number): string | undefined {
  const match = /^([+-]?)0*(\d+)(?:\.(\d*?)0*)?$/.exec(text)
  if (match === null) return undefined
  const [, sign, whole = '', fraction = ''] = match
  if (fraction.length > scale || (whole === '0' ? 0 : whole.length) > precision - scale) return undefined
  const digits = scale === 0 ? whole : `${whole}.${fraction.padEnd(scale, '0')}`
  return sign === '-' && /[1-9]/.test(digits) ? `-${digits}` : digits
}

const SCRATCH = Buffer.alloc(64)

/** As the stream writes doubles. */
function doubleText(value: number): string {
  return SCRATCH.toString('latin1', 0, writeNumber(SCRATCH, 0, value, 0))
}

function fractionText(digits: string, most: number, isShort: boolean): string | undefined {
  const kept = digits.replace(/0+$/, '')
  if (kept.length > most) return undefined
  const shown = isShort ? kept : kept.padEnd(most, '0')
  return shown === '' ? '' : `.${shown}`
}

/** VARCHAR of StarRocks and TEXT of MySQL count bytes, VARCHAR of MySQL characters. */
function lengthOf(value: string, { targetType, dataType }: SourceColumn): number {
  if (targetType !== undefined || dataType.endsWith('text')) return Buffer.byteLength(value)
  let length = 0
  for (const _ of value) length++
  return length
}

/** Half of a character is none, and no bytes of UTF-8 stand for it. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && !/\p{Surrogate}/u.test(value)
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}

function kindOf(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`
  if (Array.isArray(value)) return 'an array'
  switch (typeof value) {
    case 'string':
      return `a text of ${value.length} characters that does not fit`
    case 'number':
      return Number.isInteger(value) ? 'a whole number that does not fit' : 'a number that is not whole or not finite'
    case 'bigint':
      return 'a bigint that does not fit'
    case 'object':
      return `an object (${value?.constructor?.name ?? 'null'})`
    default:
      return `a ${typeof value}`
  }
}

function describe(type: ValueType, { targetType, columnType, nullable }: SourceColumn): string {
  const or = nullable ? ', or null' : ''
  return `${(targetType ?? columnType).toUpperCase()}: ${WORDS[type.kind]}${or}`
}

const WORDS: Readonly<Record<ValueType['kind'], string>> = {
  integer: 'a whole number or bigint in its range',
  bit: 'a bigint of its bits',
  year: 'a whole number',
  decimal: 'its digits as text ("9.90"), a whole number or a bigint',
  double: 'a finite number',
  text: 'a text that is no longer',
  bytes: 'a Uint8Array that is no longer',
  date: 'text "YYYY-MM-DD"',
  datetime: 'text "YYYY-MM-DD hh:mm:ss", with a fraction that it holds',
  time: 'text "hh:mm:ss", with a fraction that it holds',
  json: 'JSON as text',
}
