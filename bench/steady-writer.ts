import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from 'mysql2/promise'
import type { TestServer } from '../lib/servers/test-server.js'
import { SCHEMA } from './shapes.js'
import type { Commit } from './visible-ages.js'

/** Rows that a transaction inserts, and as many that it updates. */
const ROWS = 10
const CHANGES = 2 * ROWS
const FILLING = `'${'abcdefghij-'.repeat(10)}'`

/** Writes transactions of 20 row changes (10 inserts and 10 updates by primary key) at a steady rate, over one connection. */
export class SteadyWriter {
  readonly #connection: Connection
  readonly #table: string
  #highest = 0

  private constructor(connection: Connection, table: string) {
    this.#connection = connection
    this.#table = table
  }

  static async open(server: TestServer, table: string): Promise<SteadyWriter> {
    const connection = await server.connect({ database: SCHEMA, multipleStatements: true })
    await connection.query(
      `create table ${table} (id int not null primary key, k int not null, c char(120) not null, pad char(60) not null, key (k))`,
    )
    return new SteadyWriter(connection, table)
  }

  /**
   * Writes for this long at this many row changes per second, and tells what it reached; one that is late catches up for as long
   * again. What is committed is added to `commits`.
   */
  async run(rate: number, durationMs: number, commits: Commit[]): Promise<{ changes: number; seconds: number }> {
    const startedMs = performance.now()
    const gapMs = (1000 * CHANGES) / rate
    const transactions = Math.round(durationMs / gapMs)
    let written = 0
    for (; written < transactions && performance.now() - startedMs < 2 * durationMs; written++) {
      const earlyMs = startedMs + written * gapMs - performance.now()
      if (earlyMs > 1) await sleep(earlyMs)
      await this.#transaction(commits)
    }
    return { changes: written * CHANGES, seconds: Math.max(durationMs, performance.now() - startedMs) / 1000 }
  }

  async #transaction(commits: Commit[]): Promise<void> {
    const first = this.#highest + 1
    this.#highest += ROWS
    const rows = Array.from(
      { length: ROWS },
      (_, i) => `(${first + i}, ${first + i}, ${FILLING}, ${FILLING.slice(0, 50)}')`,
    )
    const updated = Math.max(1, first - 1000)
    await this.#connection.query(
      `start transaction; insert into ${this.#table} values ${rows.join(',')};
      update ${this.#table} set k = k + 1 where id >= ${updated} and id < ${updated + ROWS}`,
    )
    const atMs = performance.now()
    await this.#connection.query('commit')
    commits.push({ highest: this.#highest, atMs })
  }

  close(): Promise<void> {
    return this.#connection.end()
  }
}
