import { CopyOrderFile } from '../checkpoint/copy-order-file.js'
import type { SnapshotState } from '../checkpoint/snapshot-state.js'
import type { Config } from '../config/options.js'
import { DeadLetters } from '../dead-letter/dead-letters.js'
import type { Sink } from '../dispatch/sink.js'
import type { CopyOrder } from '../model/copy-order.js'
import { asFailure, Failure } from '../model/failure.js'
import type { Observer } from '../model/observer.js'
import { type TableSchema, type TargetTable, tableName, targetName } from '../model/schema.js'
import type { Router } from '../rules/router.js'
import type { RuleBook } from '../rules/rule-book.js'
import { freshRecord } from './copy-list.js'
import { describeTable } from './described-table.js'
import { ownsKeys } from './filled-targets.js'

export interface OrderParts {
  readonly config: Config
  readonly dataDir: string
  readonly state: SnapshotState
  readonly book: RuleBook
  /** The tables that the stream knows where it begins. */
  readonly known: readonly TableSchema[]
  readonly router: Router
  readonly sink: Sink
  readonly observer: Observer
}

/**
 * Begins the copies that were ordered for now, where nothing is on its way to StarRocks: their tables are known to be copied anew, then
 * their targets are emptied, then the orders are forgotten. An order that cannot be carried out is void, and that is told.
 */
export async function carryOutOrders(parts: OrderParts): Promise<void> {
  const { dataDir, book, known, observer } = parts
  const file = await CopyOrderFile.open(dataDir)
  if (file.orders.length === 0) return
  const open: { readonly order: CopyOrder; readonly schema: TableSchema }[] = []
  for (const order of file.orders) {
    const schema = known.find(({ schema, table }) => schema === order.schema && table === order.table)
    const reason = schema === undefined ? 'it is not followed now' : objection(order, book, known, file.orders)
    if (schema !== undefined && reason === null) open.push({ order, schema })
    else
      observer({
        kind: 'warning',
        message: `${tableName(order)} was ordered to be copied again, which is not done: ${reason}.`,
        advice: 'Order it again when that is mended.',
      })
  }
  const emptied = new Set<string>()
  for (const { order, schema } of open) await begin(order, schema, emptied, parts)
  // All together: several of them may share a target.
  await file.remove(file.orders)
}

/** `emptied`: names of the targets that are empty by now. */
async function begin(order: CopyOrder, schema: TableSchema, emptied: Set<string>, parts: OrderParts): Promise<void> {
  const { config, state, book, observer } = parts
  const described = describeTable(schema, book, config.skip_no_pk_table)
  if (described === null) throw new Failure('internal', `${tableName(order)} is wanted, but no rule takes it`)
  const targets = order.truncate ? await targetsOf(schema, parts) : []
  const { where } = order
  const before = state.find(schema)
  await state.put(
    freshRecord(described, { state: 'waiting', reason: 'ordered', deadRows: false, where, nowMs: Date.now() }),
  )
  const isOpen = targets.every(target => !emptied.has(targetName(target)))
  for (const target of targets.filter(one => !emptied.has(targetName(one)))) {
    try {
      await empty(target, parts)
      emptied.add(targetName(target))
    } catch (error) {
      const failure = asFailure(error)
      // What passes by itself is tried again with the order; and behind the first target that is empty there is no way back.
      if (failure.retriable || !isOpen || target !== targets[0]) throw failure
      await (before === null ? state.remove(schema) : state.put(before))
      const message = `${tableName(order)} was ordered to be copied again, which is not done: ${failure.message}`
      observer({ kind: 'warning', message, advice: failure.advice })
      return
    }
  }
}

/** Why a table is not to be copied again in this way, as the end of a sentence; null: it may be. */
export function objection(
  order: CopyOrder,
  book: RuleBook,
  tables: readonly { readonly schema: string; readonly table: string }[],
  orders: readonly CopyOrder[],
): string | null {
  if (!book.wanted(order.schema, order.table)) return 'no [[source]] and [[rule]] take it'
  const ways = book.match(order.schema, order.table)
  const strict = ways.find(({ rule }) => rule.mode !== 'upsert')
  if (strict !== undefined && !order.truncate)
    return `${targetName(strict)} has a row for every change (mode = "${strict.rule.mode}"), so rows that are copied again would be in it twice; with --truncate it is emptied first`
  const made = ways.find(({ rule }) => ownsKeys(rule))
  if (made !== undefined && !order.truncate)
    return `a module makes the keys of ${targetName(made)} (transform_key), so what it made of rows that have changed could not be found; with --truncate it is emptied first`
  if (!order.truncate) return null
  if (order.where !== null) return 'a target that is emptied needs all rows, not those of a condition'
  for (const way of ways) {
    const isOrdered = (one: { schema: string; table: string }): boolean =>
      orders.some(other => other.truncate && other.schema === one.schema && other.table === one.table)
    const others = book.writersOf(way, tables).filter(one => !isOrdered(one))
    if (others.length > 0)
      return `${targetName(way)} is also written from ${others.map(tableName).join(', ')}, whose rows would be lost; name all of them`
  }
  return null
}

async function targetsOf(schema: TableSchema, { book, router }: OrderParts): Promise<TargetTable[]> {
  await router.learn(schema)
  const names = new Set(book.match(schema.schema, schema.table).map(targetName))
  return router.targets.filter(target => names.has(targetName(target)))
}

/** Rows of it that are parked must not come back later. */
async function empty(target: TargetTable, { config, dataDir, sink, observer }: OrderParts): Promise<void> {
  await sink.truncate(target)
  if (config.on_bad_row !== 'dead_letter') return
  const letters = await DeadLetters.open(dataDir, {
    onOpen: open => observer({ kind: 'deadLetters', open }),
    now: Date.now,
  })
  await letters.supersedeTarget(targetName(target), 'TRUNCATE')
}
