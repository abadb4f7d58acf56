import type { BoundColumn } from '../binlog/bound-column.js'
import type { ImageKind } from '../binlog/image-form.js'
import { keyExpression } from '../binlog/key-literal.js'
import { type TextUse, textColumn } from '../binlog/text-columns.js'
import { Failure } from '../model/failure.js'
import { type TableSchema, tableName } from '../model/schema.js'
import { bytesExpression, snapshotExpression } from '../starrocks/type-map.js'

/** The images that a route's encoders read, and where the columns of the table stand in them. */
export interface RouteImages {
  readonly kind: ImageKind
  readonly columns: readonly BoundColumn[]
  /** Per image column whether it is a value of the row, to be shown; not one that is read for comparison alone. */
  readonly shown: readonly boolean[]
  /** Per image column the index of the table's column; -1: it is none of the table. */
  readonly sources: readonly number[]
  /** So many of the columns, at their end, are values behind the image; see `RowLayout.added`. */
  readonly added: number
  /** Index in the image of the table's column `i` as it is used; -1: it is not there. */
  place(i: number, use: TextUse): number
}

/** Row images of a binlog have the table's columns, whatever they are used for. */
export function binlogImages(columns: readonly BoundColumn[]): RouteImages {
  const sources = columns.map((_, i) => i)
  return { kind: 'binlog', columns, shown: columns.map(() => true), sources, added: 0, place: i => i }
}

/** Rows of a SELECT, and its list. */
export interface TextImages extends RouteImages {
  readonly expressions: readonly string[]
}

/**
 * Rows of the columns in `uses`: pairs of a column's index and what it is used for; each expression is selected once.
 * @throws Failure sourceUnfit, naming the column, for one whose text cannot be had by SELECT
 */
export function textImages(schema: TableSchema, uses: readonly (readonly [number, TextUse])[]): TextImages {
  const order: readonly TextUse[] = ['text', 'bytes', 'key']
  const sorted = [...uses].sort(([i, a], [k, b]) => i - k || order.indexOf(a) - order.indexOf(b))
  const expressions: string[] = []
  const sources: number[] = []
  const columns: BoundColumn[] = []
  const shown: boolean[] = []
  const places = new Map<string, number>()
  for (const [i, use] of sorted) {
    const expression = expressionOf(schema, i, use)
    let index = expressions.findIndex((known, k) => known === expression && sources[k] === i)
    if (index === -1) {
      index = expressions.push(expression) - 1
      columns.push(textColumn(schema, schema.columns[i]!, use))
      shown.push(!sources.includes(i))
      sources.push(i)
    }
    places.set(`${i} ${use}`, index)
  }
  const place = (i: number, use: TextUse) => places.get(`${i} ${use}`) ?? -1
  return { kind: 'text', columns, shown, sources, added: 0, place, expressions }
}

function expressionOf(schema: TableSchema, i: number, use: TextUse): string {
  const column = schema.columns[i]!
  const text =
    use === 'key' ? keyExpression(column) : use === 'bytes' ? bytesExpression(column) : snapshotExpression(column)
  if (text !== null) return text
  throw new Failure(
    'sourceUnfit',
    `${tableName(schema)}: column ${column.name} is ${column.columnType}, whose values a SELECT does not tell exactly.`,
    { advice: 'Leave the column out with exclude, or copy the table by other means with [snapshot] mode = "never".' },
  )
}
