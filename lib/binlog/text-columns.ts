import { type SourceColumn, type TableSchema, tableName } from '../model/schema.js'
import { isUtf8 } from '../model/source-sql.js'
import type { BoundColumn, ColumnForm } from './bound-column.js'
import { WIRE } from './wire-type.js'

/**
 * What a selected value is: the text that the stream writes; the column's own bytes, for targets of bytes; or what a key is
 * compared by (`keyExpression`).
 */
export type TextUse = 'text' | 'bytes' | 'key'

interface TextType {
  readonly type: number
  readonly form: ColumnForm
}

const number = (type: number): TextType => ({ type, form: 'number' })
const BYTES: TextType = { type: WIRE.VARCHAR, form: 'binary' }
const TEXT: TextType = { type: WIRE.VARCHAR, form: 'utf8' }
const GEOMETRY: TextType = { type: WIRE.GEOMETRY, form: 'geometry' }

const TYPES: Readonly<Record<string, TextType>> = {
  tinyint: number(WIRE.TINY),
  smallint: number(WIRE.SHORT),
  mediumint: number(WIRE.INT24),
  int: number(WIRE.LONG),
  bigint: number(WIRE.LONGLONG),
  decimal: number(WIRE.NEWDECIMAL),
  float: number(WIRE.FLOAT),
  double: number(WIRE.DOUBLE),
  bit: number(WIRE.BIT),
  year: number(WIRE.YEAR),
  date: number(WIRE.DATE),
  time: number(WIRE.TIME2),
  datetime: number(WIRE.DATETIME2),
  timestamp: number(WIRE.TIMESTAMP2),
  char: TEXT,
  varchar: TEXT,
  tinytext: TEXT,
  text: TEXT,
  mediumtext: TEXT,
  longtext: TEXT,
  enum: { type: WIRE.ENUM, form: 'labels' },
  set: { type: WIRE.SET, form: 'labels' },
  binary: BYTES,
  varbinary: BYTES,
  tinyblob: BYTES,
  blob: BYTES,
  mediumblob: BYTES,
  longblob: BYTES,
  json: { type: WIRE.JSON, form: 'json' },
  uuid: { type: WIRE.VARCHAR, form: 'uuid' },
  inet4: { type: WIRE.VARCHAR, form: 'inet4' },
  inet6: { type: WIRE.VARCHAR, form: 'inet6' },
  vector: { type: WIRE.VECTOR, form: 'vector' },
  geometry: GEOMETRY,
  point: GEOMETRY,
  linestring: GEOMETRY,
  polygon: GEOMETRY,
  multipoint: GEOMETRY,
  multilinestring: GEOMETRY,
  multipolygon: GEOMETRY,
  geometrycollection: GEOMETRY,
  geomcollection: GEOMETRY,
}

/** How values of a source column are read from rows of the text protocol. The column must be one that `snapshotExpression` knows. */
export function textColumn(
  table: Pick<TableSchema, 'schema' | 'table'>,
  column: SourceColumn,
  use: TextUse,
): BoundColumn {
  const { type, form } = usedType(column, use)
  return {
    table: tableName(table),
    name: column.name,
    type,
    length: 0,
    scale: column.scale ?? 0,
    nullable: column.nullable,
    unsigned: column.unsigned,
    form,
    charset: null,
    members: [],
    isBinary: form === 'binary',
    undecodable: null,
  }
}

function usedType(column: SourceColumn, use: TextUse): TextType {
  const known = TYPES[column.dataType] ?? BYTES
  if (use === 'text') return known
  if (known.form === 'labels') return use === 'key' ? number(WIRE.LONGLONG) : known
  return known.form === 'utf8' && !isUtf8(column.charset) ? BYTES : known
}
