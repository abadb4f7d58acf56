import { WIDE_COLUMNS, WIDE_VALUES } from './wide-table.js'

/**
 * What the benchmark's binlogs hold. The narrow table and the four-statement transactions have the form of sysbench's
 * oltp_insert, oltp_update_non_index and oltp_write_only; all is made inside the server, by stored procedures, so that
 * making it costs no round trips and every run makes the same rows.
 */

export type ShapeName =
  | 'narrow inserts'
  | 'narrow updates'
  | 'four-statement transactions'
  | 'wide inserts'
  | 'wide updates'
  | 'one huge transaction'
  | '200 tables'
  | 'narrow inserts, a tenth'
  | 'hot keys'

export interface Shape {
  readonly name: ShapeName
  /** Tables it changes, in SCHEMA. */
  readonly tables: readonly string[]
  /** Row changes it makes. */
  readonly rows: number
  /** Body of the stored procedure that makes them. */
  readonly body: string
  /** Whether its file belongs to the mixed set. */
  readonly mixed: boolean
}

export const SCHEMA = 'bench'
/** Numbers 0 to 999, in a table of SCHEMA that no shape changes. */
export const NUMBERS = 'numbers'
const MANY = Array.from({ length: 200 }, (_, i) => `t${String(i + 1).padStart(3, '0')}`)

const NARROW_COLUMNS =
  "id int not null primary key, k int not null default 0, c char(120) not null default '', pad char(60) not null default '', key (k)"
const digits = (groups: number, n: string) =>
  `concat_ws('-', ${Array.from({ length: groups }, (_, i) => `lpad(crc32(${n} * 10 + ${i}), 11, '3')`).join(', ')})`
const narrow = (n: string) => `${n}, ${n} * 7919 % 1000003, ${digits(10, n)}, ${digits(5, n)}`

const loop = (times: number, statements: string) =>
  `declare i int default 0; while i < ${times} do ${statements} set i = i + 1; end while;`
/** `count` numbers from `i * count` on, `i` being a variable; `count` is below 1000 or whole thousands, at most 1,000,000. */
const range = (count: number) =>
  count < 1000
    ? `(select i * ${count} + n as n from ${NUMBERS} where n < ${count}) as source`
    : `(select i * ${count} + a.n * 1000 + b.n as n from ${NUMBERS} a join ${NUMBERS} b where a.n < ${count / 1000}) as source`

/** CREATE TABLE statements of all shapes. */
export const TABLES: readonly string[] = [
  ...['narrow', 'small', 'oltp', 'hot', 'huge', ...MANY].map(table => `create table ${table} (${NARROW_COLUMNS})`),
  `create table wide (${WIDE_COLUMNS})`,
]

/** Rows that hot keys change, each again and again. */
export const HOT_ROWS = 100

/** The shapes at a scale: 1 makes some 2.5 million row changes, 0.1 a tenth of them. Fails below 0.01. */
export function shapesAt(scale: number): readonly Shape[] {
  if (!(scale >= 0.01)) throw new RangeError(`a scale of ${scale} leaves nothing to measure`)
  const of = (rows: number, step = 1) => Math.max(1, Math.round((rows * scale) / step)) * step
  const inserts = of(500_000, 10)
  const updates = of(300_000)
  const transactions = of(100_000)
  const wide = of(400_000, 1000)
  const wideUpdates = Math.min(wide, of(100_000, 1000))
  const huge = of(1_000_000, 1000)
  const rounds = of(200_000, MANY.length) / MANY.length
  const hot = of(200_000)
  const row = (name: ShapeName, table: string, rows: number, body: string, mixed = true): Shape => ({
    name,
    tables: [table],
    rows,
    body,
    mixed,
  })
  const target = `1 + i * 7919 % ${inserts}`
  return [
    row('narrow inserts', 'narrow', inserts, loop(inserts, `insert into narrow values (${narrow('(i + 1)')});`)),
    row(
      'narrow updates',
      'narrow',
      updates,
      loop(updates, `update narrow set c = ${digits(10, '(i + 500009)')} where id = ${target};`),
    ),
    row(
      'four-statement transactions',
      'oltp',
      4 * transactions,
      loop(
        transactions,
        `start transaction;
        update oltp set k = k + 1 where id = 1 + i * 13 % 1000;
        update oltp set c = ${digits(10, 'i')} where id = 1 + i * 17 % 1000;
        delete from oltp where id = 1 + i * 7 % 1000;
        insert into oltp values (${narrow('(1 + i * 7 % 1000)')});
        commit;`,
      ),
    ),
    row('wide inserts', 'wide', wide, loop(wide / 500, `insert into wide select ${WIDE_VALUES} from ${range(500)};`)),
    row(
      'wide updates',
      'wide',
      wideUpdates,
      loop(
        wideUpdates / 1000,
        `update wide set i4 = i4 + 1, d2 = d2 + 0.5, s4 = concat(left(s4, 19), i)
        where id >= i * 1000 and id < (i + 1) * 1000;`,
      ),
    ),
    row(
      'one huge transaction',
      'huge',
      huge,
      `declare i int default 0; insert into huge select ${narrow('n')} from ${range(huge)};`,
    ),
    {
      name: '200 tables',
      tables: MANY,
      rows: rounds * MANY.length,
      body: loop(rounds, MANY.map(table => `insert into ${table} values (${narrow('(i + 1)')});`).join('\n')),
      mixed: true,
    },
    row(
      'narrow inserts, a tenth',
      'small',
      inserts / 10,
      loop(inserts / 10, `insert into small values (${narrow('(i + 1)')});`),
      false,
    ),
    row(
      'hot keys',
      'hot',
      hot,
      loop(hot, `update hot set k = k + 1, c = ${digits(10, 'i')} where id = 1 + i * 17 % ${HOT_ROWS};`),
      false,
    ),
  ]
}
