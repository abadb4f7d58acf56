import { setTimeout as delay } from 'node:timers/promises'
import type { Connection } from 'mysql2/promise'
import type { ServerAddress } from '../../lib/servers/test-server.js'
import { Random } from './random.js'

const CONNECTIONS = 2
const ACCOUNTS = 40
const BRANCHES = 5
const GROUPS = 7
const TRANSACTIONS_PER_SECOND = 120

/** What the accounts of both tables hold together, at the end of every transaction. */
export const TOTAL = 2 * ACCOUNTS * 1000

/**
 * Transactions over three tables, from several connections: money moves between accounts_a and accounts_b (balances, whole
 * accounts, new numbers), and items come, change and go, the same one several times in a transaction. Every statement
 * changes every row it names, so that the number of row changes in the binlog is known.
 */
export class BankTraffic {
  readonly #server: ServerAddress
  readonly #schema: string
  readonly #tellers: readonly Teller[]
  #running: Promise<unknown> | null = null
  #stopped = true

  private constructor(server: ServerAddress, schema: string, seed: number) {
    this.#server = server
    this.#schema = schema
    this.#tellers = Array.from({ length: CONNECTIONS }, (_, stripe) => new Teller(stripe, seed * CONNECTIONS + stripe))
  }

  /** Makes the tables in an empty schema and opens the accounts, in one transaction. */
  static async create(server: ServerAddress, schema: string, seed: number): Promise<BankTraffic> {
    const account = 'id int primary key, branch int not null, balance bigint not null'
    const opened = Array.from({ length: ACCOUNTS }, (_, n) => `(${n}, ${n % BRANCHES}, 1000)`).join(', ')
    await server.sql([
      `create table ${schema}.accounts_a (${account})`,
      `create table ${schema}.accounts_b (${account})`,
      `create table ${schema}.items (id int primary key, grp int not null, amount decimal(12,2) not null, note varchar(200))`,
      'begin',
      `insert into ${schema}.accounts_a values ${opened}`,
      `insert into ${schema}.accounts_b values ${opened}`,
      'commit',
    ])
    return new BankTraffic(server, schema, seed)
  }

  /** Row changes committed to items. */
  get itemChanges(): number {
    return this.#tellers.reduce((sum, teller) => sum + teller.itemChanges, 0)
  }

  get transactions(): number {
    return this.#tellers.reduce((sum, teller) => sum + teller.transactions, 0)
  }

  /** Goes on until `stop`; an error is thrown there. */
  start(): void {
    if (this.#running !== null) return
    this.#stopped = false
    this.#running = Promise.all(this.#tellers.map(teller => this.#work(teller)))
    this.#running.catch(() => {
      this.#stopped = true
    })
  }

  /** Resolves when the last transaction has ended. */
  async stop(): Promise<void> {
    this.#stopped = true
    const running = this.#running
    this.#running = null
    await running
  }

  /** Resolves when so many more transactions have been made since the call. */
  async more(transactions: number): Promise<void> {
    const wanted = this.transactions + transactions
    while (this.transactions < wanted) {
      if (this.#stopped) throw new Error('the traffic has ended')
      await delay(5)
    }
  }

  async #work(teller: Teller): Promise<void> {
    const connection = await this.#server.connect({ database: this.#schema })
    try {
      // So that a scan of a small table does not wait for rows it passes over.
      await connection.query('set session transaction isolation level read committed')
      const started = performance.now()
      for (let made = 1; !this.#stopped; made++) {
        await teller.transaction(connection)
        const aheadMs = (made * CONNECTIONS * 1000) / TRANSACTIONS_PER_SECOND - (performance.now() - started)
        if (aheadMs > 0) await delay(aheadMs)
      }
    } finally {
      connection.destroy()
    }
  }
}

/** One connection's share: accounts and items whose number leaves its own remainder, so that no two ever wait for each other. */
class Teller {
  readonly #random: Random
  readonly #stripe: number
  readonly #accounts: Record<'a' | 'b', number[]>
  #items: number[] = []
  #nextAccount = ACCOUNTS
  #nextItem = 1
  itemChanges = 0
  transactions = 0

  constructor(stripe: number, seed: number) {
    this.#stripe = stripe
    this.#random = new Random(seed)
    const own = () => Array.from({ length: ACCOUNTS }, (_, n) => n).filter(n => n % CONNECTIONS === stripe)
    this.#accounts = { a: own(), b: own() }
  }

  async transaction(connection: Connection): Promise<void> {
    await connection.query('begin')
    let changed = 0
    const takeBack = this.#random.chance(0.05)
    for (let parts = 1 + this.#random.below(4); parts > 0; parts--) {
      const dice = takeBack ? 0 : this.#random.next()
      if (dice < 0.35) await this.#transfer(connection)
      else if (dice < 0.42) await this.#changeBranch(connection)
      else if (dice < 0.49) await this.#moveAccount(connection)
      else changed += await this.#changeItems(connection)
    }
    await connection.query(takeBack ? 'rollback' : 'commit')
    this.itemChanges += changed
    this.transactions++
  }

  async #transfer(connection: Connection): Promise<void> {
    const [from, to] = this.#random.chance(0.5) ? (['a', 'b'] as const) : (['b', 'a'] as const)
    const amount = 1 + this.#random.below(50)
    await run(connection, `update accounts_${from} set balance = balance - ${amount} where id = ${this.#account(from)}`)
    await run(connection, `update accounts_${to} set balance = balance + ${amount} where id = ${this.#account(to)}`)
  }

  async #changeBranch(connection: Connection): Promise<void> {
    const step = 1 + this.#random.below(BRANCHES - 1)
    const set = `branch = (branch + ${step}) % ${BRANCHES}`
    await run(connection, `update accounts_b set ${set} where id = ${this.#account('b')}`)
  }

  /** Into the other table when that has fewer, else to another number of its own. */
  async #moveAccount(connection: Connection): Promise<void> {
    const { a, b } = this.#accounts
    const from = a.length > b.length ? 'a' : 'b'
    const id = this.#account(from)
    const number = this.#nextAccount++ * CONNECTIONS + this.#stripe
    const to = this.#random.chance(0.5) ? from : from === 'a' ? 'b' : 'a'
    if (to === from) await run(connection, `update accounts_${from} set id = ${number} where id = ${id}`)
    else {
      const columns = `${number}, branch, balance`
      await run(connection, `insert into accounts_${to} select ${columns} from accounts_${from} where id = ${id}`)
      await run(connection, `delete from accounts_${from} where id = ${id}`)
    }
    this.#accounts[from] = this.#accounts[from].filter(other => other !== id)
    this.#accounts[to].push(number)
  }

  /** The number of row changes. */
  async #changeItems(connection: Connection): Promise<number> {
    const r = this.#random
    const dice = r.next()
    if (this.#items.length < 40 || dice < 0.3) {
      const ids = Array.from({ length: 1 + r.below(6) }, () => this.#nextItem++ * CONNECTIONS + this.#stripe)
      this.#items.push(...ids)
      return run(connection, `insert into items values ${ids.map(id => this.#item(id)).join(', ')}`)
    }
    const ids = [...new Set(Array.from({ length: 1 + r.below(4) }, () => this.#items[r.below(this.#items.length)]!))]
    const where = `where id in (${ids.join(', ')})`
    if (dice < 0.65) {
      const set = `amount = amount + ${1 + r.below(999)} / 100, grp = (grp + ${r.below(GROUPS)}) % ${GROUPS}`
      return run(connection, `update items set ${set} ${where}`)
    }
    const gone = await run(connection, `delete from items ${where}`)
    if (dice < 0.8) return gone + (await run(connection, `insert into items values ${ids.map(id => this.#item(id))}`))
    this.#items = this.#items.filter(id => !ids.includes(id))
    return gone
  }

  #account(side: 'a' | 'b'): number {
    const accounts = this.#accounts[side]
    return accounts[this.#random.below(accounts.length)]!
  }

  #item(id: number): string {
    const cents = this.#random.below(1_000_000) - 200_000
    return `(${id}, ${this.#random.below(GROUPS)}, ${(cents / 100).toFixed(2)}, 'note ${'x'.repeat(this.#random.below(150))}')`
  }
}

async function run(connection: Connection, sql: string): Promise<number> {
  const [result] = await connection.query(sql)
  return (result as { affectedRows: number }).affectedRows
}
