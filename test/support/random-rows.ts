import { setTimeout as delay } from 'node:timers/promises'
import type { Connection } from 'mysql2/promise'
import { type SourceColumn, type TableSchema, tableName } from '../../lib/model/schema.js'
import type { ServerAddress } from '../../lib/servers/test-server.js'
import type { Random } from './random.js'

const WORDS = [
  ...['draft', 'paid', 'sent', 'cancelled', 'Paid', 'lost', '', 'ä ö ü', '110', '13812345678', '+47 22 00 00 00'],
  ...['john.doe@example.com', 'j@example.com', 'no address', 'a text that is longer than the others, by far'],
]
const PAUSE_MS = 15

/** Tables whose first column is their whole key, a number, with random rows that come, change, move and go. */
export class RandomRows {
  transactions = 0
  readonly #server: ServerAddress
  readonly #tables: readonly TableSchema[]
  readonly #random: Random
  readonly #ids: number
  #running: Promise<void> = Promise.resolve()
  #stopped = true

  /** `ids`: keys are below. */
  constructor(server: ServerAddress, tables: readonly TableSchema[], random: Random, ids: number) {
    this.#server = server
    this.#tables = tables
    this.#random = random
    this.#ids = ids
  }

  /** Every second key has a row. */
  async fill(): Promise<void> {
    for (const table of this.#tables) {
      const rows = Array.from({ length: this.#ids / 2 }, (_, i) => `(${this.#row(table, 2 * i)})`)
      await this.#server.sql(`insert into ${tableName(table)} values ${rows.join(', ')}`)
    }
  }

  start(): void {
    this.#stopped = false
    this.#running = this.#work()
    // Whoever stops it hears of it.
    this.#running.catch(() => undefined)
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
    const table = this.#tables[this.#random.below(this.#tables.length)]!
    const name = tableName(table)
    const [key, ...others] = table.columns
    const id = this.#random.below(this.#ids)
    const where = `where ${key!.name} = ${id}`
    const changed = others[this.#random.below(others.length)]!
    switch (this.#random.below(6)) {
      case 0:
        await connection.query(`delete from ${name} ${where}`)
        return
      case 1:
        await connection.query(`update ignore ${name} set ${key!.name} = ${this.#random.below(this.#ids)} ${where}`)
        return
      case 2:
      case 3:
        await connection.query(
          `update ${name} set ${changed.name} = ${this.#value(changed)} where ${key!.name} between ${id} and ${id + 3}`,
        )
        return
      default:
        await connection.query(`replace into ${name} (${namesOf(table)}) values (${this.#row(table, id)})`)
    }
  }

  #row({ columns: [, ...others] }: TableSchema, id: number): string {
    return [id, ...others.map(column => this.#value(column))].join(', ')
  }

  /** As a literal. */
  #value({ nullable, dataType, maxLength, scale }: SourceColumn): string {
    const random = this.#random
    if (nullable && random.below(6) === 0) return 'null'
    const two = (n: number) => String(n).padStart(2, '0')
    const date = () => `2024-${two(1 + random.below(12))}-${two(1 + random.below(28))}`
    switch (dataType) {
      case 'int':
      case 'bigint':
        return String(random.below(50))
      case 'decimal':
        return (random.below(100_000) / 10 ** (scale ?? 0)).toFixed(scale ?? 0)
      case 'date':
        return `'${date()}'`
      case 'datetime':
        return `'${date()} ${two(random.below(24))}:${two(random.below(60))}:00'`
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
