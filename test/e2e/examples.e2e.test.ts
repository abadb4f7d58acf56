import { createHmac } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { ExampleRun } from '../support/example-run.js'
import { Random } from '../support/random.js'
import { readExample } from '../support/rule-example.js'

const SEED = Number(process.env.SEED ?? 20_261_121)
/** Those that are run here; the others have tests of their own. */
const NAMES = ['filter', 'computed', 'masks', 'soft-delete', 'split', 'shard-merge']
const SHARDS = [1, 2, 3, 4].flatMap(schema => [1, 2, 3, 4].map(table => `shop_${schema}.orders_${table}`))

test.each([
  ['mysql', 'labels', '3.3.0'],
  ['mariadb', 'auto', '4.1.0'],
] as const)(
  'the examples of rules, copied as they stand, from %s with delivery = "%s": copied under traffic, killed once, as their comments say',
  async (source, delivery, emulatedVersion) => {
    const examples = NAMES.map(readExample)
    const { tables, promised } = examples.find(({ name }) => name === 'shard-merge')!
    // The example has the statements for one shard of each kind; what holds for one holds for all.
    const like = (text: string, name: string) => text.replaceAll(/shop_[13]\.orders_1\b/g, name)
    const kindOf = (name: string) => (name.startsWith('shop_3.') ? 1 : 0)
    const run = await ExampleRun.create(examples, {
      source,
      delivery,
      emulatedVersion,
      tables: SHARDS.map(name => like(tables[kindOf(name)]!, name)),
      random: new Random(SEED),
      ids: 120,
    })
    try {
      await run.live('sending:4')
      const shards = SHARDS.map(name => {
        const { target, source: wanted } = promised[kindOf(name)]!
        return { target: like(target, name), source: like(wanted, name) }
      })
      const others = examples.filter(({ name }) => name !== 'shard-merge').flatMap(example => example.promised)
      expect(others).toHaveLength(8)
      expect(await run.differences([...others, ...shards])).toEqual([])

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
    } finally {
      await run.close()
    }
  },
  300_000,
)
