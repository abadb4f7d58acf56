import { setTimeout as delay } from 'node:timers/promises'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import type { ServerAddress } from '../../lib/servers/test-server.js'
import type { Random } from './random.js'

const COLUMNS = `id int primary key, shop int not null, status varchar(10) collate utf8mb4_general_ci not null,
  price decimal(10,2) not null, qty int, created_at datetime not null, note text`
const WHERE = "status <> 'draft' and price * qty > 100"
const TRANSACTIONS_PER_SECOND = 120

type Row = Readonly<Record<string, unknown>>

/** Two tables with rows and traffic: of `orders` rows enter and leave filters, in three targets; of `items` they are marked. */
export class ShapedTables {
  readonly schema: string
  readonly #server: ServerAddress
  readonly #random: Random
  #rows: number
  /** Rows that had this key may have another one. */
  readonly #moved = new Set<number>()
  #running: Promise<void> | null = null
  #stopped = true

  private constructor(server: ServerAddress, schema: string, rows: number, random: Random) {
    this.#server = server
    this.schema = schema
    this.#rows = rows
    this.#random = random
  }

  static async create(server: ServerAddress, schema: string, rows: number, random: Random): Promise<ShapedTables> {
    const tables = new ShapedTables(server, schema, rows, random)
    const connection = await server.connect({ database: schema })
    try {
      for (const table of ['orders', 'items']) {
        await connection.query(`create table ${table} (${COLUMNS}) character set utf8mb4`)
        for (let id = 0; id < rows; id += 500) {
          const ids = Array.from({ length: Math.min(500, rows - id) }, (_, i) => id + i)
          await connection.query(`insert into ${table} values ${ids.map(i => `(${tables.#values(i)})`).join(', ')}`)
        }
        await connection.query(`analyze table ${table}`)
      }
    } finally {
      await connection.end()
    }
    return tables
  }

  /** [[source]] and [[rule]] blocks. */
  get rules(): string {
    const of = `schema = "${this.schema}"`
    const rule = (table: string, target: string, ...lines: readonly string[]) =>
      `[[rule]]\n${of}\ntable = "${table}"\nsr_table = "${target}"\n${lines.join('\n')}\n`
    const where = `where = "${WHERE}"`
    return [
      `[[source]]\n${of}\ntables = ["orders", "items"]\n`,
      rule(
        'orders',
        'large_orders',
        where,
        'exclude = ["note"]',
        `computed = { total = "price * qty", day = "date(created_at)", label = "concat(upper(status), ' ', lpad(id, 6, '0'))" }`,
      ),
      rule('orders', 'order_log', 'mode = "append"', where, 'computed = { grew = "NEW.qty - OLD.qty" }'),
      rule(
        'orders',
        'sales',
        "where = \"status in ('PAID', 'sent')\"",
        'computed = { day = "date(created_at)", total = "price * qty" }',
        'group_by = ["day", "shop"]',
        'measures = { n = "count(*)", revenue = "sum(total)" }',
      ),
      rule('items', 'kept_items', 'on_delete = "soft"', 'soft_delete = { flag = "gone", time = "gone_at" }'),
      rule('items', 'few_items', 'where = "qty % 5 = 1"', 'columns = ["id", "qty"]'),
    ].join('\n')
  }

  start(): void {
    this.#stopped = false
    this.#running = Promise.all([this.#work(0), this.#work(1)]).then(() => undefined)
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

  async ids(table: string): Promise<ReadonlySet<number>> {
    return new Set((await this.#server.sql(`select id from ${this.schema}.${table}`)).map(row => Number(row.id)))
  }

  /** What differs, in sentences; nothing may change meanwhile. `marked`: rows of `items` that must be in its target, marked or not. */
  async judge(targetPort: number, marked: ReadonlySet<number>): Promise<string[]> {
    const target = await createConnection({ host: '127.0.0.1', port: targetPort, user: 'root', dateStrings: true })
    const source = await this.#server.connect({ database: this.schema, dateStrings: true })
    const ask = async (connection: Connection, sql: string) =>
      (await connection.query<RowDataPacket[]>(sql))[0].map(row => Object.values(row).map(asText).join(' | '))
    const differences: string[] = []
    const compare = async (what: string, wanted: string, found: string) => {
      const [a, b] = [await ask(source, wanted), await ask(target, found)]
      const [left, right] = [new Set(a), new Set(b)]
      const missing = a.filter(row => !right.has(row))
      const extra = b.filter(row => !left.has(row))
      if (a.length === 0) differences.push(`${what}: there is nothing to compare`)
      if (missing.length + extra.length > 0 || a.length !== b.length)
        differences.push(
          `${what}: ${a.length} rows and ${b.length}; missing ${missing.slice(0, 3)}; extra ${extra.slice(0, 3)}`,
        )
    }
    try {
      const own = 'id, shop, status, price, qty, created_at'
      await compare(
        'large_orders',
        `select ${own}, price * qty, date(created_at), concat(upper(status), ' ', lpad(id, 6, '0')) from orders where ${WHERE}`,
        `select ${own}, total, day, label from ${this.schema}.large_orders`,
      )
      await compare(
        'sales',
        `select date(created_at), shop, count(*), coalesce(sum(price * qty), 0) from orders where status in ('PAID', 'sent') group by 1, 2`,
        `select day, shop, n, revenue from ${this.schema}.sales where n <> 0`,
      )
      await compare(
        'kept_items',
        `select ${own}, note from items`,
        `select ${own}, note from ${this.schema}.kept_items where gone = 0 and gone_at is null`,
      )
      await compare(
        'few_items',
        'select id, qty from items where qty % 5 = 1',
        `select id, qty from ${this.schema}.few_items`,
      )
      const [log] = await target.query<RowDataPacket[]>(
        `select * from ${this.schema}.order_log order by _bin_name, _bin_pos, _event, _row`,
      )
      const [wanted] = await source.query<RowDataPacket[]>(`select * from orders where ${WHERE}`)
      differences.push(...judgeLog(log, wanted))
      const [gone] = await target.query<RowDataPacket[]>(
        `select id, gone_at from ${this.schema}.kept_items where gone = 1`,
      )
      const live = await this.ids('items')
      const known = new Set(gone.map(({ id }) => Number(id)))
      differences.push(
        ...gone
          .filter(({ id, gone_at }) => live.has(id) || gone_at === null)
          .map(({ id }) => `kept_items ${id} is marked wrongly`),
      )
      const lost = [...marked].filter(id => !live.has(id) && !known.has(id) && !this.#moved.has(id))
      if (lost.length > 0)
        differences.push(`kept_items: ${lost.length} deleted rows are not marked: ${lost.slice(0, 5)}`)
      if (marked.size > 0 && known.size === 0) differences.push('kept_items: nothing is marked')
      return differences
    } finally {
      await source.end()
      await target.end()
    }
  }

  #values(id: number): string {
    const r = this.#random
    const status = ['draft', 'Draft', 'paid', 'PAID', 'sent'][r.below(5)]!
    const qty = r.chance(0.1) ? 'null' : r.below(20)
    const day = `2024-03-${String(1 + r.below(9)).padStart(2, '0')} 12:00:0${r.below(9)}`
    return `${id}, ${r.below(4)}, '${status}', ${r.below(3000)} / 100, ${qty}, '${day}', 'note ${id}'`
  }

  async #work(stripe: number): Promise<void> {
    const connection = await this.#server.connect({ database: this.schema })
    try {
      await connection.query('set session transaction isolation level read committed')
      const started = performance.now()
      for (let made = 1; !this.#stopped; made++) {
        await connection.query('begin')
        for (let parts = 1 + this.#random.below(3); parts > 0; parts--) await this.#change(connection, stripe)
        await connection.query(this.#random.chance(0.05) ? 'rollback' : 'commit')
        const aheadMs = (made * 2000) / TRANSACTIONS_PER_SECOND - (performance.now() - started)
        if (aheadMs > 0) await delay(aheadMs)
      }
    } finally {
      connection.destroy()
    }
  }

  /** Rows of even and odd numbers are each one connection's, so that neither waits for the other. */
  async #change(connection: Connection, stripe: number): Promise<void> {
    const table = this.#random.chance(0.6) ? 'orders' : 'items'
    const id = 2 * this.#random.below(Math.ceil(this.#rows / 2)) + stripe
    const dice = this.#random.next()
    if (dice < 0.2) await connection.query(`delete from ${table} where id = ${id}`)
    else if (dice < 0.3)
      await connection.query(
        `update ${table} set qty = qty + 1 where id between ${id} and ${id} + 10 and id % 2 = ${stripe}`,
      )
    // A log tells nothing of the key that a row had before, so there rows keep theirs.
    else if (dice < 0.35 && table === 'items') {
      this.#moved.add(id)
      const fresh = 2 * Math.ceil(this.#rows / 2) + stripe
      this.#rows = Math.max(this.#rows, fresh + 1)
      await connection.query(`update ignore ${table} set id = ${fresh} where id = ${id}`)
    } else await connection.query(`replace into ${table} values (${this.#values(id)})`)
  }
}

/** Numbers and moments in one form, whichever server told them. */
function asText(value: unknown): string {
  if (value === null) return 'NULL'
  const text = String(value)
  return /^-?\d+\.\d+$/.test(text) ? String(Number(text)) : text.replace(/(:\d\d)\.0+$/, '$1')
}

/** Every change once, each in its place: rows enter, change while they are in, and leave. */
function judgeLog(log: readonly Row[], rows: readonly Row[]): string[] {
  const wrong: string[] = []
  const ids = new Set<string>()
  const now = new Map<number, Row>()
  for (const change of log) {
    const id = [change._bin_name, change._bin_pos, change._event, change._row].join(' ')
    if (ids.has(id)) wrong.push(`order_log: ${id} stands there twice`)
    ids.add(id)
    const key = Number(change.id)
    const before = now.get(key)
    if ((change._op === 'insert') !== (before === undefined))
      wrong.push(`order_log ${key} at ${id}: ${change._op} of a row that is ${before === undefined ? 'not ' : ''}there`)
    // The change by which a row entered may have been an update; a copied row has nothing before it.
    const grown = change._op === 'update' ? Number(change.qty) - Number(before?.qty) : null
    if (change._op === 'update' && Number(change.grew) !== grown)
      wrong.push(`order_log ${key} at ${id}: it grew by ${change.grew}, not ${grown}`)
    if (change._op === 'delete') now.delete(key)
    else now.set(key, change)
  }
  const text = ({ shop, status, price, qty }: Row) => [shop, status, price, qty].map(asText).join(' ')
  for (const row of rows) {
    const found = now.get(Number(row.id))
    if (found === undefined || text(found) !== text(row))
      wrong.push(`order_log ${row.id}: ${found === undefined ? 'missing' : text(found)} for ${text(row)}`)
  }
  return wrong.slice(0, 20)
}
