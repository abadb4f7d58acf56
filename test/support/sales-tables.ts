import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Connection } from 'mysql2/promise'
import type { ServerAddress } from '../../lib/servers/test-server.js'
import type { Random } from './random.js'

const SALES = `id bigint primary key, product_id int not null, product_name varchar(40) not null, status varchar(10) not null,
  price decimal(10,2) not null, qty int not null, discount decimal(6,2), sold_at datetime not null, note text`
const VISITS = 'id bigint primary key, product_id int not null, seen_at datetime(3) not null, seconds int'
const TRANSACTIONS_PER_SECOND = 120
const PRODUCTS = 9

/** The tables of the examples of rules about sales, in a schema of their own, with rows and traffic. */
export class SalesTables {
  readonly schema: string
  readonly #server: ServerAddress
  readonly #random: Random
  readonly #rows: number
  #visits: number
  #running: Promise<void> | null = null
  #stopped = true

  private constructor(server: ServerAddress, schema: string, rows: number, random: Random) {
    this.#server = server
    this.schema = schema
    this.#rows = rows
    this.#visits = rows
    this.#random = random
  }

  static async create(server: ServerAddress, schema: string, rows: number, random: Random): Promise<SalesTables> {
    const tables = new SalesTables(server, schema, rows, random)
    const connection = await server.connect({ database: schema })
    try {
      await connection.query(`create table sales (${SALES}) character set utf8mb4`)
      await connection.query(`create table visits (${VISITS}) character set utf8mb4`)
      for (let id = 0; id < rows; id += 500) {
        const ids = Array.from({ length: Math.min(500, rows - id) }, (_, i) => id + i)
        await connection.query(`insert into sales values ${ids.map(i => `(${tables.#sale(i)})`).join(', ')}`)
        await connection.query(`insert into visits values ${ids.map(i => `(${tables.#visit(i)})`).join(', ')}`)
      }
      await connection.query('analyze table sales, visits')
    } finally {
      await connection.end()
    }
    return tables
  }

  /** An example of rules for these tables, as it stands but for the schema. */
  example(name: string): string {
    const text = readFileSync(resolve(`rules/examples/${name}.toml`), 'utf8')
    return text.replaceAll('"shop"', `"${this.schema}"`).replaceAll('shop.', `${this.schema}.`)
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

  #sale(id: number): string {
    const r = this.#random
    const product = r.below(PRODUCTS)
    const status = ['open', 'paid', 'PAID', 'cancelled', 'sent'][r.below(5)]!
    const discount = r.chance(0.4) ? 'null' : `${r.below(400) - 100} / 100`
    const day = `2024-0${1 + r.below(5)}-15 12:00:0${r.below(9)}`
    return `${id}, ${product}, 'product ${product}${r.chance(0.1) ? ' (old)' : ''}', '${status}', ${r.below(9000) - 500} / 100, ${r.below(9) - 1}, ${discount}, '${day}', 'note ${id}'`
  }

  #visit(id: number): string {
    const r = this.#random
    const at = `2024-03-${10 + r.below(20)} 12:00:0${r.below(9)}.${100 + r.below(900)}`
    return `${id}, ${r.below(PRODUCTS)}, '${at}', ${r.chance(0.2) ? 'null' : r.below(100_000)}`
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
    const id = 2 * this.#random.below(Math.ceil(this.#rows / 2)) + stripe
    const near = `id between ${id} and ${id + 10} and id % 2 = ${stripe}`
    const dice = this.#random.next()
    if (dice < 0.15) await connection.query(`delete from sales where id = ${id}`)
    else if (dice < 0.25) await connection.query(`update sales set qty = qty + 1 where ${near}`)
    else if (dice < 0.35)
      await connection.query(`update sales set status = if(status = 'cancelled', 'paid', 'cancelled') where ${near}`)
    else if (dice < 0.45) await connection.query(`insert into visits values (${this.#visit(this.#visits++)})`)
    else await connection.query(`replace into sales values (${this.#sale(id)})`)
  }
}

/** Pairs of comments `target: SELECT …` and `source: SELECT …`, each going on in lines that are further indented. */
export function promisedSelects(example: string): { readonly target: string; readonly source: string }[] {
  const statements: { side: string; sql: string }[] = []
  for (const line of example.split('\n')) {
    const begin = /^# {3}(target|source): (.*)$/.exec(line)
    const further = /^# {5,}(.*)$/.exec(line)
    if (begin !== null) statements.push({ side: begin[1]!, sql: begin[2]! })
    else if (further !== null && statements.length > 0) statements.at(-1)!.sql += ` ${further[1]!}`
  }
  return statements.flatMap(({ side, sql }, i) => {
    const other = statements[i + 1]
    return side === 'target' && other?.side === 'source' ? [{ target: sql, source: other.sql }] : []
  })
}

type Change = Readonly<Record<string, unknown>>

/** What is wrong with a table of changes with the values before them, read in its order. */
export function judgeChanges(log: readonly Change[]): string[] {
  const wrong: string[] = []
  const ids = new Set<string>()
  const rows = new Map<string, Change>()
  const columns = Object.keys(log[0] ?? {}).filter(name => !name.startsWith('_') && `_before_${name}` in log[0]!)
  if (columns.length === 0) wrong.push('no column has a value before it')
  for (const change of log) {
    const id = [change._bin_name, change._bin_pos, change._event, change._row].join(' ')
    if (ids.has(id)) wrong.push(`${id} stands there twice`)
    ids.add(id)
    const key = String(change.id)
    const known = rows.get(key)
    if ((change._op === 'insert') !== (known === undefined))
      wrong.push(`${change._op} of ${key} at ${id}, which is ${known === undefined ? 'not ' : ''}there`)
    for (const name of columns) {
      const [before, was] = [change[`_before_${name}`], change._op === 'insert' ? null : known?.[name]]
      if (before !== was) wrong.push(`${change._op} of ${key} at ${id}: ${name} was ${before}, not ${was}`)
      if (change._op === 'delete' && change[name] !== was) wrong.push(`delete of ${key} at ${id}: ${name} is another`)
    }
    if (change._op === 'delete') rows.delete(key)
    else rows.set(key, change)
  }
  return wrong.slice(0, 20)
}
