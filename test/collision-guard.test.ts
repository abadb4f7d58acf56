import { describe, expect, test } from '@jest/globals'
import { CollisionGuard } from '../lib/collision-guard.js'
import type { TableSchema, TargetTable } from '../lib/model/schema.js'
import type { KeyListener } from '../lib/rules/key-watch.js'
import { RuleBook, type RuleSpec } from '../lib/rules/rule-book.js'
import { SharedTargets } from '../lib/shared-targets.js'
import { PlainSink } from './support/plain-sink.js'
import { rule } from './support/rule-spec.js'
import { sourceColumn, sourceTable } from './support/source-column.js'

const target: TargetTable = {
  database: 'd',
  table: 'orders',
  model: 'primary',
  key: ['id'],
  columns: [{ name: 'id', type: 'int', nullable: false, hasDefault: false }],
}
const never = new AbortController().signal

class Stored extends PlainSink {
  /** Tag by key. */
  readonly rows = new Map<string, string>()
  asked = 0

  override async findKey(
    _target: TargetTable,
    keys: readonly (readonly string[])[],
    tag: { readonly text: string } | null,
  ): Promise<{ key: readonly string[]; tag: string | null } | null> {
    this.asked++
    for (const key of keys) {
      const found = this.rows.get(key[0]!)
      if (found !== undefined && found !== tag?.text) return { key, tag: tag === null ? null : found }
    }
    return null
  }

  async write(): Promise<{ rows: number }> {
    return { rows: 0 }
  }
  async truncate(): Promise<void> {}
  async close(): Promise<void> {}
}

/** Two tables of one target, and what the source's have now. */
function watch(spec: Partial<RuleSpec>, now: Record<string, string> = {}, key = 'int') {
  const book = new RuleBook(
    [{ schema: 's', tables: ['/^t_/'] }],
    [rule({ schema: 's', table: '/^t_/', targetTable: 'orders', ...spec })],
    'd',
  )
  const schemas = ['t_1', 't_2'].map((table): TableSchema => ({ ...sourceTable([sourceColumn('id', key)]), table }))
  const sink = new Stored()
  const said: string[] = []
  const parts = { book, sink, skipTablesWithoutKey: false, evolves: true, known: () => schemas, held: () => [] }
  const shared = new SharedTargets({ ...parts, names: () => schemas, observer: () => undefined, signal: never })
  const guard = new CollisionGuard({
    shared,
    sink,
    askSource: async (tables, keys) => {
      const hit = keys.find(({ texts }) => tables.some(({ table }) => now[texts[0]!] === table))
      return hit === undefined ? null : { table: { schema: 's', table: now[hit.texts[0]!]! }, key: hit.texts[0]! }
    },
    observer: happening => {
      if (happening.kind === 'warning') said.push(happening.message)
    },
  })
  const [one, two] = schemas.map(schema => guard.listen(schema, book.match('s', schema.table)[0]!, target))
  return { guard, sink, one: one as KeyListener, two: two as KeyListener, said }
}

const id = (n: number) => ({ texts: [String(n)], literals: [String(n)] })
const at = (epoch: number, again = false) => ({ epoch, again })
const collision = expect.objectContaining({ kind: 'keyCollision' })
const tagged = { constants: new Map([['shard', '$schema.$table']]) }

describe('in the stream', () => {
  test('a key that another table has got is told with both tables and the key', () => {
    const { one, two } = watch({})
    one.appears(id(7), at(1))
    expect(() => two.appears(id(7), at(1))).toThrow(/d\.orders: s\.t_2 and s\.t_1 both have the key \(id\) = \(7\)/)
  })
  test('a row that goes from one table to another, its delete first', async () => {
    const { guard, sink, one, two } = watch({})
    sink.rows.set('7', 's.t_1')
    one.vanishes(id(7), at(1))
    two.appears(id(7), at(1))
    await guard.cleared(target, never)
    expect(sink.asked).toBe(0)
  })
  test('its insert first: the delete would take the row away', () => {
    const { one, two } = watch({})
    two.appears(id(7), at(1))
    expect(() => one.vanishes(id(7), at(1))).toThrow(/deletes its row/)
  })
  test('nobody asks where all rules say last_wins, or a tag is in the key', () => {
    expect(watch({ shards: { key: [], onCollision: 'last_wins' } }).one).toBeNull()
    expect(watch({ ...tagged, shards: { key: ['shard'], onCollision: 'stop' } }).one.active).toBe(false)
    expect(watch({}).one.active).toBe(true)
  })
  test('keys that cannot be read are told once', () => {
    const { one, said } = watch({}, {}, 'double')
    expect(one).toBeNull()
    expect(said).toEqual([expect.stringMatching(/s\.t_1 .* is not looked at: id is DOUBLE/), expect.anything()])
  })
})

describe('in the target', () => {
  test('with a tag its row tells whose it is', async () => {
    const { guard, sink, two } = watch(tagged)
    sink.rows.set('7', 's.t_1').set('8', 's.t_2')
    two.appears(id(8), at(1))
    await guard.cleared(target, never)
    two.appears(id(7), at(1))
    await expect(guard.cleared(target, never)).rejects.toThrow(/s\.t_2 and s\.t_1 both have/)
    await expect(guard.cleared(target, never)).rejects.toEqual(collision)
  })
  test('without one the source says who has the key now', async () => {
    const apart = watch({})
    apart.sink.rows.set('7', '')
    apart.two.appears(id(7), at(1))
    await apart.guard.cleared(target, never)
    const both = watch({}, { 7: 't_1' })
    both.sink.rows.set('7', '')
    both.two.appears(id(7), at(1))
    await expect(both.guard.cleared(target, never)).rejects.toEqual(collision)
  })
  test('what an epoch that is read again finds there may be its own end: the source decides', async () => {
    const { guard, sink, two } = watch(tagged)
    sink.rows.set('7', 's.t_1')
    two.appears(id(7), at(1, true))
    await guard.cleared(target, never)
  })
  test('what is durable is asked of the target, what is not is known here', async () => {
    const { guard, sink, one, two } = watch(tagged)
    one.appears(id(7), at(1))
    await guard.cleared(target, never)
    guard.durable(1)
    two.appears(id(7), at(2))
    await guard.cleared(target, never)
    expect(sink.asked).toBe(2)
  })
  test('a question that could not be put is put again', async () => {
    const { guard, sink, two } = watch(tagged)
    sink.rows.set('7', 's.t_1')
    two.appears(id(7), at(1))
    const { findKey } = sink
    sink.findKey = () => Promise.reject(new Error('away'))
    await expect(guard.cleared(target, never)).rejects.toThrow('away')
    sink.findKey = findKey
    await expect(guard.cleared(target, never)).rejects.toEqual(collision)
  })
})
