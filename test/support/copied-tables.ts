import { setTimeout as delay } from 'node:timers/promises'
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { createConnection } from 'mysql2/promise'
import type { ServerAddress } from '../../lib/servers/test-server.js'
import { judgeSums } from './bank-verdict.js'
import { comparison } from './equal-tables.js'
import type { Random } from './random.js'

interface Kind {
  readonly table: string
  /** Definition of its key columns, and the SQL of the key of row n. */
  readonly columns: string
  readonly primary: readonly string[]
  readonly key: (n: string) => readonly string[]
  /** How many of a thousand rows are its. */
  readonly share: number
}

const TEXT = 'character set utf8mb4 collate utf8mb4_general_ci'

/** A table for each sort of key; `grp`, `amount`, `version` and `note` are the rest of every row. */
const KINDS: readonly Kind[] = [
  { table: 'by_int', columns: 'id int not null', primary: ['id'], key: n => [n], share: 300 },
  {
    table: 'by_pair',
    columns: `shop int not null, code varchar(20) ${TEXT} not null`,
    primary: ['shop', 'code'],
    key: n => [`(${n}) % 37`, `concat('c', ${n})`],
    share: 150,
  },
  {
    table: 'by_text',
    columns: `name varchar(40) ${TEXT} not null`,
    primary: ['name'],
    // The order of the collation is not that of the bytes.
    key: n => [
      `concat(if((${n}) % 3 = 0, 'Ä', if((${n}) % 3 = 1, 'b', 'B')), lpad(${n}, 9, if((${n}) % 2 = 0, 'x', 'X')))`,
    ],
    share: 150,
  },
  {
    table: 'by_big',
    columns: 'id bigint unsigned not null',
    primary: ['id'],
    key: n => [`18446744073709551615 - (${n})`],
    share: 100,
  },
  {
    table: 'by_bytes',
    columns: 'id binary(16) not null',
    primary: ['id'],
    key: n => [`unhex(left(sha2(${n}, 256), 32))`],
    share: 100,
  },
  { table: 'logged', columns: 'id int not null', primary: ['id'], key: n => [n], share: 100 },
  { table: 'summed', columns: 'id int not null', primary: ['id'], key: n => [n], share: 100 },
]

const REST = 'grp int not null, amount decimal(12,2) not null, version int not null, note varchar(60)'
const TRANSACTIONS_PER_SECOND = 150

/** Tables with rows that are there before any engine is, and traffic on them. */
export class CopiedTables {
  readonly schema: string
  readonly rows: number
  readonly #server: ServerAddress
  readonly #random: Random
  readonly #next = new Map<string, number>()
  #touched: readonly Kind[] = KINDS
  #running: Promise<void> | null = null
  #stopped = true
  transactions = 0

  private constructor(server: ServerAddress, schema: string, rows: number, random: Random) {
    this.#server = server
    this.schema = schema
    this.rows = rows
    this.#random = random
  }

  static async create(server: ServerAddress, schema: string, rows: number, random: Random): Promise<CopiedTables> {
    const tables = new CopiedTables(server, schema, rows, random)
    const connection = await server.connect({ database: schema })
    try {
      await connection.query('create table digits (d int primary key)')
      await connection.query(`insert into digits values ${Array.from({ length: 10 }, (_, d) => `(${d})`).join(', ')}`)
      for (const kind of KINDS) await tables.#fill(connection, kind)
      await connection.query('drop table digits')
    } finally {
      await connection.end()
    }
    return tables
  }

  /** [[source]] and [[rule]] blocks; each table as it is, but for one whose changes and one whose sums are kept. */
  get rules(): string {
    return this.rulesOf(KINDS.map(({ table }) => table))
  }

  rulesOf(tables: readonly string[]): string {
    const rule = (table: string, more = '') => `[[rule]]\nschema = "${this.schema}"\ntable = "${table}"\n${more}\n`
    const more: Readonly<Record<string, string>> = {
      logged: 'mode = "append"',
      summed: 'group_by = ["grp"]\nmeasures = { n = "count(*)", total = "sum(amount)" }',
    }
    return [
      `[[source]]\nschema = "${this.schema}"\ntables = [${tables.map(table => `"${table}"`).join(', ')}]\n`,
      ...tables.map(table => rule(table, more[table])),
    ].join('\n')
  }

  start(): void {
    this.startOn(KINDS.map(({ table }) => table))
  }

  /** Traffic on these tables alone. */
  startOn(tables: readonly string[]): void {
    this.#touched = KINDS.filter(({ table }) => tables.includes(table))
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

  /** What differs in sentences; nothing may change meanwhile. `strict`: the changes and sums too. */
  async judge(
    targetPort: number,
    strict = true,
  ): Promise<{ readonly rows: number; readonly differences: readonly string[] }> {
    const equal = KINDS.filter(({ table }) => table !== 'logged' && table !== 'summed')
    const compared = await comparison(
      this.#server,
      targetPort,
      equal.map(({ table, primary }) => ({
        source: { schema: this.schema, table },
        target: { database: this.schema, table },
        key: primary,
      })),
    )
    const differences = compared
      .filter(c => c.differs > 0)
      .map(
        c => `${c.table}: ${c.missing} missing, ${c.extra} extra, ${c.changed} changed: ${JSON.stringify(c.examples)}`,
      )
    if (!strict) return { rows: compared.reduce((sum, c) => sum + c.target, 0), differences }
    const target = await createConnection({
      host: '127.0.0.1',
      port: targetPort,
      user: 'root',
      supportBigNumbers: true,
      dateStrings: true,
    })
    try {
      const ask = async (sql: string) => (await target.query<RowDataPacket[]>(sql))[0]
      const source = (sql: string) => this.#server.sql(sql) as Promise<RowDataPacket[]>
      const log = await ask(`select * from ${this.schema}.logged order by _bin_name, _bin_pos, _event, _row`)
      differences.push(...judgeChanges(log, await source(`select * from ${this.schema}.logged`)))
      const sums = 'grp as k, count(*) as n, sum(amount) as total'
      const wanted = await source(`select ${sums} from ${this.schema}.summed group by grp`)
      differences.push(
        ...judgeSums('summed', await ask(`select grp as k, n, total from ${this.schema}.summed`), wanted),
      )
      return { rows: compared.reduce((sum, c) => sum + c.target, 0) + log.length + wanted.length, differences }
    } finally {
      await target.end()
    }
  }

  async #fill(connection: Connection, { table, columns, primary, key, share }: Kind): Promise<void> {
    await connection.query(`create table ${table} (${columns}, ${REST}, primary key (${primary.join(', ')}))`)
    const rows = Math.round((this.rows * share) / 1000)
    const digits = Math.max(1, String(rows - 1).length)
    const from = Array.from({ length: digits }, (_, i) => `digits d${i}`).join(' cross join ')
    const n = Array.from({ length: digits }, (_, i) => `d${i}.d * ${10 ** i}`).join(' + ')
    const values = `${key('n').join(', ')}, n % 11, (n * 37 % 100000) / 100, 0, concat('note ', n)`
    await connection.query(
      `insert into ${table} select ${values} from (select ${n} as n from ${from}) r where n < ${rows}`,
    )
    await connection.query(`analyze table ${table}`)
    this.#next.set(table, rows)
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
        this.transactions++
        const aheadMs = (made * 2000) / TRANSACTIONS_PER_SECOND - (performance.now() - started)
        if (aheadMs > 0) await delay(aheadMs)
      }
    } finally {
      connection.destroy()
    }
  }

  /** Rows of even and odd numbers are each one connection's, so that neither waits for the other. */
  async #change(connection: Connection, stripe: number): Promise<void> {
    const kind = this.#touched[this.#random.below(this.#touched.length)]!
    const known = this.#next.get(kind.table)!
    const n = 2 * this.#random.below(Math.ceil(known / 2)) + stripe
    const is = (row: number): string =>
      kind.primary.map((column, i) => `${column} = ${kind.key(String(row))[i]}`).join(' and ')
    const dice = this.#random.next()
    const change = `amount = amount + ${this.#random.below(1000)} / 100, grp = (grp + ${this.#random.below(11)}) % 11, version = version + 1`
    if (dice < 0.55) await connection.query(`update ${kind.table} set ${change} where ${is(n)}`)
    else if (dice < 0.7) await connection.query(`delete from ${kind.table} where ${is(n)}`)
    else {
      const fresh = 2 * Math.ceil(known / 2) + stripe
      this.#next.set(kind.table, Math.max(known, fresh + 1))
      const key = kind.key(String(dice < 0.85 ? n : fresh)).join(', ')
      const rest = `${this.#random.below(11)}, ${this.#random.below(100_000)} / 100, 0, null`
      await connection.query(
        `insert ignore into ${kind.table} (${kind.primary.join(', ')}, grp, amount, version, note) values (${key}, ${rest})`,
      )
    }
  }
}

type Row = Readonly<Record<string, unknown>>

/** Every change once, in order: the versions of a row follow one another, and the last one is the source's. */
export function judgeChanges(log: readonly Row[], rows: readonly Row[]): string[] {
  const wrong: string[] = []
  const ids = new Set<string>()
  const now = new Map<unknown, Row>()
  for (const change of log) {
    const id = [change._bin_name, change._bin_pos, change._event, change._row].join(' ')
    if (ids.has(id)) wrong.push(`logged: ${id} stands there twice`)
    ids.add(id)
    const before = now.get(change.id)
    const at = `logged ${change.id} at ${id}: ${change._op} of version ${change.version}`
    if (change._op === 'insert' && before !== undefined) wrong.push(`${at} behind version ${before.version}`)
    if (change._op === 'update' && before?.version !== Number(change.version) - 1)
      wrong.push(`${at} behind version ${before?.version ?? 'none'}`)
    if (change._op === 'delete' && before?.version !== change.version)
      wrong.push(`${at} behind ${before?.version ?? 'none'}`)
    if (change._op === 'delete') now.delete(change.id)
    else now.set(change.id, change)
  }
  for (const row of rows) {
    const found = now.get(row.id)
    if (found === undefined || text(found) !== text(row))
      wrong.push(`logged ${row.id}: ${found === undefined ? 'missing' : text(found)}`)
  }
  if (now.size !== rows.length) wrong.push(`logged: ${now.size} rows for ${rows.length}`)
  return wrong.slice(0, 20)
}

function text({ grp, amount, version, note }: Row): string {
  return JSON.stringify([Number(grp), Number(amount), Number(version), note])
}
