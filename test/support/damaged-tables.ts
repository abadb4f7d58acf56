import { setTimeout as pause } from 'node:timers/promises'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import type { ServerAddress } from '../../lib/servers/test-server.js'

/** Rows of the large table; a hundred of them are damaged. */
export const ROWS = Number(process.env.VERIFY_ROWS ?? 5_000)
export const DAMAGES = 100
const STEP = Math.floor(ROWS / DAMAGES)
const EXTRA_FROM = 1_000_000_000
/** Some hundred changes per second leave the machine to what is tested. */
const PAUSE_MS = 10

/** One damage in a target, as `verify --json` names it. */
export interface Damage {
  readonly target: string
  readonly kind: 'missing' | 'extra' | 'changed'
  readonly key: Readonly<Record<string, string>>
  readonly columns: readonly string[]
}

/** Tables with every kind of key, two shards, sums and changes; and the rules that write them. */
export class DamagedTables {
  readonly #server: ServerAddress
  readonly #schema: string
  readonly #targetPort: number
  #stopTraffic: (() => Promise<number>) | null = null

  constructor(server: ServerAddress, schema: string, targetPort: number) {
    this.#server = server
    this.#schema = schema
    this.#targetPort = targetPort
  }

  get blocks(): string {
    const rule = (table: string, more = '') => `[[rule]]\nschema = "${this.#schema}"\ntable = "${table}"\n${more}\n`
    return [
      `[[source]]\nschema = "${this.#schema}"\ntables = ["/./"]\n`,
      rule('t'),
      rule('t', 'sr_table = "t_changes"\nmode = "append"'),
      rule('t', 'sr_table = "t_sums"\ngroup_by = ["grp"]\nmeasures = { n = "count(*)", total = "sum(amount)" }'),
      rule('s', 'exclude = ["secret"]\nrename = { note = "remark" }\nconstants = { origin = "$schema" }'),
      rule('c'),
      rule('b'),
      rule('/^o_[12]$/', 'sr_table = "orders"\nconstants = { shard = "$table" }'),
    ].join('\n')
  }

  async create(): Promise<void> {
    const connection = await this.#server.connect({ database: this.#schema, charset: 'utf8mb4' })
    await connection.query(
      'create table t (id bigint unsigned primary key, grp int not null, name varchar(60), amount decimal(12,2), at datetime(3), ratio double)',
    )
    for (let from = 0; from < ROWS; from += 5_000) {
      const rows = Array.from({ length: Math.min(5_000, ROWS - from) }, (_, n) => {
        const id = from + n
        return `(${id}, ${id % 10}, 'name ${id}', ${id % 977}.25, '2024-01-01 00:00:00.${String(id % 1000).padStart(3, '0')}', ${id} / 7e0)`
      })
      await connection.query(`insert into t values ${rows.join(',')}`)
    }
    await connection.query(
      'create table s (code varchar(40) character set utf8mb4 collate utf8mb4_general_ci primary key, note text, secret int)',
    )
    await connection.query('create table c (tenant int, n bigint, v varchar(20), primary key (tenant, n))')
    await connection.query('create table b (h binary(8) primary key, v date)')
    await connection.query('create table o_1 (id int primary key, v varchar(20))')
    await connection.query('create table o_2 like o_1')
    const many = (row: (n: number) => string, count = 2_000) =>
      Array.from({ length: count }, (_, n) => row(n)).join(',')
    await connection.query(`insert into s values ${many(n => `('${n % 2 ? 'Key' : 'key'}-${n}é', 'note ${n}', ${n})`)}`)
    await connection.query(`insert into c values ${many(n => `(${n % 3}, ${n}, 'v${n}')`)}`)
    await connection.query(
      `insert into b values ${many(n => `(unhex(lpad(hex(${n * 7919}), 16, '0')), '2024-02-29')`)}`,
    )
    await connection.query(`insert into o_1 values ${many(n => `(${2 * n}, 'v${n}')`, 500)}`)
    await connection.query(`insert into o_2 values ${many(n => `(${2 * n + 1}, 'v${n}')`, 500)}`)
    await connection.end()
  }

  /** Changes of all tables until `quiet` is called. Damaged keys are left alone. */
  async traffic(): Promise<void> {
    const connection = await this.#server.connect({ database: this.#schema, charset: 'utf8mb4' })
    let stopped = false
    let changes = 0
    const running = (async () => {
      for (let n = 0; !stopped; n++) {
        // Groups 0 to 4 move, the others do not; damaged rows are every STEP-th.
        const id = 10 * Math.floor(((n * 104_729) % ROWS) / 10) + (n % 5)
        const safe = id % STEP === 0 ? id + 1 : id
        for (const sql of [
          `update t set name = concat('moved ', ${n}), amount = amount + 1, ratio = ratio * 1.1 where id = ${safe}`,
          `insert into t values (${ROWS + n}, ${n % 5}, 'new', 1.5, now(3), 0.1)`,
          n % 3 === 0 && n >= 20
            ? `delete from t where id = ${ROWS + n - 20}`
            : `update c set v = 'c${n}' where n = ${n % 1000}`,
          `update s set note = 'moved ${n}' where code = 'KEY-${n % 1000}é'`,
          `update o_${1 + (n % 2)} set v = 'o${n}' where id = ${n % 200}`,
        ]) {
          await connection.query(sql)
          changes++
        }
        await pause(PAUSE_MS)
      }
    })()
    this.#stopTraffic = async () => {
      stopped = true
      await running
      await connection.end()
      return changes
    }
  }

  /** Ends the traffic; how many statements it was. */
  async quiet(): Promise<number> {
    const stop = this.#stopTraffic
    this.#stopTraffic = null
    return stop === null ? 0 : stop()
  }

  /** Spoils the targets, and tells what was done. */
  async damage({ sums = true } = {}): Promise<Damage[]> {
    const target = (table: string) => `${this.#schema}.${table}`
    const done: Damage[] = []
    const note = (table: string, kind: Damage['kind'], key: Damage['key'], columns: readonly string[] = []) =>
      done.push({ target: target(table), kind, key, columns })
    const ids = new Map<string, number[]>()
    for (let n = 0; n < DAMAGES; n++) {
      const id = n * STEP
      const kind = (['missing', 'extra', 'changed'] as const)[n % 3]!
      const column = (['name', 'amount', 'at', 'ratio'] as const)[n % 4]!
      const what = kind === 'changed' ? column : kind
      ids.set(what, [...(ids.get(what) ?? []), id])
      note('t', kind, { id: String(kind === 'extra' ? EXTRA_FROM + id : id) }, kind === 'changed' ? [column] : [])
    }
    const list = (what: string) => `(${(ids.get(what) ?? []).join(', ')})`
    const extra = (ids.get('extra') ?? []).map(id => `(${EXTRA_FROM + id}, 1, 'extra', 0, '2024-01-01 00:00:00', 0)`)
    const sql = [
      `delete from ${target('t')} where id in ${list('missing')}`,
      `insert into ${target('t')} values ${extra.join(', ')}`,
      `update ${target('t')} set name = null where id in ${list('name')}`,
      `update ${target('t')} set amount = amount + 0.01 where id in ${list('amount')}`,
      `update ${target('t')} set at = '2024-01-01 00:00:01' where id in ${list('at')}`,
      `update ${target('t')} set ratio = ratio * 1.0000000001 + 1e-300 where id in ${list('ratio')}`,
    ]
    sql.push(`delete from ${target('s')} where code = 'Key-1501é'`)
    note('s', 'missing', { code: 'Key-1501é' })
    // The source's collation takes it for a key that it has.
    sql.push(`insert into ${target('s')} (code, remark, origin) values ('KEY-1502É', 'x', 'y')`)
    note('s', 'extra', { code: 'KEY-1502É' })
    sql.push(`update ${target('s')} set remark = '' where code = 'key-1504é'`)
    note('s', 'changed', { code: 'key-1504é' }, ['remark'])
    sql.push(`update ${target('s')} set origin = null where code = 'key-1506é'`)
    note('s', 'changed', { code: 'key-1506é' }, ['origin'])
    sql.push(`delete from ${target('c')} where tenant = 0 and n = 1500`)
    note('c', 'missing', { tenant: '0', n: '1500' })
    sql.push(`insert into ${target('c')} values (1, 1500, 'v1500')`)
    note('c', 'extra', { tenant: '1', n: '1500' })
    const key = Buffer.from((7919).toString(16).padStart(16, '0'), 'hex').toString('base64')
    sql.push(`update ${target('b')} set v = '2024-02-28' where h = '${key}'`)
    note('b', 'changed', { h: key }, ['v'])
    sql.push(`update ${target('orders')} set shard = 'o_2' where id = 200`)
    note('orders', 'changed', { id: '200' }, ['shard'])
    if (sums) sql.push(`insert into ${target('t_sums')} values (7, 1, 0.01)`)
    if (sums) note('t_sums', 'changed', { grp: '7' }, ['n', 'total'])
    await this.#atTarget(async connection => {
      for (const statement of sql) await connection.query(statement)
    })
    return done
  }

  /** What `repair` does, by hand: but for sums, the damaged rows are written as the source has them. */
  async mend(): Promise<void> {
    const source = await this.#server.connect({ database: this.#schema, charset: 'utf8mb4', dateStrings: true })
    await this.#atTarget(async connection => {
      const copy = async (select: string, table: string) => {
        const [rows] = await source.query<RowDataPacket[][]>({
          sql: select,
          rowsAsArray: true,
          // The driver's own reading of a double is off by a last digit now and then.
          typeCast: field => field.string(),
        })
        const values = rows.map(
          row => `(${row.map(value => (value === null ? 'NULL' : connection.escape(String(value)))).join(', ')})`,
        )
        await connection.query(`insert into ${this.#schema}.${table} values ${values.join(', ')}`)
      }
      await copy(`select * from t where id % ${STEP} = 0 and id < ${DAMAGES * STEP}`, 't')
      await connection.query(`delete from ${this.#schema}.t where id >= ${EXTRA_FROM}`)
      await copy(`select code, note, '${this.#schema}' from s where code like 'key-150%'`, 's')
      await connection.query(`delete from ${this.#schema}.s where code = 'KEY-1502É'`)
      await copy('select * from c where n = 1500', 'c')
      await connection.query(`delete from ${this.#schema}.c where tenant = 1 and n = 1500`)
      await copy("select to_base64(h), v from b where v = '2024-02-29' order by h limit 2", 'b')
      await copy("select id, v, 'o_1' from o_1 where id = 200", 'orders')
      await connection.query(`insert into ${this.#schema}.t_sums values (7, -1, -0.01)`)
    })
    await source.end()
  }

  async #atTarget(work: (connection: Connection) => Promise<void>): Promise<void> {
    const connection = await createConnection({ host: '127.0.0.1', port: this.#targetPort, user: 'root' })
    try {
      await work(connection)
    } finally {
      await connection.end()
    }
  }
}
