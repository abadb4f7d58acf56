import { type Connection, createConnection } from 'mysql2/promise'
import type { ServerAddress } from '../../lib/servers/test-server.js'
import type { Random } from './random.js'
import { rowText } from './shard-tables.js'
import { TrafficLoop } from './traffic-loop.js'

/** Small, so that both sides meet; orders from FIRST_REUSED to REUSED come, go and come again. */
const IDS = 400
const FIRST_REUSED = 5
const REUSED = 80
const PAUSE_MS = 20

/** Orders in one database and their payments in another, with traffic over both: what rules/examples/fuse.toml reads. */
export class FusedTables {
  readonly #random: Random
  readonly #connection: Connection
  readonly orders: string
  readonly payments: string
  readonly #traffic = new TrafficLoop(() => this.#transaction(), PAUSE_MS)
  #nextId = IDS
  transactions = 0

  private constructor(shop: string, billing: string, random: Random, connection: Connection) {
    this.orders = `${shop}.orders`
    this.payments = `${billing}.payments`
    this.#random = random
    this.#connection = connection
  }

  /** Makes the tables with some rows on both sides; `billing` is made anew. */
  static async create(server: ServerAddress, shop: string, billing: string, random: Random): Promise<FusedTables> {
    const { port } = server
    const connection = await createConnection({ host: '127.0.0.1', port, user: 'root', charset: 'utf8mb4' })
    const tables = new FusedTables(shop, billing, random, connection)
    await server.sql([
      `create database ${billing} character set utf8mb4`,
      `create table ${tables.orders} (id bigint unsigned primary key, customer varchar(40) not null, status varchar(10), amount decimal(10,2) not null)`,
      `create table ${tables.payments} (id int primary key auto_increment, order_id int, method varchar(10) not null, paid decimal(8,2), unique key (order_id))`,
    ])
    const ids = Array.from({ length: IDS }, (_, i) => i + 1)
    const orders = ids.filter(id => id % 3 !== 0).map(id => `(${id}, 'c${id}', 'new', ${id}.50)`)
    const payments = ids.filter(id => id % 2 === 0).map(id => `(${id}, '${id % 10 === 0 ? 'void' : 'card'}', ${id}.25)`)
    await server.sql([
      `insert into ${tables.orders} values ${orders.join(', ')}`,
      `insert into ${tables.payments} (order_id, method, paid) values ${payments.join(', ')}, (null, 'gift', 1)`,
    ])
    return tables
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

  /** The full join of both sides: order_id, customer, amount, method, cents. */
  async fullJoin(): Promise<string[]> {
    const paid = `(select * from ${this.payments} where method <> 'void' and order_id is not null) p`
    return this.#rows(
      `select o.id, o.customer, o.amount, p.method, p.paid * 100 from ${this.orders} o left join ${paid} on p.order_id = o.id
       union all
       select p.order_id, null, null, p.method, p.paid * 100 from ${paid} left join ${this.orders} o on o.id = p.order_id where o.id is null`,
    )
  }

  /** Orders with their payments: order_id, status, method; of ids that were never used twice. */
  async leftJoin(): Promise<string[]> {
    return this.#rows(
      `select o.id, o.status, p.method from ${this.orders} o left join ${this.payments} p on p.order_id = o.id where o.id > ${REUSED}`,
    )
  }

  /** Ids up to this one may have been used twice. */
  get reused(): number {
    return REUSED
  }

  async #rows(sql: string): Promise<string[]> {
    const [rows] = await this.#connection.query({ sql, rowsAsArray: true })
    return (rows as unknown[][]).map(rowText).sort()
  }

  async #transaction(): Promise<void> {
    await this.#connection.query('start transaction')
    for (let n = 1 + this.#random.below(4); n > 0; n--) await this.#change()
    await this.#connection.query(this.#random.below(12) === 0 ? 'rollback' : 'commit')
    this.transactions++
  }

  async #change(): Promise<void> {
    const { orders, payments, transactions } = this
    const id = 1 + this.#random.below(this.#nextId)
    const reused = () => FIRST_REUSED + this.#random.below(REUSED - FIRST_REUSED)
    const low = reused()
    const method = ['card', 'cash', 'void', 'gift'][this.#random.below(4)]!
    const change = [
      `delete from ${orders} where id = ${id}`,
      `delete from ${payments} where order_id = ${id}`,
      `update ${orders} set amount = amount + 1, status = '${method}' where id between ${id} and ${id + 5}`,
      `update ${payments} set paid = paid + 0.5, method = '${method}' where order_id between ${id} and ${id + 5}`,
      `update ignore ${payments} set order_id = ${1 + this.#random.below(this.#nextId)} where order_id = ${id}`,
      `update ${payments} set order_id = null where order_id = ${id}`,
      `update ignore ${orders} set id = ${reused()} where id = ${low}`,
      `insert into ${orders} values (${low}, 'again ${transactions}', null, 1) on duplicate key update customer = 'met'`,
      `replace into ${orders} values (${low}, 'replaced', 'r', ${transactions})`,
      `insert into ${orders} values (${++this.#nextId}, 'n${transactions}', 'new', 7.25)`,
      `insert ignore into ${payments} (order_id, method, paid) values (${1 + this.#random.below(this.#nextId + 5)}, '${method}', ${id}.75)`,
      `insert into ${payments} (order_id, method, paid) values (${id}, '${method}', null) on duplicate key update paid = null`,
      `insert into ${payments} (order_id, method) values (null, 'gift')`,
    ]
    await this.#connection.query(change[this.#random.below(change.length)]!)
  }
}
