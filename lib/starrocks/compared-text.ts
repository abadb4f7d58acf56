import type { KeyedHash } from '../model/mask.js'
import type { SourceColumn } from '../model/schema.js'
import type { ZeroDate } from '../model/value-policy.js'
import { quoteIdentifier } from './ddl.js'
import { parseTargetType, type TargetType } from './target-type.js'
import { snapshotExpression, valueKind } from './type-map.js'

/** The meaning in which two texts of a column are compared where they are compared in this process. */
export type ComparedKind =
  | 'integer'
  | 'decimal'
  | 'float'
  | 'double'
  | 'moment'
  | 'json'
  | 'text'
  | 'geometry'
  | 'vector'

/** How the values of a column are compared, by one SQL expression of text on each side. */
export type ComparedText =
  | {
      /** `digest`: equal values have equal texts. `rows`: the servers print the same value in two ways, so both texts are fetched. */
      readonly how: 'digest' | 'rows'
      readonly kind: ComparedKind
      readonly source: string
      readonly target: string
      /** What the target holds of a text of the source; absent: the text itself. Only `rows`. */
      readonly hash?: KeyedHash
      /** Longer than what is concatenated as it is: a digest stands for it. */
      readonly long: boolean
    }
  | { readonly how: 'ignored'; readonly reason: string }

export interface ComparedWith {
  readonly name: string
  /** StarRocks type as DDL text in lower case. */
  readonly type: string
  readonly isKey: boolean
  readonly zeroDate: ZeroDate
}

/** Texts up to so many bytes go into a digest as they are. StarRocks' CONCAT gives NULL beyond one MiB. */
const SHORT_BYTES = 1_024
const INTEGERS = new Set(['boolean', 'tinyint', 'smallint', 'int', 'bigint', 'largeint'])
const FLOATS = new Set(['float', 'double'])
const TEXTS = new Set(['varchar', 'char'])
/** MySQL's DECIMAL has no more. */
const MAX_SOURCE_SCALE = 30

/**
 * The texts by which a source column is compared with its target column: what the stream writes on the one side, what
 * StarRocks has made of it on the other. For source sessions in utf8mb4 and the stream's zone, with ALLOW_INVALID_DATES.
 * `c`: SQL of the value, where it is none that the table has under the column's name.
 */
export function comparedText(
  column: SourceColumn,
  target: ComparedWith,
  c = `\`${column.name.replaceAll('`', '``')}\``,
): ComparedText {
  const to = parseTargetType(target.type)
  const t = quoteIdentifier(target.name)
  if (snapshotExpression(column) === null) return ignored(`the source tells no value of ${column.columnType}`)
  const written = writtenText(column, c)
  const shown = to.base === 'boolean' ? `CAST(CAST(${t} AS INT) AS STRING)` : `CAST(${t} AS STRING)`
  const digest = (source: string, kind: ComparedKind, from = shown): ComparedText => {
    const most = Math.max(to.length ?? 0, column.maxLength ?? 0)
    return { how: 'digest', kind, source, target: from, long: most > SHORT_BYTES }
  }
  const rows = (source: string, kind: ComparedKind): ComparedText => ({
    how: 'rows',
    kind,
    source,
    target: shown,
    long: false,
  })
  const number = numberText(column, c)
  switch (valueKind(column)) {
    case 'integer':
      if (INTEGERS.has(to.base)) return digest(number, 'integer')
      if (to.base === 'decimal') return decimalText(number, to, rows, digest)
      if (TEXTS.has(to.base)) return digest(written, 'text', t)
      return FLOATS.has(to.base) ? rows(number, to.base as ComparedKind) : noComparison(column, target)
    case 'decimal':
      if (TEXTS.has(to.base)) return digest(written, 'text', t)
      if (INTEGERS.has(to.base) && column.scale === 0) return digest(number, 'integer')
      if (to.base === 'decimal' && to.scale! >= (column.scale ?? 0)) return decimalText(c, to, rows, digest)
      return FLOATS.has(to.base) ? rows(number, to.base as ComparedKind) : noComparison(column, target)
    case 'float':
      if (TEXTS.has(to.base) && column.dataType === 'double') return digest(`CAST(${c} AS CHAR)`, 'text', t)
      return FLOATS.has(to.base) || TEXTS.has(to.base)
        ? rows(written, column.dataType === 'float' || to.base === 'float' ? 'float' : 'double')
        : noComparison(column, target)
    case 'date':
      return TEXTS.has(to.base) ? digest(written, 'text', t) : dateText(column, c, target, to, digest)
    case 'time':
      return TEXTS.has(to.base) ? digest(written, 'text', t) : noComparison(column, target)
    case 'text':
      if (TEXTS.has(to.base)) return digest(written, 'text', t)
      return convertedText(column, target, to, kind => rows(written, kind))
    case 'bytes':
      if (to.base === 'varbinary') return digest(`HEX(${c})`, 'text', `hex(${t})`)
      if (TEXTS.has(to.base)) return digest(target.isKey ? written : `CONVERT(${c} USING utf8mb4)`, 'text', t)
      return noComparison(column, target)
    case 'json':
      return to.base === 'json' || TEXTS.has(to.base) ? rows(written, 'json') : noComparison(column, target)
    case 'special':
      if (to.base === 'varbinary') return { ...digest(`HEX(${c})`, 'text', `hex(${t})`), long: true } as ComparedText
      return TEXTS.has(to.base)
        ? rows(written, column.dataType === 'vector' ? 'vector' : 'geometry')
        : noComparison(column, target)
  }
}

/** The text that the stream writes for the value with the SQL `c`; of bytes, shapes and vectors the base64 of the bytes. */
export function writtenText(column: SourceColumn, c: string): string {
  switch (valueKind(column)) {
    case 'integer':
      return column.dataType === 'year' ? `CAST(${c} AS CHAR)` : numberText(column, c)
    case 'decimal':
      return numberText(column, c)
    case 'float':
      // Times one shows the digits that FLOAT(M,D) and DOUBLE(M,D) hide, and those of a FLOAT beyond six.
      return `${c} * 1e0`
    case 'text':
      return column.charset === null ? `CAST(${c} AS CHAR)` : `CONVERT(${c} USING utf8mb4)`
    case 'json':
      return `CAST(${c} AS CHAR CHARACTER SET utf8mb4)`
    case 'bytes':
    case 'special':
      // TO_BASE64 breaks lines after 76 characters.
      return `REPLACE(TO_BASE64(${c}), CHAR(10 USING utf8mb4), '')`
    default:
      return `CAST(${c} AS CHAR)`
  }
}

/** Without the zeros that ZEROFILL shows. */
function numberText(column: SourceColumn, c: string): string {
  return column.dataType === 'bit' ? `CAST(CAST(${c} AS UNSIGNED) AS CHAR)` : `CAST(${c} + 0 AS CHAR)`
}

type Compare = (source: string, kind: ComparedKind) => ComparedText

/** Both sides with the target's scale. */
function decimalText(value: string, to: TargetType, rows: Compare, digest: Compare): ComparedText {
  if (to.scale! > MAX_SOURCE_SCALE) return rows(`CAST(${value} AS CHAR)`, 'decimal')
  return digest(`CAST(CAST(${value} AS DECIMAL(65,${to.scale})) AS CHAR)`, 'decimal')
}

/** StarRocks shows six digits of a fraction, or none; and it has no dates that no calendar has. */
function dateText(
  column: SourceColumn,
  c: string,
  target: ComparedWith,
  to: TargetType,
  digest: Compare,
): ComparedText {
  if (to.base !== 'date' && to.base !== 'datetime') return noComparison(column, target)
  const text = `CAST(${c} AS CHAR)`
  const midnight = to.base === 'date' ? '' : ' 00:00:00'
  const real =
    to.base === 'date'
      ? `LEFT(${text}, 10)`
      : column.dataType === 'date'
        ? `CONCAT(${text}, '${midnight}')`
        : (column.fractionDigits ?? 0) === 0
          ? text
          : `IF(MICROSECOND(${c}) = 0, LEFT(${text}, 19), RPAD(${text}, 26, '0'))`
  if (target.zeroDate === 'stop') return digest(real, 'text')
  // ALLOW_INVALID_DATES lets days up to 31 into every month.
  const unreal = `(${text} LIKE '%-00%' OR DAYOFMONTH(${c}) > DAYOFMONTH(LAST_DAY(${c})))`
  return digest(`IF(${unreal}, ${target.zeroDate === 'min' ? `'0000-01-01${midnight}'` : 'NULL'}, ${real})`, 'text')
}

/** Text that a rule casts to another type is compared in that type's meaning. */
function convertedText(
  column: SourceColumn,
  target: ComparedWith,
  to: TargetType,
  rows: (kind: ComparedKind) => ComparedText,
): ComparedText {
  if (INTEGERS.has(to.base)) return rows('integer')
  if (FLOATS.has(to.base)) return rows(to.base as ComparedKind)
  switch (to.base) {
    case 'json':
      return rows('json')
    case 'decimal':
      return rows('decimal')
    case 'date':
    case 'datetime':
      return rows('moment')
    default:
      return noComparison(column, target)
  }
}

function noComparison(column: SourceColumn, { type }: ComparedWith): ComparedText {
  return ignored(`${column.columnType} and ${type} have no exact comparison`)
}

function ignored(reason: string): ComparedText {
  return { how: 'ignored', reason }
}
