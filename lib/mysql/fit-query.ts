import { type SourceColumn, type TableSchema, tableName } from '../model/schema.js'
import type { Row } from './session.js'

/** What is measured of one column; see `ColumnFit`. */
export interface ColumnProbe {
  readonly column: SourceColumn
  /** Most bytes of a value that the target takes, text counted in UTF-8; null: no bound worth a look. */
  readonly maxBytes: number | null
  /** Most digits before the point that the target takes; null for all but decimals. */
  readonly maxWholeDigits: number | null
  /** The target holds dates, which zero and partial dates are not. */
  readonly intoDate: boolean
  /** Text that the target is to hold as JSON. */
  readonly intoJson: boolean
}

/** One part of a primary key as the target encodes it: `bytes` of a fixed width, or null for text. */
export interface KeyProbe {
  readonly column: SourceColumn
  readonly bytes: number | null
  /** Bytes that become base64 text. */
  readonly base64: boolean
}

/** Measured of the rows that were looked at; counts are of rows. */
export interface ColumnFit {
  readonly column: string
  /** Of text in UTF-8; null where it is not measured. */
  readonly longestBytes: number | null
  readonly tooLong: number
  readonly zeroDates: number
  /** Dates such as 2024-00-10 and 2023-02-31. */
  readonly partialDates: number
  readonly mostWholeDigits: number | null
  readonly tooManyDigits: number
  readonly invalidJson: number
}

export interface TableFit {
  readonly rows: number
  readonly columns: readonly ColumnFit[]
  /** Null without a primary key in the target. `worst`: its values, where one is too long. */
  readonly key: { readonly longestBytes: number; readonly tooLong: number; readonly worst: string | null } | null
}

/** Longest text of a worst key that is shown, in characters. */
const WORST_KEY_LENGTH = 200
const TEXT = new Set(['char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext', 'enum', 'set', 'json'])
const BYTES = new Set(['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob'])
const GEOMETRY = /^(geometry|point|linestring|polygon|multi(point|linestring|polygon)|geom(etry)?collection)$/
/** `SRID=4294967295;` */
const SRID_LENGTH = 16
const DATES = new Set(['date', 'datetime', 'timestamp'])

/** One SELECT that measures all columns of a table in one pass, and how to read its row. */
export interface FitQuery {
  readonly sql: string
  read(row: Row): TableFit
}

/**
 * Composes the query. `sample`: at most so many rows, in no order; null: all. `maxKeyBytes`: the limit of an encoded
 * primary key (StarRocks: `primary_key_limit_size`).
 */
export function composeFitQuery(
  table: TableSchema,
  probes: readonly ColumnProbe[],
  key: readonly KeyProbe[],
  limits: { readonly sample: number | null; readonly maxKeyBytes: number },
): FitQuery {
  const fields: string[] = ['COUNT(*) AS n']
  const add = (alias: string, expression: string) => fields.push(`${expression} AS ${alias}`)
  probes.forEach((probe, i) => {
    for (const [alias, expression] of measures(probe)) add(`c${i}_${alias}`, expression)
  })
  if (key.length > 0) {
    const bytes = keyBytes(key)
    const values = `LEFT(CONCAT_WS(', ', ${key.map(({ column }) => shown(column)).join(', ')}), ${WORST_KEY_LENGTH})`
    add('k_longest', `MAX(${bytes})`)
    add('k_over', `SUM(${bytes} > ${limits.maxKeyBytes})`)
    // The length in front makes the greatest text that of the longest key.
    add('k_worst', `MAX(IF(${bytes} > ${limits.maxKeyBytes}, CONCAT(LPAD(${bytes}, 10, '0'), ${values}), NULL))`)
  }
  const from = `${quote(table.schema)}.${quote(table.table)}`
  const used = [...new Set([...probes, ...key].map(({ column }) => quote(column.name)))]
  const rows =
    limits.sample === null
      ? from
      : `(SELECT ${used.length === 0 ? '1' : used.join(', ')} FROM ${from} LIMIT ${limits.sample}) AS sampled`
  return {
    sql: `SELECT ${fields.join(',\n       ')}\nFROM ${rows}`,
    read: row => readFit(row, table, probes, key.length > 0),
  }
}

function measures({ column, maxBytes, maxWholeDigits, intoDate, intoJson }: ColumnProbe): [string, string][] {
  const name = quote(column.name)
  const found: [string, string][] = []
  if (TEXT.has(column.dataType) || isBytes(column) || GEOMETRY.test(column.dataType)) {
    const length = utf8Length(column)
    found.push(['longest', `MAX(${length})`])
    if (maxBytes !== null) found.push(['over', `SUM(${length} > ${maxBytes})`])
  }
  if (intoDate && DATES.has(column.dataType)) {
    // As text: a strict sql_mode refuses comparisons with a zero date.
    const text = `CAST(${name} AS CHAR)`
    found.push(['zero', `SUM(${text} LIKE '0000-00-00%')`])
    const partial = `${text} LIKE '%-00%' AND ${text} NOT LIKE '0000-00-00%'`
    // ALLOW_INVALID_DATES lets days up to 31 into every month.
    found.push(['partial', `SUM((${partial}) OR DAYOFMONTH(${name}) > DAYOFMONTH(LAST_DAY(${name})))`])
  }
  if (column.dataType === 'decimal') {
    const digits = `IF(ABS(${name}) < 1, 0, LENGTH(CAST(TRUNCATE(ABS(${name}), 0) AS CHAR)))`
    found.push(['digits', `MAX(${digits})`])
    if (maxWholeDigits !== null) found.push(['beyond', `SUM(${digits} > ${maxWholeDigits})`])
  }
  if (intoJson) found.push(['json', `SUM(JSON_VALID(${name}) = 0)`])
  return found
}

/** Bytes of the order-preserving key encoding: texts but the last end in two more, and a NUL in them takes two. */
function keyBytes(key: readonly KeyProbe[]): string {
  const parts = key.map(({ column, bytes, base64 }, at) => {
    if (bytes !== null) return String(bytes)
    if (base64) return `4 * CEIL(LENGTH(${quote(column.name)}) / 3)${at < key.length - 1 ? ' + 2' : ''}`
    if (at === key.length - 1) return utf8Length(column)
    const text = inUtf8(column)
    const nuls = `LENGTH(${text}) - LENGTH(REPLACE(${text}, CHAR(0 USING utf8mb4), ''))`
    return `${utf8Length(column)} + 2 + ${nuls}`
  })
  return `(${parts.join(' + ')})`
}

const UTF8 = new Set(['utf8mb4', 'utf8mb3', 'utf8', 'ascii'])

/** Bytes of a value as text in UTF-8, or of its bytes. */
function utf8Length(column: SourceColumn): string {
  const name = quote(column.name)
  if (GEOMETRY.test(column.dataType)) return `(LENGTH(ST_AsText(${name})) + ${SRID_LENGTH})`
  if (isBytes(column) || column.dataType === 'json' || (column.charset !== null && UTF8.has(column.charset)))
    return `LENGTH(${name})`
  // A conversion beyond max_allowed_packet gives NULL, of values that are far too long anyhow.
  return TEXT.has(column.dataType)
    ? `COALESCE(LENGTH(${inUtf8(column)}), LENGTH(${name}))`
    : `LENGTH(${inUtf8(column)})`
}

function inUtf8(column: SourceColumn): string {
  const name = quote(column.name)
  return TEXT.has(column.dataType) && column.dataType !== 'json'
    ? `CONVERT(${name} USING utf8mb4)`
    : `CAST(${name} AS CHAR CHARACTER SET utf8mb4)`
}

function shown(column: SourceColumn): string {
  return isBytes(column) ? `HEX(${quote(column.name)})` : inUtf8(column)
}

function isBytes(column: SourceColumn): boolean {
  return BYTES.has(column.dataType)
}

function readFit(row: Row, table: TableSchema, probes: readonly ColumnProbe[], hasKey: boolean): TableFit {
  const number = (alias: string): number | null => (row[alias] == null ? null : Number(row[alias]))
  const rows = number('n')
  if (rows === null) throw new Error(`the measurement of ${tableName(table)} has no row count`)
  return {
    rows,
    columns: probes.map(({ column }, i) => ({
      column: column.name,
      longestBytes: number(`c${i}_longest`),
      tooLong: number(`c${i}_over`) ?? 0,
      zeroDates: number(`c${i}_zero`) ?? 0,
      partialDates: number(`c${i}_partial`) ?? 0,
      mostWholeDigits: number(`c${i}_digits`),
      tooManyDigits: number(`c${i}_beyond`) ?? 0,
      invalidJson: number(`c${i}_json`) ?? 0,
    })),
    key: hasKey
      ? {
          longestBytes: number('k_longest') ?? 0,
          tooLong: number('k_over') ?? 0,
          worst: row.k_worst?.slice(10) ?? null,
        }
      : null,
  }
}

function quote(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}
