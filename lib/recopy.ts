import { CopyOrderFile } from './checkpoint/copy-order-file.js'
import type { Exchange, RequestHandlers } from './control/control-server.js'
import type { CopyOrder } from './model/copy-order.js'
import { Failure } from './model/failure.js'
import type { Happening, Observer } from './model/observer.js'
import { tableName } from './model/schema.js'
import { listTables } from './mysql/catalog.js'
import { SourceSession } from './mysql/session.js'
import { ruleBookOf, sourceAddress } from './registry.js'
import type { Reload } from './reload.js'
import type { CopyOrders } from './snapshot/copy-orders.js'
import { objection } from './snapshot/ordered-copies.js'

export interface RecopyParts {
  readonly dataDir: string
  readonly reload: Reload
  readonly orders: CopyOrders
  /** Who is told of everything that happens. */
  readonly listeners: Set<Observer>
}

/** What is asked for. */
export interface RecopyWish {
  /** "schema.table"; all that are followed where it is empty and `all` is set. */
  readonly tables: readonly string[]
  readonly all: boolean
  readonly where: string | null
  readonly truncate: boolean
  /** The answer comes when the tables are copied. */
  readonly wait: boolean
}

/**
 * Lets the engine be asked to copy tables again: a `RecopyWish` as options, lines of text as progress, the names of the tables
 * as result. Without `truncate` the copy begins beside the stream; with it the stream is held up for a moment, in which the targets are emptied.
 */
export function addRecopy(handlers: RequestHandlers, parts: RecopyParts): void {
  handlers.set('recopy', async (options, exchange) => {
    const wish = parseWish(options)
    const orders = await ordersOf(wish, parts)
    const sources = orders.map(tableName)
    const copied = follow(parts.listeners, sources, exchange)
    try {
      await place(orders, wish, parts)
      for (const source of sources) exchange.progress(`${source}: is copied again`)
      if (wish.wait) await copied.done
    } finally {
      copied.end()
    }
    return sources
  })
}

async function place(orders: readonly CopyOrder[], { truncate }: RecopyWish, parts: RecopyParts): Promise<void> {
  if (!truncate) {
    for (const order of orders) await parts.orders.recopy(order)
    return
  }
  const file = await CopyOrderFile.open(parts.dataDir)
  await file.add(orders)
  await parts.reload.goOver()
}

/** @throws Failure requestRefused where a table cannot be copied again in this way */
async function ordersOf(wish: RecopyWish, { reload }: RecopyParts): Promise<CopyOrder[]> {
  const { config } = reload
  const book = ruleBookOf(config)
  const all = await SourceSession.during(sourceAddress(config), session => listTables(session))
  const wanted = all.filter(({ schema, table }) => book.wanted(schema, table))
  const { where, truncate } = wish
  const orders = (wish.all ? wanted : wish.tables.map(name => find(name, wanted))).map(
    ({ schema, table }): CopyOrder => ({ schema, table, where, truncate }),
  )
  for (const order of orders) {
    const reason = objection(order, book, all, orders)
    if (reason !== null)
      throw new Failure('requestRefused', `${tableName(order)} is not copied again: ${reason}.`, {
        advice: 'Nothing was done.',
      })
  }
  return orders
}

function find<T extends { readonly schema: string; readonly table: string }>(name: string, tables: readonly T[]): T {
  const found = tables.find(table => tableName(table) === name)
  if (found !== undefined) return found
  throw new Failure('requestRefused', `${name} is no table that is followed.`, {
    advice: 'Name tables as schema.table; `mysql-sr-sync status` shows those that are followed.',
  })
}

function parseWish(options: Readonly<Record<string, unknown>>): RecopyWish {
  const { tables, all, where, truncate, wait } = options
  if (!Array.isArray(tables) || !tables.every(name => typeof name === 'string') || tables.length > 0 === (all === true))
    throw new Failure('requestRefused', 'recopy needs tables, or all of them')
  return {
    tables,
    all: all === true,
    where: typeof where === 'string' ? where : null,
    truncate: truncate === true,
    wait: wait === true,
  }
}

/** Sends how far these tables are; `done` resolves when each is copied, or the asker has gone. */
function follow(listeners: Set<Observer>, sources: readonly string[], { progress, gone }: Exchange) {
  const left = new Set(sources)
  let finish!: () => void
  const done = new Promise<void>(resolve => {
    finish = resolve
  })
  const listener = (happening: Happening): void => {
    if (happening.kind === 'copied' && left.delete(happening.source))
      progress(`${happening.source}: copied, ${happening.rows} rows in ${(happening.ms / 1000).toFixed(1)} s`)
    if (happening.kind === 'copyDelayed' && left.has(happening.source))
      progress(`${happening.source}: ${happening.reason}`)
    if (happening.kind === 'snapshot')
      for (const { source, rows, estimatedRows } of happening.copies)
        if (left.has(source) && rows > 0)
          progress(`${source}: ${rows}${estimatedRows === null ? '' : ` of about ${estimatedRows}`} rows`)
    if (left.size === 0) finish()
  }
  listeners.add(listener)
  gone.addEventListener('abort', () => finish(), { once: true })
  return { done, end: () => listeners.delete(listener) }
}
