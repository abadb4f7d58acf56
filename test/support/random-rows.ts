import { setTimeout as delay } from 'node:timers/promises'
import type { Connection } from 'mysql2/promise'
import { type SourceColumn, type TableSchema, tableName } from '../../lib/model/schema.js'
import type { ServerAddress } from '../../lib/servers/test-server.js'
import type { Random } from './random.js'

const WORDS = [
  ...['draft', 'paid', 'sent', 'cancelled', 'Paid', 'lost', '', 'ä ö ü', '110', '13812345678', '+47 22 00 00 00'],
  ...['john.doe@example.com', 'j@example.com', 'no address', 'a text that is longer than the others, by far'],
]
const PAUSE_MS = 25

export interface RandomRowsOptions {
  /** Keys are below; those of tables whose rows are only added go on behind. */
  readonly ids: number
  /** "schema.table": rows keep their keys. */
  readonly keptKeys?: readonly string[]
  /** "schema.table": rows do not change, and do not go. */
  readonly onlyAdded?: readonly string[]
  /** "schema.table.column": what makes its values, as literals. */
  readonly values?: Readonly<Record<string, (random: Random) => string>>
}

/** Tables whose first column is their whole key, a number, with random rows that come, change, move and go. */
export class RandomRows {
  transactions = 0
  readonly #server: ServerAddress
  readonly #tables: readonly TableSchema[]
  readonly #random: Random
  readonly #options: RandomRowsOptions
  #added: number
  #running: Promise<void> = Promise.resolve()
  #stopped = true

  constructor(server: ServerAddress, tables: readonly TableSchema[], random: Random, options: RandomRowsOptions) {
    this.#server = server
    this.#tables = tables
    this.#random = random
    this.#options = options
    this.#added = options.ids
  }

  /** Every second key has a row. */
  async fill(): Promise<void> {
    for (const table of this.#tables) {
      const rows = Array.from({ length: this.#options.ids / 2 }, (_, i) => `(${this.#row(table, 2 * i)})`)
      await this.#server.sql(`insert into ${tableName(table)} values ${rows.join(', ')}`)
    }
  }

  start(): void {
    this.#stopped = false
    this.#running = this.#work()
    // Whoever stops it hears of it.
    this.#running.catch(() => {
      this.#stopped = true
    })
  }

  /** Resolves when so many more transactions have ended. Rejects with what ended them. */
  async more(transactions: number): Promise<void> {
    const enough = this.transactions + transactions
    while (this.transactions < enough) {
      if (this.#stopped) {
        await this.#running
        throw new Error('the traffic has ended')
      }
      await delay(PAUSE_MS)
    }
  }

  /** Rejects with what ended it before. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  async #work(): Promise<void> {
    const connection = await this.#server.connect({})
    try {
      while (!this.#stopped) {
        await connection.query('start transaction')
        for (let n = 1 + this.#random.below(4); n > 0; n--) await this.#change(connection)
        await connection.query(this.#random.below(10) === 0 ? 'rollback' : 'commit')
        this.transactions++
        await delay(PAUSE_MS)
      }
    } finally {
      await connection.end()
    }
  }

  async #change(connection: Connection): Promise<void> {
    const { ids, keptKeys = [], onlyAdded = [] } = this.#options
    const table = this.#tables[this.#random.below(this.#tables.length)]!
    const name = tableName(table)
    const [key, ...others] = table.columns
    if (onlyAdded.includes(name)) {
      await connection.query(`insert into ${name} values (${this.#row(table, this.#added++)})`)
      return
    }
    const id = this.#random.below(ids)
    const where = `where ${key!.name} = ${id}`
    const changed = others[this.#random.below(others.length)]!
    const dice = this.#random.below(6)
    if (dice === 0) await connection.query(`delete from ${name} ${where}`)
    else if (dice === 1 && !keptKeys.includes(name))
      await connection.query(`update ignore ${name} set ${key!.name} = ${this.#random.below(ids)} ${where}`)
    else if (dice <= 3)
      await connection.query(
        `update ${name} set ${changed.name} = ${this.#value(table, changed)} where ${key!.name} between ${id} and ${id + 3}`,
      )
    else await connection.query(`replace into ${name} (${namesOf(table)}) values (${this.#row(table, id)})`)
  }

  #row(table: TableSchema, id: number): string {
    const [, ...others] = table.columns
    return [id, ...others.map(column => this.#value(table, column))].join(', ')
  }

  /** As a literal. */
  #value(table: TableSchema, { name, nullable, dataType, columnType, maxLength, scale }: SourceColumn): string {
    const random = this.#random
    if (nullable && random.below(6) === 0) return 'null'
    const own = this.#options.values?.[`${tableName(table)}.${name}`]
    if (own !== undefined) return own(random)
    const two = (n: number) => String(n).padStart(2, '0')
    const date = () => `2024-${two(1 + random.below(12))}-${two(1 + random.below(28))}`
    switch (dataType) {
      case 'int':
      case 'bigint':
        return String(random.below(50))
      case 'decimal':
        return ((random.below(100_000) - 10_000) / 10 ** (scale ?? 0)).toFixed(scale ?? 0)
      case 'date':
        return `'${date()}'`
      case 'datetime': {
        const fraction = columnType === 'datetime(3)' ? `.${100 + random.below(900)}` : ''
        return `'${date()} ${two(random.below(24))}:${two(random.below(60))}:00${fraction}'`
      }
      default: {
        const fitting = WORDS.filter(word => word.length <= (maxLength ?? Number.POSITIVE_INFINITY))
        return `'${fitting[random.below(fitting.length)]}'`
      }
    }
  }
}

/** Columns that are added while it runs get their defaults. */
function namesOf({ columns }: TableSchema): string {
  return columns.map(({ name }) => name).join(', ')
}
