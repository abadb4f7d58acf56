import type { TableMap } from '../../lib/binlog/table-map.js'
import { wireColumn } from '../../lib/binlog/wire-column.js'
import { WIRE } from '../../lib/binlog/wire-type.js'
import type { RowImages } from '../../lib/dispatch/route.js'
import { PLAIN_SHAPE, type RuleShape } from '../../lib/model/rule-shape.js'
import type { TableSchema, TargetTable } from '../../lib/model/schema.js'
import { type CompiledRoute, Router } from '../../lib/rules/router.js'
import { RuleBook, type RuleSpec } from '../../lib/rules/rule-book.js'
import type { TargetWish } from '../../lib/rules/target-wish.js'
import { u8, u32 } from './binlog-builder.js'
import { UTC } from './encoded-rows.js'
import { rule } from './rule-spec.js'
import { sourceColumn, sourceTable } from './source-column.js'

/** s.t with three INT columns, of which only `qty` may be NULL; its key is `id`. */
export const SHAPED_SOURCE = sourceTable([
  sourceColumn('id', 'int', { nullable: false }),
  sourceColumn('shop', 'int', { nullable: false }),
  sourceColumn('qty', 'int'),
])

export const SHAPED_MAP: TableMap = {
  id: 1,
  schema: 's',
  table: 't',
  columns: [wireColumn(WIRE.LONG), wireColumn(WIRE.LONG), wireColumn(WIRE.LONG, { nullable: true })],
  primaryKey: null,
}

/** Values of id, shop and qty. */
export type ShapedRow = readonly [number, number, number | null]

export function shapedImage([id, shop, qty]: ShapedRow): Buffer {
  return qty === null
    ? Buffer.concat([u8(4), u32(id), u32(shop)])
    : Buffer.concat([u8(0), u32(id), u32(shop), u32(qty)])
}

/** Images of an event; of updates before and after in turn. They do not stand at the begin of their buffer. */
export function shapedImages(
  op: RowImages['op'],
  rows: readonly ShapedRow[],
  more: Partial<RowImages> = {},
): RowImages {
  const buffer = Buffer.concat([u8(9, 9, 9), ...rows.map(shapedImage)])
  return { op, buffer, at: 3, end: buffer.length, ...more }
}

export interface ShapedRouter {
  readonly router: Router
  readonly wishes: TargetWish[]
  readonly routes: () => Promise<readonly CompiledRoute[]>
}

/** A rule for s.t with this shape. */
export function shapedRule(shape: Partial<RuleShape>, more: Partial<RuleSpec> = {}): Partial<RuleSpec> {
  return { ...more, shape: { ...PLAIN_SHAPE, ...shape } }
}

/** A router whose targets are made as they are wished for. `source`: s.t where it is another table than SHAPED_SOURCE. */
export function shapedRouter(
  rules: readonly Partial<RuleSpec>[],
  source: TableSchema = SHAPED_SOURCE,
  map: TableMap = SHAPED_MAP,
  stopsAtBadValues = true,
  forComparison = false,
): ShapedRouter {
  const wishes: TargetWish[] = []
  const separator = (byte: number) => ({ text: `\\x0${byte}`, bytes: Uint8Array.of(byte) })
  const router = new Router(
    {
      columnSeparator: separator(1),
      rowDelimiter: separator(2),
      zone: UTC,
      skipTablesWithoutKey: false,
      stopsAtBadValues,
      forComparison,
    },
    new RuleBook([{ schema: 's', tables: ['/./'] }], rules.map(rule), 'd'),
    {
      schemaFor: () => source,
      inspect: async () => null,
      prepare: async (wish): Promise<TargetTable> => {
        wishes.push(wish)
        return { ...wish, columns: wish.columns.map(column => ({ ...column, hasDefault: false })) }
      },
      observer: () => undefined,
    },
  )
  return {
    router,
    wishes,
    routes: async () => {
      await router.bind(map)
      return router.routes(map)
    },
  }
}
