import type { SourceColumn, TableSchema } from '../../lib/model/schema.js'

const BYTE_LENGTHS: Readonly<Record<string, number>> = {
  tinytext: 255,
  text: 65_535,
  mediumtext: 16_777_215,
  longtext: 4_294_967_295,
  tinyblob: 255,
  blob: 65_535,
  mediumblob: 16_777_215,
  longblob: 4_294_967_295,
}
const STRINGS = new Set(['char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext'])
const INTEGERS = ['tinyint', 'smallint', 'mediumint', 'int', 'bigint']
const BYTES = new Set(['binary', 'varbinary'])

/** A column as information_schema describes one of this COLUMN_TYPE ("varchar(10)", "enum('a','b')"); utf8mb4_0900_ai_ci, nullable. */
export function sourceColumn(name: string, columnType: string, more: Partial<SourceColumn> = {}): SourceColumn {
  const dataType = /^[a-z0-9]+/.exec(columnType)![0]
  const isList = dataType === 'enum' || dataType === 'set'
  const numbers = isList ? [] : [...columnType.matchAll(/\d+(?=[,)])/g)].map(match => Number(match[0]))
  const sized = STRINGS.has(dataType) || BYTES.has(dataType)
  const timed = ['time', 'datetime', 'timestamp'].includes(dataType)
  return {
    name,
    dataType,
    columnType,
    unsigned: /\bunsigned\b/.test(columnType),
    nullable: true,
    ...(STRINGS.has(dataType) || isList ? { charset: 'utf8mb4', collation: 'utf8mb4_0900_ai_ci' } : { charset: null }),
    maxLength: BYTE_LENGTHS[dataType] ?? (sized ? (numbers[0] ?? 1) : null),
    precision: ['decimal', 'bit', ...INTEGERS].includes(dataType)
      ? (numbers[0] ?? (dataType === 'bit' ? 1 : 10))
      : null,
    scale: dataType === 'decimal' ? (numbers[1] ?? 0) : INTEGERS.includes(dataType) ? 0 : null,
    fractionDigits: timed ? (numbers[0] ?? 0) : null,
    members: isList ? [...columnType.matchAll(/'((?:[^']|'')*)'/g)].map(match => match[1]!.replaceAll("''", "'")) : [],
    comment: '',
    ...more,
  }
}

/** s.t with the given columns and the key `id`, which is NOT NULL; the first column when there is no `id`. */
export function sourceTable(columns: readonly SourceColumn[], more: Partial<TableSchema> = {}): TableSchema {
  const key = [columns.some(column => column.name === 'id') ? 'id' : columns[0]!.name]
  return {
    schema: 's',
    table: 't',
    columns: columns.map(column => (key.includes(column.name) ? { ...column, nullable: false } : column)),
    key,
    comment: '',
    ...more,
  }
}
