import type { Connection } from 'mysql2/promise'
import type { Random } from './random.js'

/** A table with the columns of `ORDERS`, and changes of every kind to it. */
export class RandomOrders {
  readonly #connection: Connection
  readonly #random: Random
  /** Ids are below it. */
  readonly #ids: number

  constructor(connection: Connection, random: Random, ids: number) {
    this.#connection = connection
    this.#random = random
    this.#ids = ids
  }

  async create(): Promise<void> {
    await this.#connection.query(
      `create table orders (id int primary key, code varchar(20) collate utf8mb4_0900_ai_ci not null, amount decimal(10,2),
       qty int, big bigint unsigned, at datetime, day date, note varchar(40), kind enum('a','b','c')) character set utf8mb4`,
    )
    const rows = Array.from({ length: this.#ids / 2 }, (_, n) => `(${this.#values(2 * n)})`)
    await this.#connection.query(`insert into orders values ${rows.join(', ')}`)
    await this.#connection.query('analyze table orders')
  }

  /** One transaction of one to four statements; some are rolled back. */
  async transaction(): Promise<void> {
    const r = this.#random
    await this.#connection.query('begin')
    for (let n = 1 + r.below(4); n > 0; n--) await this.#connection.query(this.#statement())
    await this.#connection.query(r.chance(0.05) ? 'rollback' : 'commit')
  }

  #statement(): string {
    const r = this.#random
    const id = r.below(this.#ids)
    const dice = r.next()
    if (dice < 0.15) return `delete from orders where id = ${id}`
    if (dice < 0.2) return `delete from orders where id between ${id} and ${id + 5}`
    if (dice < 0.3) return `update orders set qty = qty + 1, amount = -amount where id between ${id} and ${id + 20}`
    if (dice < 0.5) return `update orders set ${this.#assignment()} where id = ${id}`
    if (dice < 0.6) return `insert ignore into orders values (${this.#values(id)}), (${this.#values(id + 1)})`
    return `replace into orders values (${this.#values(id)})`
  }

  #assignment(): string {
    const columns = ['code', 'amount', 'qty', 'big', 'at', 'day', 'note', 'kind'] as const
    const name = columns[this.#random.below(columns.length)]!
    return `${name} = ${this.#value(name)}`
  }

  #values(id: number): string {
    const columns = ['code', 'amount', 'qty', 'big', 'at', 'day', 'note', 'kind'] as const
    return [id, ...columns.map(name => this.#value(name))].join(', ')
  }

  #value(name: 'code' | 'amount' | 'qty' | 'big' | 'at' | 'day' | 'note' | 'kind'): string {
    const r = this.#random
    const of = (...texts: readonly string[]) => texts[r.below(texts.length)]!
    if (name !== 'code' && r.chance(0.12)) return 'null'
    const day = `2024-0${1 + r.below(3)}-${String(1 + r.below(28)).padStart(2, '0')}`
    switch (name) {
      case 'code':
        return of("'abc'", "'ABC'", "'Bcd'", "'x'", "''", "'c@d.example'", "'été'", "'a b'")
      case 'amount':
        return `${r.below(10_000) - 1_000} / 100`
      case 'qty':
        return String(r.below(12) - 1)
      case 'big':
        return of('0', '7', '18446744073709551000', String(r.below(1e9)))
      case 'at':
        return `'${day} ${of('00:00:00', '12:00:00', '23:59:59')}'`
      case 'day':
        return `'${day}'`
      case 'note':
        return of(
          "'a'",
          "''",
          "'ab'",
          "'first.last@example.com'",
          "'ünï😀code'",
          "'with \\\\ and \\t'",
          "'long enough to hide'",
        )
      case 'kind':
        return of("'a'", "'b'", "'c'")
    }
  }
}
