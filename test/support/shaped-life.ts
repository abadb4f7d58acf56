import type { TableSchema } from '../../lib/model/schema.js'
import { fixtureTable } from '../../lib/rule-test/fixture-table.js'
import type { ServerAddress } from '../../lib/servers/test-server.js'
import type { Promised } from './rule-example.js'
import type { SyncBench } from './sync-bench.js'

/** What of the rules changes in the life of the targets. */
export interface RulesOfNow {
  /** Only these orders are written. */
  readonly orders: string
  /** A computed column of the orders that comes later. */
  readonly day: boolean
  /** Only these items are summed. */
  readonly items: string
  /** Columns of the orders that are left out. */
  readonly exclude: readonly string[]
  /** Columns that were added at the source, by table. */
  readonly added: { readonly orders: readonly string[]; readonly visits: readonly string[] }
}

/** What a deleted order was, with the last thing that happened to its key. */
const WATCHED = ['id', 'phone', 'status', 'price', 'qty'] as const

/**
 * Tables for targets that are reshaped: `orders` filtered, with a computed column, a mask and deletes that are marked; `items`
 * summed; `people` and `visits` in one row where `fuses`.
 */
export class ShapedLife {
  readonly tables: readonly string[]
  readonly #schema: string
  readonly #fuses: boolean

  constructor(schema: string, fuses: boolean) {
    this.#schema = schema
    this.#fuses = fuses
    this.tables = ['orders', 'items', ...(fuses ? ['people', 'visits'] : [])].map(table => `${schema}.${table}`)
  }

  /** Makes the tables, and returns them as they are known. Of `items` an empty partition can be dropped. */
  async create(server: ServerAddress): Promise<TableSchema[]> {
    const of = this.#schema
    const statements = [
      `create table ${of}.orders (id int primary key, phone varchar(20), status varchar(10) not null, price decimal(10,2) not null, qty int, made datetime not null)`,
      `create table ${of}.items (id int primary key, shop int not null, price decimal(8,2), qty int)`,
      `create table ${of}.people (id int primary key, name varchar(40) not null, city varchar(20))`,
      `create table ${of}.visits (person_id int primary key, n int, spent decimal(8,2))`,
    ].slice(0, this.#fuses ? 4 : 2)
    const watched = WATCHED.map(name => `old.${name}`).join(', ')
    await server.sql([
      ...statements,
      `alter table ${of}.items partition by range (id) (partition p0 values less than (0), partition p1 values less than maxvalue)`,
      `create table ${of}.gone (seq int primary key auto_increment, is_deleted int, id int, phone varchar(20), status varchar(10), price decimal(10,2), qty int)`,
      `create trigger ${of}.deletes after delete on ${of}.orders for each row insert into ${of}.gone values (null, 1, ${watched})`,
      `create trigger ${of}.moves after update on ${of}.orders for each row insert into ${of}.gone select null, 0, ${watched} from dual where old.id <> new.id`,
    ])
    return statements.map(statement => fixtureTable(statement, server.kind))
  }

  /** [[source]] and [[rule]] blocks. */
  blocks({ orders, day, items, exclude }: RulesOfNow): string {
    const of = `schema = "${this.#schema}"`
    const names = this.tables.map(table => table.slice(this.#schema.length + 1))
    const rule = (table: string, target: string, ...lines: readonly string[]) =>
      `[[rule]]\n${of}\ntable = "${table}"\nsr_table = "${target}"\n${lines.join('\n')}\n`
    const side = (table: string) => ['mode = "partial"', `constants = { in_${table} = "1" }`, 'on_delete = "nullify"']
    return [
      `[[source]]\n${of}\ntables = ${JSON.stringify(names)}\n`,
      rule(
        'orders',
        'kept',
        `where = "${orders}"`,
        `computed = { total = "price * qty"${day ? ', day = "date(made)"' : ''} }`,
        'mask = { phone = "keep(3,2)" }',
        'on_delete = "soft"',
        'soft_delete = { flag = "gone", time = "gone_at" }',
        exclude.length === 0 ? '' : `exclude = ${JSON.stringify(exclude)}`,
      ),
      rule(
        'items',
        'sums',
        `where = "${items}"`,
        'group_by = ["shop"]',
        'measures = { n = "count(*)", revenue = "sum(price * qty)" }',
      ),
      ...(this.#fuses
        ? [
            rule('people', 'profiles', ...side('people'), 'key = { person = "id" }'),
            rule(
              'visits',
              'profiles',
              ...side('visits'),
              'key = { person = "person_id" }',
              'where = "n > 5"',
              'computed = { cents = "spent * 100" }',
            ),
          ]
        : []),
    ].join('\n')
  }

  /** What each target is to hold, as two SELECTs. */
  promised({ orders, day, items, added }: RulesOfNow): Promised[] {
    const of = this.#schema
    const own = ['id', 'status', 'price', 'qty', 'made', ...added.orders].join(', ')
    const others = added.visits.map(name => `, v.${name}`).join('')
    const visits = `(select * from ${of}.visits where n > 5) v`
    return [
      {
        target: `select ${own}, phone, total${day ? ', day' : ''} from kept where gone = 0 and gone_at is null`,
        source: `select ${own}, ${masked('phone')}, price * qty${day ? ', date(made)' : ''} from ${of}.orders where ${orders}`,
      },
      {
        target: 'select shop, n, revenue from sums where n <> 0',
        source: `select shop, count(*), coalesce(sum(price * qty), 0) from ${of}.items where ${items} group by shop`,
      },
      ...(this.#fuses
        ? [
            {
              target: `select person, name, city, n, spent, cents${others.replaceAll('v.', '')} from profiles where in_people is not null or in_visits is not null`,
              source: `select p.id, p.name, p.city, v.n, v.spent, v.spent * 100${others} from ${of}.people p left join ${visits} on v.person_id = p.id
                union all select v.person_id, null, null, v.n, v.spent, v.spent * 100${others} from ${visits} left join ${of}.people p on p.id = v.person_id where p.id is null`,
            },
          ]
        : []),
    ]
  }

  /** Orders that the target has, unmarked, and the source has not, or none that this condition lets in. */
  async leftOver(bench: SyncBench, where = 'true'): Promise<number[]> {
    const orders = await bench.server.sql(`select id from ${this.#schema}.orders where ${where}`)
    const there = new Set(orders.map(({ id }) => Number(id)))
    const kept = await bench.target(`select id from ${this.#schema}.kept where gone = 0 order by id`)
    return kept.map(({ id }) => Number(id)).filter(id => !there.has(id))
  }

  /** The newest of what was noted of orders that have gone. */
  async newestGone(server: ServerAddress): Promise<number> {
    return Number((await server.sql(`select coalesce(max(seq), 0) as seq from ${this.#schema}.gone`))[0]!.seq)
  }

  /** Orders that were deleted behind `seq` while the rules let them in, and have not come back: each is to be marked as it was. */
  async gone(server: ServerAddress, { orders }: RulesOfNow, seq: number): Promise<Promised> {
    const of = this.#schema
    const newest = `not exists (select 1 from ${of}.gone l where l.id = g.id and l.seq > g.seq)`
    const isGone = `is_deleted = 1 and seq > ${seq} and ${newest} and not exists (select 1 from ${of}.orders o where o.id = g.id)`
    const found = await server.sql(`select id from ${of}.gone g where ${orders} and ${isGone}`)
    const ids = found.map(({ id }) => Number(id)).join(', ')
    const own = 'id, status, price, qty'
    return {
      source: `select ${own}, ${masked('phone')}, price * qty from ${of}.gone g where ${orders} and ${isGone}`,
      target: `select ${own}, phone, total from kept where gone = 1 and gone_at is not null and id in (${ids || -1})`,
    }
  }
}

/** keep(3,2) */
function masked(column: string): string {
  const length = `char_length(${column})`
  return `if(${length} <= 5, repeat('*', ${length}), concat(left(${column}, 3), repeat('*', ${length} - 5), right(${column}, 2)))`
}
