import { integerDigits, parseTargetType, type TargetType, textLength, typeFit } from './target-type.js'
import { MAX_STRING_BYTES } from './type-map.js'

const MAX_DECIMAL_DIGITS = 38
/** From narrow to wide; a column gets the first that holds all values of both. */
const INTEGERS = ['smallint', 'int', 'bigint', 'largeint']

/**
 * The narrowest type of a column that holds every value of two others unchanged: one of the two, a wider number, DATETIME,
 * or VARCHAR. Null when there is none: bytes beside anything else.
 */
export function widestType(a: string, b: string): string | null {
  const [left, right] = [parseTargetType(a), parseTargetType(b)]
  if ((left.base === 'varbinary') !== (right.base === 'varbinary')) return null
  const fits = (type: string) => typeFit(a, type).kind === 'fits' && typeFit(b, type).kind === 'fits'
  const decimal = commonDecimal(left, right)
  const candidates = [a, b, ...INTEGERS, ...(decimal === null ? [] : [decimal]), 'double', 'datetime']
  return candidates.find(fits) ?? `varchar(${commonLength(left, right)})`
}

function commonDecimal(a: TargetType, b: TargetType): string | null {
  if (a.base !== 'decimal' && b.base !== 'decimal') return null
  const [wholeA, wholeB] = [wholeDigits(a), wholeDigits(b)]
  if (wholeA === null || wholeB === null) return null
  const scale = Math.max(a.scale ?? 0, b.scale ?? 0)
  const precision = Math.max(wholeA, wholeB) + scale
  return precision > MAX_DECIMAL_DIGITS ? null : `decimal(${precision},${scale})`
}

function wholeDigits(type: TargetType): number | null {
  return type.base === 'decimal' ? type.precision! - type.scale! : integerDigits(type)
}

function commonLength(a: TargetType, b: TargetType): number {
  return Math.min(MAX_STRING_BYTES, Math.max(textLength(a) ?? MAX_STRING_BYTES, textLength(b) ?? MAX_STRING_BYTES))
}
