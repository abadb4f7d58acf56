import { type Connection, createConnection } from 'mysql2/promise'
import type { ServerAddress } from '../../lib/servers/test-server.js'
import type { Random } from './random.js'
import { TrafficLoop } from './traffic-loop.js'

const SCHEMAS = 4
const TABLES = 4
/** Small, so that the same keys come, go and come again in every shard. */
const IDS = 120
/** Between two transactions: the machine is for the engine. */
const PAUSE_MS = 60

/** 4 x 4 tables of one target, of which one schema is ahead of the others, with traffic over all of them. */
export class ShardTables {
  readonly #server: ServerAddress
  readonly #base: string
  readonly #random: Random
  readonly #connection: Connection
  readonly #traffic = new TrafficLoop(() => this.#transaction(), PAUSE_MS)
  transactions = 0

  private constructor(server: ServerAddress, base: string, random: Random, connection: Connection) {
    this.#server = server
    this.#base = base
    this.#random = random
    this.#connection = connection
  }

  /** Makes the tables with some rows in each. */
  static async create(server: ServerAddress, base: string, random: Random): Promise<ShardTables> {
    const { port } = server
    const connection = await createConnection({ host: '127.0.0.1', port, user: 'root', charset: 'utf8mb4' })
    const shards = new ShardTables(server, base, random, connection)
    for (let n = 1; n <= SCHEMAS; n++) await server.sql(`create database ${base}_${n} character set utf8mb4`)
    for (const name of shards.names) {
      const ahead = shards.isAhead(name)
      await server.sql(
        `create table ${name} (id int primary key, qty ${ahead ? 'bigint' : 'int'} not null, note varchar(${ahead ? 200 : 20}) ${ahead ? 'null' : 'not null'}, price decimal(8,2)${ahead ? ', extra int' : ''})`,
      )
      const rows = Array.from({ length: 30 }, (_, i) => `(${i * 4 + 1}, ${i}, 'first', ${i}.50)`)
      await server.sql(`insert into ${name} (id, qty, note, price) values ${rows.join(', ')}`)
    }
    return shards
  }

  get names(): string[] {
    return Array.from({ length: SCHEMAS * TABLES }, (_, i) => this.name(1 + Math.floor(i / TABLES), 1 + (i % TABLES)))
  }

  name(schema: number, table: number): string {
    return `${this.#base}_${schema}.orders_${table}`
  }

  /** Whether a shard has the column extra and the wider types from the beginning. */
  isAhead(name: string): boolean {
    return name.startsWith(`${this.#base}_3.`)
  }

  /** Until `stop`; it may be started again. */
  start(): void {
    this.#traffic.start()
  }

  /** Ends the traffic; rejects with what ended it before. */
  stop(): Promise<void> {
    return this.#traffic.stop()
  }

  async close(): Promise<void> {
    await this.#traffic.abandon()
    await this.#connection.end()
  }

  /** Rows of all shards with their tag, as text: what the target is to hold. Columns that a shard lacks are NULL. */
  async union(columns: readonly string[]): Promise<string[]> {
    const parts: string[] = []
    for (const name of this.names) {
      const known = await this.#server.sql(`show columns from ${name}`)
      const has = new Set(known.map(row => String(row.Field)))
      const list = columns.map(column => (has.has(column) ? column : `null as ${column}`))
      parts.push(`select id, '${name}' as shard, ${list.join(', ')} from ${name}`)
    }
    const [rows] = await this.#connection.query({ sql: parts.join(' union all '), rowsAsArray: true })
    return (rows as unknown[][]).map(rowText).sort()
  }

  async #transaction(): Promise<void> {
    await this.#connection.query('start transaction')
    for (let n = 1 + this.#random.below(3); n > 0; n--) await this.#change()
    await this.#connection.query(this.#random.below(12) === 0 ? 'rollback' : 'commit')
    this.transactions++
  }

  async #change(): Promise<void> {
    const name = this.names[this.#random.below(SCHEMAS * TABLES)]!
    const id = 1 + this.#random.below(IDS)
    const qty = this.isAhead(name) ? `${3_000_000_000 + this.#random.below(9)}` : `${this.#random.below(1000)}`
    const note = this.isAhead(name) && this.#random.below(2) === 0 ? `repeat('n', 100)` : `'note ${this.transactions}'`
    switch (this.#random.below(5)) {
      case 0:
        await this.#connection.query(`delete from ${name} where id = ${id}`)
        break
      case 1:
        await this.#connection.query(
          `update ${name} set qty = ${qty}, note = ${note} where id between ${id} and ${id + 5}`,
        )
        break
      case 2:
        await this.#connection.query(`update ignore ${name} set id = ${1 + this.#random.below(IDS)} where id = ${id}`)
        break
      default:
        await this.#connection.query(
          `insert into ${name} (id, qty, note, price) values (${id}, ${qty}, ${note}, ${id}.25) on duplicate key update price = price + 1`,
        )
    }
  }
}

/** One row as one line. */
export function rowText(row: readonly unknown[]): string {
  return row.map(value => (value === null ? 'NULL' : String(value))).join('|')
}
