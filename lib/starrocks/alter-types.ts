import { parseTargetType, renderTargetType, type TargetType } from './target-type.js'

/** From a type to the types MODIFY COLUMN turns it into (StarRocks, catalog/SchemaChangeTypeCompatibility); strings and decimals apart. */
const CHANGES: Readonly<Record<string, readonly string[]>> = {
  boolean: ['tinyint', 'smallint', 'int', 'bigint', 'largeint', 'double', 'varchar'],
  tinyint: ['smallint', 'int', 'bigint', 'largeint', 'double', 'varchar'],
  smallint: ['int', 'bigint', 'largeint', 'double', 'varchar'],
  int: ['bigint', 'largeint', 'double', 'varchar'],
  bigint: ['largeint', 'double', 'varchar'],
  largeint: ['varchar'],
  float: ['double', 'varchar'],
  double: ['varchar'],
  json: ['varchar'],
  date: ['datetime'],
}

/**
 * Why MODIFY COLUMN cannot turn a column into another type, or null when it can and keeps every value: a conversion that
 * StarRocks offers but that may lose something (VARCHAR to a number, DATETIME to DATE) is none here.
 */
export function modifyRefusal(from: string, to: string, column: { readonly isPrimaryKey: boolean }): string | null {
  const [old, wanted] = [parseTargetType(from), parseTargetType(to)]
  if (renderTargetType(old) === renderTargetType(wanted)) return null
  const refusal = `StarRocks cannot change ${from.toUpperCase()} to ${to.toUpperCase()}`
  if (column.isPrimaryKey && !(old.base === 'varchar' && wanted.base === 'varchar'))
    return `StarRocks changes no primary key column but for a longer VARCHAR`
  if (isText(old) && wanted.base === 'varchar') return wanted.length! >= old.length! ? null : refusal
  if (old.base === 'varbinary' && wanted.base === 'varbinary') return wanted.length! >= old.length! ? null : refusal
  if (old.base === 'decimal' && wanted.base === 'decimal')
    return whole(wanted) >= whole(old) && wanted.scale! >= old.scale! ? null : refusal
  if (old.base === 'decimal' && wanted.base === 'varchar') return wanted.length! >= old.precision! + 2 ? null : refusal
  return CHANGES[old.base]?.includes(wanted.base) ? null : refusal
}

/** The narrowest type that holds the values of an existing column and those of a wanted one, as far as MODIFY can reach it. */
export function widened(existing: string, wanted: string): string {
  const [a, b] = [parseTargetType(existing), parseTargetType(wanted)]
  if (a.base === b.base && a.length !== null && b.length !== null) return a.length > b.length ? existing : wanted
  if (a.base !== 'decimal' || b.base !== 'decimal') return wanted
  const scale = Math.max(a.scale!, b.scale!)
  const precision = Math.max(whole(a), whole(b)) + scale
  return renderTargetType({ ...a, precision, scale })
}

function isText(type: TargetType): boolean {
  return type.base === 'char' || type.base === 'varchar'
}

function whole(type: TargetType): number {
  return type.precision! - type.scale!
}
