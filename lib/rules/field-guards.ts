import type { FieldGuard, ValueGuard } from '../binlog/field-guard.js'
import type { SourceColumn, TargetColumn, TargetTable } from '../model/schema.js'
import { targetName } from '../model/schema.js'
import type { ZeroDate } from '../model/value-policy.js'
import { parseTargetType, typeFit } from '../starrocks/target-type.js'
import { type FieldForm, MAX_STRING_BYTES, mapColumn, valueKind } from '../starrocks/type-map.js'

export interface GuardedField {
  readonly source: SourceColumn
  readonly target: TargetColumn
  readonly table: TargetTable
  readonly form: FieldForm
  readonly isKey: boolean
}

/**
 * What must be looked at in the values of a source column before they go into a target column; null where every value of
 * the source has its place, so that nothing is looked at. `stops`: values without a place stop the stream here; false
 * leaves them to StarRocks, which refuses each of them (dead letters are made of those), but for what it would not refuse.
 */
export function fieldGuard(field: GuardedField, zeroDate: ZeroDate, stops: boolean): FieldGuard | null {
  const { source, target } = field
  const value = dateGuard(field, zeroDate, stops) ?? booleanGuard(field) ?? (stops ? sizeGuard(field) : null)
  const notNull = stops && source.nullable && !target.nullable
  if (value === null && !notNull) return null
  return { target: `${targetName(field.table)}.${target.name} (${target.type})`, notNull, value }
}

function dateGuard(field: GuardedField, zeroDate: ZeroDate, stops: boolean): ValueGuard | null {
  const { source, target, table, isKey } = field
  const { base } = parseTargetType(target.type)
  if (valueKind(source) !== 'date' || (base !== 'date' && base !== 'datetime')) return null
  const column = `${targetName(table)}.${target.name} (${target.type})`
  const stop = (why: string): ValueGuard | null => (stops ? { kind: 'date', policy: 'stop', why } : null)
  switch (zeroDate) {
    case 'min':
      if (isKey) return stops ? { kind: 'date', policy: 'minKey' } : null
      return { kind: 'date', policy: 'min' }
    case 'null':
      if (isKey) return stop(`which ${column} cannot hold, nor NULL for it in a key column`)
      if (!target.nullable) return stop(`which ${column} cannot hold, nor NULL for it: it is NOT NULL`)
      return { kind: 'date', policy: 'null' }
    case 'stop':
      return stop(`which ${column} cannot hold (zero_date = "stop")`)
  }
}

/** StarRocks makes every number but 0 true, without a word. BIT(1) has no others. */
function booleanGuard({ source, target }: GuardedField): ValueGuard | null {
  if (valueKind(source) !== 'integer' || parseTargetType(target.type).base !== 'boolean') return null
  return source.dataType === 'bit' && source.precision === 1 ? null : { kind: 'boolean' }
}

const INTEGER_BITS: Readonly<Record<string, bigint>> = { tinyint: 8n, smallint: 16n, int: 32n, bigint: 64n }

/** Values longer or larger than the column; null where the source has none. Text bound for a number is judged by StarRocks alone. */
function sizeGuard({ source, target, form, isKey }: GuardedField): ValueGuard | null {
  const mapped = mapColumn(source, isKey && form === 'base64')
  if ('unsupported' in mapped) return null
  const kind = valueKind(source)
  const to = parseTargetType(target.type)
  const fits =
    typeFit(mapped.type, target.type).kind === 'fits' && parseTargetType(mapped.type).length !== MAX_STRING_BYTES
  if (fits) return null
  switch (to.base) {
    case 'char':
    case 'varchar':
      // StarRocks writes a document's text anew, so its length is not known here.
      return kind === 'json' ? null : { kind: 'bytes', most: to.length!, decoded: false }
    case 'varbinary':
      return { kind: 'bytes', most: to.length!, decoded: true }
    case 'tinyint':
    case 'smallint':
    case 'int':
    case 'bigint': {
      if (kind !== 'integer' && !(kind === 'decimal' && source.scale === 0)) return null
      const half = 1n << (INTEGER_BITS[to.base]! - 1n)
      return { kind: 'integer', min: -half, max: half - 1n }
    }
    case 'decimal':
      return kind === 'integer' || kind === 'decimal' ? { kind: 'wholeDigits', most: to.precision! - to.scale! } : null
    default:
      return null
  }
}
