import { setTimeout as delay } from 'node:timers/promises'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import type { ServerAddress } from '../../lib/servers/test-server.js'
import type { Random } from './random.js'

const PAUSE_MS = 8
const STATUSES = ['draft', 'paid', 'sent']
/** What rules/examples/orders.mjs is to make of the orders, in the words of the source. */
const LINES = `select o.id, line.line_no, o.status, o.customer, line.sku, line.qty, line.qty * line.price
  from orders o, json_table(o.items, '$[*]' columns (line_no for ordinality, sku varchar(64) path '$.sku',
    qty int path '$.qty', price decimal(10,2) path '$.price')) line
  where o.status <> 'draft'`

/** Orders with their items in a JSON column, and traffic that adds, changes, moves and deletes them. */
export class OrderTraffic {
  readonly #server: ServerAddress
  readonly #schema: string
  readonly #random: Random
  #next: number
  #running: Promise<void> | null = null
  #stopped = true

  private constructor(server: ServerAddress, schema: string, rows: number, random: Random) {
    this.#server = server
    this.#schema = schema
    this.#next = rows
    this.#random = random
  }

  static async create(server: ServerAddress, schema: string, rows: number, random: Random): Promise<OrderTraffic> {
    const traffic = new OrderTraffic(server, schema, rows, random)
    await server.sql([
      `create table ${schema}.orders (id bigint primary key, status varchar(10) not null, customer varchar(20), items json)`,
    ])
    for (let id = 0; id < rows; id += 500) {
      const ids = Array.from({ length: Math.min(500, rows - id) }, (_, i) => id + i)
      await server.sql([`insert into ${schema}.orders values ${ids.map(i => traffic.#row(i)).join(', ')}`])
    }
    return traffic
  }

  start(): void {
    this.#stopped = false
    this.#running = this.#work()
    this.#running.catch(() => {
      this.#stopped = true
    })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    const running = this.#running
    this.#running = null
    await running
  }

  /** What differs; nothing may change meanwhile. */
  async judge(targetPort: number): Promise<string[]> {
    const target = await createConnection({ host: '127.0.0.1', port: targetPort, user: 'root' })
    const source = await this.#server.connect({ database: this.#schema })
    const ask = async (connection: Connection, sql: string) =>
      (await connection.query<RowDataPacket[]>(sql))[0].map(row => Object.values(row).join(' | '))
    try {
      const wanted = await ask(source, LINES)
      const own = 'order_id, line_no, status, customer, sku, qty, amount'
      const found = await ask(target, `select ${own} from ${this.#schema}.order_lines`)
      const [left, right] = [new Set(wanted), new Set(found)]
      return [
        ...(wanted.length === 0 ? ['there is nothing to compare'] : []),
        ...wanted.filter(row => !right.has(row)).map(row => `missing: ${row}`),
        ...found.filter(row => !left.has(row)).map(row => `extra: ${row}`),
        ...(wanted.length === found.length ? [] : [`${wanted.length} rows and ${found.length}`]),
      ]
    } finally {
      await source.end()
      await target.end()
    }
  }

  async #work(): Promise<void> {
    const connection = await this.#server.connect({ database: this.#schema })
    try {
      for (; !this.#stopped; await delay(PAUSE_MS)) await connection.query(this.#statement())
    } finally {
      await connection.end()
    }
  }

  #statement(): string {
    const random = this.#random
    const id = random.below(this.#next)
    switch (random.below(6)) {
      case 0:
        return `insert into orders values ${this.#row(this.#next++)}, ${this.#row(this.#next++)}`
      case 1:
        return `update orders set id = ${this.#next++} where id = ${id}`
      case 2:
        return `delete from orders where id between ${id} and ${id + random.below(3)}`
      case 3:
        return `update orders set status = '${STATUSES[random.below(3)]}' where id between ${id} and ${id + 4}`
      default:
        return `update orders set items = ${this.#items()} where id = ${id}`
    }
  }

  #row(id: number): string {
    const random = this.#random
    return `(${id}, '${STATUSES[random.below(3)]}', ${random.chance(0.1) ? 'null' : `'c ${id % 7} 你'`}, ${this.#items()})`
  }

  #items(): string {
    const random = this.#random
    if (random.chance(0.1)) return 'null'
    const items = Array.from({ length: random.below(4) }, () => ({
      sku: `s${random.below(50)}`,
      qty: 1 + random.below(9),
      price: `${random.below(1000)}.${String(random.below(100)).padStart(2, '0')}`,
    }))
    return `'${JSON.stringify(items)}'`
  }
}
