import type { Connection, ResultSetHeader } from 'mysql2/promise'
import { pause } from './pause.js'
import { Random } from './random.js'
import { SHOP } from './shop-schema.js'
import { amount, birthday, customerName, moment, note, reference } from './shop-values.js'

/** Row changes by table. */
export type Changes = Record<string, number>

interface OpenOrder {
  readonly id: number
  readonly customer: number
  readonly lines: number
  paid: boolean
}

/** How many customers and orders are remembered for later changes; older ones stay in the tables as they are. */
const REMEMBERED = 5000

/**
 * Plays a shop on one connection: transactions over several tables, updates, deletes, moved keys, roll-backs.
 *
 * `changes` counts the row changes of committed transactions, as the server reports them. The same seed plays the same
 * choices. Two shops may run at once when their `firstId` lie far apart.
 */
export class ShopTraffic {
  readonly changes: Changes = { customers: 0, orders: 0, order_lines: 0, payments: 0 }
  readonly #random: Random
  readonly #connection: Connection
  readonly #rowsPerSecond: number
  #nextId: number
  readonly #customers: number[] = []
  readonly #orders: OpenOrder[] = []
  #pending: Changes = {}

  constructor(options: { seed: number; rowsPerSecond: number; firstId: number }, connection: Connection) {
    this.#random = new Random(options.seed)
    this.#rowsPerSecond = options.rowsPerSecond
    this.#nextId = options.firstId
    this.#connection = connection
  }

  /** Row changes committed so far. */
  get rows(): number {
    return Object.values(this.changes).reduce((sum, count) => sum + count, 0)
  }

  /** Plays at the given rate until `signal`; the transaction in work is finished first. */
  async play(signal: AbortSignal): Promise<void> {
    // Larger steps at higher rates: about a hundred transactions a second are enough for any.
    const batch = Math.min(200, Math.max(1, Math.round(this.#rowsPerSecond / 600)))
    const startMs = performance.now()
    const before = this.rows
    await this.#transaction(() => this.#newCustomers(20))
    while (!signal.aborted) {
      await this.step(batch)
      const dueMs = startMs + ((this.rows - before) / this.#rowsPerSecond) * 1000
      const earlyMs = dueMs - performance.now()
      // An abort ends the pause; the loop's condition then ends the play.
      if (earlyMs > 1) await pause(earlyMs, signal)
    }
  }

  /** One transaction of a kind chosen at random, with about `batch` orders in it. */
  async step(batch: number): Promise<void> {
    const dice = this.#random.between(1, 100)
    if (dice <= 10) return this.#transaction(() => this.#newCustomers(batch))
    if (dice <= 50) return this.#transaction(() => this.#newOrders(batch))
    if (dice <= 75) return this.#transaction(() => this.#pay(batch))
    if (dice <= 85) return this.#transaction(() => this.#edit(batch))
    if (dice <= 92) return this.#transaction(() => this.#cancel(batch))
    if (dice <= 95) return this.#transaction(() => this.#moveLines())
    if (dice <= 97) return this.#transaction(() => this.#moveCustomer())
    if (dice <= 98) return this.#transaction(() => this.#removeCustomer())
    return this.#rolledBack(batch)
  }

  async #transaction(work: () => Promise<void>): Promise<void> {
    this.#pending = {}
    await this.#connection.query('start transaction')
    await work()
    await this.#connection.query('commit')
    for (const [table, count] of Object.entries(this.#pending)) this.changes[table] = (this.changes[table] ?? 0) + count
  }

  /** Changes that never were: nothing of this may reach the target. */
  async #rolledBack(batch: number): Promise<void> {
    this.#pending = {}
    await this.#connection.query('start transaction')
    await this.#run('orders', 'update t set note = ?, status = ? where id in (?)', [
      'rolled back',
      'returned',
      this.#some(batch),
    ])
    await this.#run('customers', 'update t set balance = -1 where id in (?)', [this.#ids(batch)])
    await this.#connection.query('rollback')
    this.#pending = {}
  }

  /** Runs a statement in which `t` after the verb stands for the table, and counts the rows it changed. */
  async #run(table: string, statement: string, values: unknown[]): Promise<void> {
    const sql = statement.replace(/\bt\b/, `${SHOP}.${table}`)
    const [result] = await this.#connection.query<ResultSetHeader>(sql, values)
    // The server counts rows *found* by an update as affected, also when they stay as they are.
    const changed = statement.startsWith('update') ? result.changedRows : result.affectedRows
    this.#pending[table] = (this.#pending[table] ?? 0) + changed
  }

  #ids(count: number): number[] {
    return this.#customers.length === 0 ? [0] : Array.from({ length: count }, () => this.#random.pick(this.#customers))
  }

  #some(count: number): number[] {
    return this.#orders.length === 0 ? [0] : Array.from({ length: count }, () => this.#random.pick(this.#orders).id)
  }

  async #newCustomers(count: number): Promise<void> {
    const random = this.#random
    const rows = Array.from({ length: count }, () => {
      const id = this.#nextId++
      this.#customers.push(id)
      const email = `c${id}@example.com`
      const vip = random.chance(0.1) ? 1 : 0
      return [
        id,
        customerName(random),
        email,
        amount(random, 1e6, 2),
        vip,
        birthday(random),
        note(random),
        moment(random),
        null,
      ]
    })
    if (this.#customers.length > REMEMBERED) this.#customers.splice(0, this.#customers.length - REMEMBERED)
    await this.#run('customers', 'insert into t values ?', [rows])
  }

  async #newOrders(count: number): Promise<void> {
    const random = this.#random
    const lines: unknown[][] = []
    const customers = this.#ids(count)
    const orders = customers.map(customer => {
      const id = this.#nextId++
      const wanted = random.between(1, 4)
      for (let line = 1; line <= wanted; line++) {
        const discount = random.chance(0.7) ? null : random.fraction()
        lines.push([
          id,
          line,
          `sku-${random.between(1, 999)}`,
          random.between(1, 4_294_967_295),
          amount(random, 1e5, 4),
          discount,
        ])
      }
      this.#orders.push({ id, customer, lines: wanted, paid: false })
      return [id, customer, amount(random, 1e5, 2), 'new', moment(random), note(random)]
    })
    if (this.#orders.length > REMEMBERED) this.#orders.splice(0, this.#orders.length - REMEMBERED)
    await this.#run('orders', 'insert into t values ?', [orders])
    await this.#run('order_lines', 'insert into t values ?', [lines])
    await this.#run('customers', 'update t set balance = balance - 1.25, updated_at = now(3) where id in (?)', [
      customers,
    ])
  }

  async #pay(count: number): Promise<void> {
    const random = this.#random
    const open = this.#orders.filter(order => !order.paid).slice(0, count)
    if (open.length === 0) return this.#newOrders(count)
    const payments = open.map(order => {
      order.paid = true
      const method = random.pick(['card', 'cash', 'überweisung', '支付宝'])
      return [this.#nextId++, order.id, amount(random, 1e5, 2), method, reference(random), moment(random)]
    })
    await this.#run('payments', 'insert into t values ?', [payments])
    await this.#run('orders', 'update t set status = ? where id in (?)', ['paid', open.map(order => order.id)])
  }

  async #edit(count: number): Promise<void> {
    for (const id of new Set(this.#ids(Math.min(count, 20)))) {
      const values = [customerName(this.#random), note(this.#random), id]
      await this.#run('customers', 'update t set name = ?, notes = ?, updated_at = now(3) where id = ?', values)
    }
    // Changes nothing, so no row of it is in the binlog.
    await this.#run('orders', 'update t set total = total where id in (?)', [this.#some(count)])
    await this.#run('order_lines', 'update t set quantity = quantity div 2, discount = null where order_id in (?)', [
      this.#some(count),
    ])
  }

  async #cancel(count: number): Promise<void> {
    const gone = this.#orders.splice(0, Math.min(count, this.#orders.length)).map(order => order.id)
    if (gone.length === 0) return this.#newOrders(count)
    await this.#run('payments', 'delete from t where order_id in (?)', [gone])
    await this.#run('order_lines', 'delete from t where order_id in (?)', [gone])
    await this.#run('orders', 'delete from t where id in (?)', [gone])
  }

  /** A part of the key moves: the first line of an order becomes its last. */
  async #moveLines(): Promise<void> {
    if (this.#orders.length === 0) return this.#newOrders(1)
    const { id, lines } = this.#random.pick(this.#orders)
    await this.#run('order_lines', 'update t set line_no = line_no + 1000 where order_id = ? and line_no = ?', [
      id,
      lines,
    ])
    await this.#run('order_lines', 'update t set sku = ? where order_id = ? and line_no < 1000', ['moved', id])
  }

  /** The key of a customer moves, and the customer's orders with it. */
  async #moveCustomer(): Promise<void> {
    if (this.#customers.length === 0) return this.#newCustomers(1)
    const at = this.#random.between(0, this.#customers.length - 1)
    const [old, id] = [this.#customers[at]!, this.#nextId++]
    this.#customers[at] = id
    await this.#run('customers', 'update t set id = ? where id = ?', [id, old])
    await this.#run('orders', 'update t set customer_id = ? where customer_id = ?', [id, old])
  }

  async #removeCustomer(): Promise<void> {
    const id = this.#customers.shift()
    if (id === undefined) return this.#newCustomers(1)
    await this.#run('customers', 'delete from t where id = ?', [id])
    // A key that comes back within the same transaction: deleted, then there again with other values.
    if (this.#random.chance(0.5)) {
      const row = [id, 'returned', `c${id}@example.com`, '0.00', 0, null, null, moment(this.#random), null]
      await this.#run('customers', 'insert into t values ?', [[row]])
      this.#customers.push(id)
    }
  }
}
