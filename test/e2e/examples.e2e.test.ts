import { createHmac } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { judgeChanges } from '../support/change-log.js'
import { ExampleRun } from '../support/example-run.js'
import { Random } from '../support/random.js'
import { readExample } from '../support/rule-example.js'

const STEPS = ['sealed', 'planned', 'sending', 'sent', 'committed', 'saving', 'fsync'] as const
const KILLS = Number(process.env.KILLS ?? 1)
const SEED = Number(process.env.SEED ?? 20_261_121)
/** All but fuse, which has a test of its own: its tables are others of the same names. */
const NAMES = [
  ...['filter', 'computed', 'masks', 'soft-delete', 'split', 'shard-merge'],
  ...['transform', 'sales-ranking', 'changes'],
]

test.each([
  ['mysql', 'labels', '3.3.0', [1, 3]],
  // One transaction takes no loads with different columns: all shards are of one kind.
  ['mariadb', 'atomic', '4.1.0', [3]],
] as const)(
  'the examples of rules, copied as they stand, from %s with delivery = "%s": copied and killed under traffic, as their comments say',
  async (source, delivery, emulatedVersion, schemas) => {
    const random = new Random(SEED)
    const kills = () =>
      Array.from({ length: KILLS }, () => `${STEPS[random.below(STEPS.length)]!}:${1 + random.below(3)}`)
    const examples = NAMES.map(readExample)
    const { tables, promised } = examples.find(({ name }) => name === 'shard-merge')!
    const others = examples.filter(({ name }) => name !== 'shard-merge')
    // The example has the statements for one shard of each kind; what holds for one holds for all.
    const like = (text: string, name: string) => text.replaceAll(/shop_[13]\.orders_1\b/g, name)
    const names = schemas.flatMap(schema => [1, 2].map(table => `shop_${schema}.orders_${table}`))
    const kindOf = (name: string) => (name.startsWith('shop_3.') ? 1 : 0)
    const run = await ExampleRun.create(examples, {
      source,
      delivery,
      emulatedVersion,
      tables: [...others.flatMap(example => example.tables), ...names.map(name => like(tables[kindOf(name)]!, name))],
      random,
      traffic: {
        ids: 120,
        // As the comments of sales-ranking and changes ask for it.
        onlyAdded: ['shop.visits'],
        keptKeys: ['shop.sales'],
        values: {
          'webshop.orders.items': items,
          'shop.sales.product_id': group,
          'shop.sales.product_name': r => `'product ${group(r)}'`,
          'shop.sales.qty': r => String(r.below(9) - 1),
          'shop.visits.product_id': group,
        },
      },
    })
    try {
      await run.copy(kills())
      await run.follow(kills())
      const shards = names.map(name => {
        const { target, source: wanted } = promised[kindOf(name)]!
        return { target: like(target, name), source: like(wanted, name) }
      })
      const all = [...others.flatMap(example => example.promised), ...shards]
      expect(all).toHaveLength(14 + shards.length)
      expect(await run.differences(all)).toEqual([])

      const alive = await run.bench.server.sql(
        'select id, id_card from shop.customers where id_card is not null limit 1',
      )
      const { id, id_card } = alive[0]!
      const hash = createHmac('sha256', 'sixteen letters or more').update(String(id_card)).digest('hex')
      expect(await run.target(`select id_card from known_customers where id = ${id}`)).toEqual([{ id_card: hash }])

      const ids = new Set((await run.bench.server.sql('select id from shop.products')).map(row => Number(row.id)))
      const marked = await run.target('select id, deleted_at from all_products where is_deleted = 1')
      expect(marked.length).toBeGreaterThan(0)
      expect(marked.filter(row => ids.has(Number(row.id)) || row.deleted_at === null)).toEqual([])

      for (const log of ['sales_changes', 'paid_prices'])
        expect(
          judgeChanges(await run.target(`select * from ${log} order by _bin_name, _bin_pos, _event, _row`)),
        ).toEqual([])
    } finally {
      await run.close()
    }
  },
  300_000,
)

function group(random: Random): string {
  return String(random.below(9))
}

function items(random: Random): string {
  const made = Array.from({ length: random.below(4) }, () => ({
    sku: `s${random.below(50)}`,
    qty: 1 + random.below(9),
    price: (random.below(100_000) / 100).toFixed(2),
  }))
  return `'${JSON.stringify(made)}'`
}
