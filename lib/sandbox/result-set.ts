import { type DuckDBResult, type DuckDBType, DuckDBTypeId } from '@duckdb/node-api'
import { type Cell, isIdList, type RenderValue, valueRenderer } from './value-text.js'

/** Column types of MySQL's protocol that this server sends. */
export const MYSQL_TYPE = {
  tiny: 1,
  short: 2,
  long: 3,
  float: 4,
  double: 5,
  null: 6,
  longLong: 8,
  date: 10,
  time: 11,
  dateTime: 12,
  json: 245,
  newDecimal: 246,
  blob: 252,
  varString: 253,
  string: 254,
} as const

export interface ResultColumn {
  readonly name: string
  readonly mysqlType: number
  /** 63 for bytes, numbers and dates; 45 (utf8mb4) for text. */
  readonly charset: number
  readonly displayLength: number
  readonly decimals: number
  readonly binary: boolean
}

/** What a statement answers. Rows come in blocks and are read once, in order, before the session's next statement. */
export type StatementResult =
  | { readonly kind: 'ok'; readonly affectedRows: number }
  | {
      readonly kind: 'rows'
      readonly columns: readonly ResultColumn[]
      readonly rows: AsyncIterable<readonly (readonly Cell[])[]>
    }

export const OK: StatementResult = { kind: 'ok', affectedRows: 0 }

/** utf8mb4: with 33 (utf8) some clients decode characters outside the BMP wrongly. */
const TEXT_CHARSET = 45
const BINARY_CHARSET = 63

/** A DuckDB result as StarRocks would describe and print it. */
export function rowsOf(result: DuckDBResult): StatementResult {
  const types = result.columnTypes()
  const names = result.columnNames()
  return {
    kind: 'rows',
    columns: types.map((type, at) => describeColumn(names[at] ?? '', type)),
    rows: renderChunks(result, types.map(valueRenderer)),
  }
}

/** A result from texts at hand, all columns VARCHAR. */
export function textRows(names: readonly string[], rows: readonly (readonly (string | null)[])[]): StatementResult {
  async function* once() {
    yield rows
  }
  return { kind: 'rows', columns: names.map(textColumn), rows: once() }
}

export function describeColumn(name: string, type: DuckDBType): ResultColumn {
  const number = (mysqlType: number, displayLength: number, decimals = 0): ResultColumn => ({
    name,
    mysqlType,
    charset: BINARY_CHARSET,
    displayLength,
    decimals,
    binary: true,
  })
  switch (type.typeId) {
    case DuckDBTypeId.BOOLEAN:
      return number(MYSQL_TYPE.tiny, 1)
    case DuckDBTypeId.TINYINT:
      return number(MYSQL_TYPE.tiny, 4)
    case DuckDBTypeId.SMALLINT:
    case DuckDBTypeId.UTINYINT:
      return number(MYSQL_TYPE.short, 6)
    case DuckDBTypeId.INTEGER:
    case DuckDBTypeId.USMALLINT:
      return number(MYSQL_TYPE.long, 11)
    case DuckDBTypeId.BIGINT:
    case DuckDBTypeId.UINTEGER:
      return number(MYSQL_TYPE.longLong, 20)
    case DuckDBTypeId.FLOAT:
      return number(MYSQL_TYPE.float, 12, 31)
    case DuckDBTypeId.DOUBLE:
      return number(MYSQL_TYPE.double, 22, 31)
    case DuckDBTypeId.DECIMAL:
      return number(MYSQL_TYPE.newDecimal, type.width + 2, type.scale)
    case DuckDBTypeId.DATE:
      return number(MYSQL_TYPE.date, 10)
    case DuckDBTypeId.TIMESTAMP:
    case DuckDBTypeId.TIMESTAMP_TZ:
      return number(MYSQL_TYPE.dateTime, 26, 6)
    case DuckDBTypeId.BLOB:
      return { ...number(MYSQL_TYPE.blob, 1_048_576), binary: true }
    case DuckDBTypeId.SQLNULL:
      return number(MYSQL_TYPE.null, 0)
    default:
      return isIdList(type) ? number(MYSQL_TYPE.blob, 0) : textColumn(name)
  }
}

function textColumn(name: string): ResultColumn {
  return {
    name,
    mysqlType: MYSQL_TYPE.varString,
    charset: TEXT_CHARSET,
    displayLength: 1_048_576,
    decimals: 0,
    binary: false,
  }
}

async function* renderChunks(result: DuckDBResult, renderers: readonly RenderValue[]) {
  for (;;) {
    const chunk = await result.fetchChunk()
    if (chunk === null || chunk.rowCount === 0) return
    const count = chunk.rowCount
    const rows: Cell[][] = Array.from({ length: count }, () => new Array<Cell>(renderers.length))
    renderers.forEach((render, column) => {
      const vector = chunk.getColumnVector(column)
      for (let at = 0; at < count; at++) (rows[at] as Cell[])[column] = render(vector.getItem(at))
    })
    yield rows
  }
}
