import type { Connection } from 'mysql2/promise'
import type { ComparedTable } from '../../lib/demo/compare.js'
import { Random } from './random.js'

const TABLES = [
  {
    name: 'sbtest1',
    key: ['id'],
    columns: 'id int primary key, k int not null, c char(120) not null, pad char(60) not null',
  },
  {
    name: 'sbtest2',
    key: ['id'],
    columns: 'id bigint unsigned primary key, k int unsigned, c varchar(120), pad varchar(60)',
  },
  {
    name: 'orders',
    key: ['id'],
    columns: 'id int primary key, total decimal(18,4), placed datetime(6), seen timestamp(3) null, day date, note text',
  },
  {
    name: 'codes',
    key: ['id'],
    columns:
      'id varchar(40) primary key, state enum("new","paid","sent"), flags set("a","b","c"), ratio double, raw varbinary(30)',
  },
  {
    name: 'parts',
    key: ['id', 'at'],
    columns: 'id int, at datetime(6), n smallint, b bit(10), t time(3), y year, primary key (id, at)',
  },
] as const

/** Creates the five tables. */
export async function createTables(connection: Connection, schema: string): Promise<void> {
  for (const { name, columns } of TABLES) await connection.query(`create table ${schema}.${name} (${columns})`)
}

export function comparedTables(schema: string): ComparedTable[] {
  return TABLES.map(({ name, key }) => ({
    source: { schema, table: name },
    target: { database: schema, table: name },
    key: [...key],
  }))
}

/**
 * Mixed traffic like sysbench's oltp_write_only: transactions over several tables with multi-row inserts, updates by key,
 * deletes, inserts of deleted keys, and keys that move. One instance per connection, each with keys of its own.
 */
export class SysbenchTraffic {
  readonly #connection: Connection
  readonly #schema: string
  readonly #random: Random
  readonly #stripe: number
  readonly #live: number[][] = TABLES.map(() => [])
  #next = 1

  constructor(connection: Connection, schema: string, stripe: number, seed: number) {
    this.#connection = connection
    this.#schema = schema
    this.#stripe = stripe
    this.#random = new Random(seed)
  }

  /** One transaction; the row changes it made. */
  async transaction(): Promise<number> {
    let changes = 0
    await this.#connection.query('begin')
    for (let statements = 1 + this.#random.below(4); statements > 0; statements--)
      changes += await this.#statement(this.#random.below(TABLES.length))
    if (this.#random.chance(0.03)) {
      await this.#connection.query('rollback')
      // What was taken back is unknown to this object's memory of keys: it starts on fresh ones.
      for (const live of this.#live) live.length = 0
      return 0
    }
    await this.#connection.query('commit')
    return changes
  }

  async #statement(table: number): Promise<number> {
    const live = this.#live[table]!
    const dice = this.#random.next()
    if (live.length < 50 || dice < 0.4) {
      const keys = Array.from({ length: 1 + this.#random.below(8) }, () => this.#next++ * 16 + this.#stripe)
      live.push(...keys)
      return this.#run(`insert into ${this.#name(table)} values ${keys.map(k => this.#row(table, k)).join(', ')}`)
    }
    const some = Array.from({ length: 1 + this.#random.below(5) }, () => live[this.#random.below(live.length)]!)
    const where = `id in (${some.map(k => this.#key(table, k)).join(', ')})`
    if (dice < 0.85) return this.#run(`update ${this.#name(table)} set ${this.#assignment(table)} where ${where}`)
    if (dice < 0.9 && table !== 3) {
      const [from] = some
      const to = this.#next++ * 16 + this.#stripe
      live[live.indexOf(from!)] = to
      return this.#run(`update ${this.#name(table)} set id = ${to} where id = ${from}`)
    }
    this.#live[table] = live.filter(k => !some.includes(k))
    return this.#run(`delete from ${this.#name(table)} where ${where}`)
  }

  async #run(sql: string): Promise<number> {
    const [result] = await this.#connection.query(sql)
    return (result as { affectedRows: number }).affectedRows
  }

  #name(table: number): string {
    return `${this.#schema}.${TABLES[table]!.name}`
  }

  #key(table: number, key: number): string {
    return table === 3 ? `'code-${key}'` : String(key)
  }

  #row(table: number, key: number): string {
    const r = this.#random
    const text = `'${'abcdefghij-'.repeat(1 + r.below(10))}${r.below(1e6)}'`
    switch (table) {
      case 0:
        return `(${key}, ${r.below(1e6)}, ${text}, 'pad ü ${key}')`
      case 1:
        return `(${key}, ${r.chance(0.1) ? 'null' : r.below(4e9)}, ${text}, null)`
      case 2:
        return `(${key}, ${r.below(1e9)}.${r.below(1e4)}, now(6), now(3), curdate(), ${text})`
      case 3:
        return `('code-${key}', 'new', 'a,c', ${r.next() * 1e6}, x'00ff${key.toString(16).padStart(8, '0')}')`
      default:
        return `(${key}, now(6), ${r.below(60000) - 30000}, ${r.below(1024)}, '-01:02:03.${r.below(1000)}', ${1970 + r.below(100)})`
    }
  }

  #assignment(table: number): string {
    const n = this.#random.below(30000)
    return [
      'k = k + 1',
      `k = ${n}, pad = 'upd ${n}'`,
      `total = total + 0.5, note = concat('n', ${n})`,
      `state = 'paid', ratio = ratio / 3`,
      `n = ${n}, b = b ^ 5`,
    ][table]!
  }
}
