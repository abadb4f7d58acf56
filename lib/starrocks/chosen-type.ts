import type { SourceColumn } from '../model/schema.js'
import type { TypeChoices } from '../model/value-policy.js'
import { KEY_TYPES, PRIMARY_KEY_TYPES } from './key-types.js'
import { parseTargetType, renderTargetType, type TargetType, typeFit } from './target-type.js'
import { type FieldForm, formFor, MAX_STRING_BYTES, mapColumn, mapGroupColumn, valueKind } from './type-map.js'

/** What a column is in its target: no key, or a key of which model. */
export type KeyRole = 'none' | 'primary' | 'group'

export type ChosenType =
  | {
      readonly type: string
      readonly form: FieldForm
      /** Some values arrive changed, by the operator's choice; null when none does. */
      readonly loss: string | null
    }
  /** No type of StarRocks fits the column. */
  | { readonly unsupported: string }
  /** The operator's choice cannot be carried out; follows the words `cast = { … }`. */
  | { readonly impossible: string }

/** The StarRocks type and field form of a source column: the mapped one, unless the operator chose another. */
export function chooseType(column: SourceColumn, role: KeyRole, choices: TypeChoices): ChosenType {
  const cast = choices.cast.get(column.name) ?? column.targetType
  if (cast !== undefined) return castColumn(column, role, cast)
  const mapped = role === 'group' ? mapGroupColumn(column) : mapColumn(column, role === 'primary')
  if ('unsupported' in mapped) return mapped
  return { ...mapped, type: isBoolean(column, choices) ? 'boolean' : mapped.type, loss: null }
}

function isBoolean(column: SourceColumn, { bit1, tinyint1 }: TypeChoices): boolean {
  return (
    (bit1 === 'boolean' && column.dataType === 'bit' && column.precision === 1) ||
    (tinyint1 === 'boolean' && column.columnType.toLowerCase() === 'tinyint(1)')
  )
}

type Family = 'boolean' | 'integer' | 'decimal' | 'float' | 'string' | 'bytes' | 'date' | 'json'

const FAMILIES: Readonly<Record<string, Family>> = {
  boolean: 'boolean',
  tinyint: 'integer',
  smallint: 'integer',
  int: 'integer',
  bigint: 'integer',
  largeint: 'integer',
  decimal: 'decimal',
  float: 'float',
  double: 'float',
  char: 'string',
  varchar: 'string',
  varbinary: 'bytes',
  date: 'date',
  datetime: 'date',
  json: 'json',
}

/** Which families StarRocks reads a value's text as, if not every text then those that are well formed. */
const READABLE: Readonly<Record<ReturnType<typeof valueKind>, readonly Family[]>> = {
  integer: ['boolean', 'integer', 'decimal', 'float', 'string'],
  decimal: ['integer', 'decimal', 'float', 'string'],
  float: ['integer', 'decimal', 'float', 'string'],
  date: ['date', 'string'],
  time: ['string'],
  text: ['boolean', 'integer', 'decimal', 'float', 'string', 'bytes', 'date', 'json'],
  bytes: ['bytes', 'string'],
  json: ['json', 'string'],
  special: ['string', 'bytes'],
}

/** Families in which different texts stay different values. */
const INJECTIVE: Readonly<Partial<Record<ReturnType<typeof valueKind>, readonly Family[]>>> = {
  integer: ['boolean', 'integer', 'decimal', 'string'],
  decimal: ['decimal', 'string'],
  float: ['string'],
  date: ['date', 'string'],
  time: ['string'],
  text: ['string'],
  bytes: ['string'],
}

function castColumn(column: SourceColumn, role: KeyRole, text: string): ChosenType {
  const type = parseTargetType(text)
  const family = Object.hasOwn(FAMILIES, type.base) ? FAMILIES[type.base]! : null
  const impossible = (reason: string): ChosenType => ({ impossible: reason })
  if (family === null) return impossible(`${text} is no type that a column can be cast to`)
  const size = sizeFault(type)
  if (size !== null) return impossible(size)
  const kind = valueKind(column)
  const what = `values of ${column.columnType}`
  if (!READABLE[kind].includes(family)) return impossible(`StarRocks cannot read ${what} as ${text}`)
  const mapped = mapColumn(column, false)
  if ('unsupported' in mapped) return mapped
  const fit = typeFit(mapped.type, text)
  if (role !== 'none') {
    if (!(role === 'primary' ? PRIMARY_KEY_TYPES : KEY_TYPES).has(type.base))
      return impossible(`${text} cannot be a key column in StarRocks`)
    if (fit.kind === 'lossy' || INJECTIVE[kind]?.includes(family) !== true)
      return impossible(`different ${what} would become one ${text}, and the column is a key`)
  }
  const isKey = role !== 'none'
  const rendered = renderTargetType(type)
  const loss = fit.kind === 'lossy' ? fit.reason : null
  return { type: rendered, form: formFor(column, rendered, isKey), loss }
}

/** What StarRocks would say to the numbers in a type; null when it takes them. */
function sizeFault({ base, length, precision, scale }: TargetType): string | null {
  switch (base) {
    case 'char':
      return length! >= 1 && length! <= 255 ? null : 'a CHAR has 1 to 255 bytes'
    case 'varchar':
    case 'varbinary':
      return length! >= 1 && length! <= MAX_STRING_BYTES
        ? null
        : `a ${base.toUpperCase()} has 1 to ${MAX_STRING_BYTES} bytes`
    case 'decimal':
      return precision! >= 1 && precision! <= 38 && scale! <= precision!
        ? null
        : 'a DECIMAL has 1 to 38 digits, of which some or all may be fraction digits'
    default:
      return null
  }
}
