import { describe, expect, test } from '@jest/globals'
import type { TableMap } from '../../lib/binlog/table-map.js'
import { wireColumn } from '../../lib/binlog/wire-column.js'
import { WIRE } from '../../lib/binlog/wire-type.js'
import type { RowImages } from '../../lib/dispatch/route.js'
import { PLAIN_SHARDS } from '../../lib/model/rule-load.js'
import { PLAIN_SHAPE, type RuleShape } from '../../lib/model/rule-shape.js'
import type { TargetTable } from '../../lib/model/schema.js'
import { planColumns } from '../../lib/rules/column-plan.js'
import type { CompiledRoute } from '../../lib/rules/router.js'
import type { RuleSpec } from '../../lib/rules/rule-book.js'
import { coverTarget } from '../../lib/rules/target-fit.js'
import { u8, u32 } from '../support/binlog-builder.js'
import { failureOf } from '../support/failure-of.js'
import { rule } from '../support/rule-spec.js'
import { SHAPED_SOURCE, type ShapedRow, shapedImages, shapedRouter, shapedRule } from '../support/shaped-rig.js'
import { sourceColumn, sourceTable } from '../support/source-column.js'
import { textImage } from '../support/text-images.js'

const PLACE = { binName: 'b.000007', binPos: 1234, event: 2 }
/** `qty`, which may be NULL, is unique. */
const UNIQUE_QTY = { ...SHAPED_SOURCE, uniqueKeys: [['qty']] }
const BY_QTY = { key: new Map([['k', 'qty']]) }
const rows = (...values: ShapedRow[]) => values

function fused(shape: Partial<RuleShape> = {}, more: Partial<RuleSpec> = {}, source = SHAPED_SOURCE) {
  return shapedRouter([shapedRule({ partial: true, onDelete: 'nullify', ...shape }, more)], source)
}

async function routeOf(...parts: Parameters<typeof fused>): Promise<CompiledRoute> {
  const [route] = await fused(...parts).routes()
  return route!
}

/** What is written: the body's columns, "partial" where it is a partial update, then the rows. */
function written(route: CompiledRoute, images: RowImages, copied = false, format: 'csv' | 'json' = 'csv'): string[] {
  return route.shape!(images, PLACE, 0, copied).pieces.map(({ images: { op, buffer, at, end }, route: inner }) => {
    const { encoder, columns } = inner[format]!
    const found: string[] = []
    for (let from = at; from < end; from = encoder.end) {
      if (op === 'update') {
        const after = encoder.skip(buffer, from, end)
        // Of a moved key the writer would make a delete.
        expect(encoder.sameKey(buffer, from, after, end)).toBe(true)
        from = after
      }
      const out = Buffer.alloc(encoder.room(buffer, from, end))
      const q = encoder.encode(buffer, from, end, out, 0, op === 'delete' ? 1 : 0)
      found.push(out.toString('utf8', 0, format === 'csv' ? q - 1 : q).replaceAll('\x01', ','))
    }
    return `${columns.replaceAll('`', '')}${inner.partial ? ' partial' : ''}: ${found.join(' ')}`
  })
}

describe('a rule that owns some columns', () => {
  test('its target has them nullable behind the key, which may have another name', async () => {
    const made = fused(
      { key: new Map([['order_id', 'id']]) },
      { columns: ['shop'], constants: new Map([['has', '1']]) },
    )
    await made.routes()
    expect(made.wishes[0]!.key).toEqual(['order_id'])
    expect(made.wishes[0]!.columns.map(({ name, nullable }) => [name, nullable])).toEqual([
      ['order_id', false],
      ['shop', true],
      ['has', true],
    ])
  })

  test('rows are partial updates without __op; one whose key stays is written once', async () => {
    const route = await routeOf({}, { columns: ['id', 'shop'] })
    expect(written(route, shapedImages('insert', rows([1, 2, 3], [2, 2, null])))).toEqual(['id,shop partial: 1,2 2,2'])
    expect(written(route, shapedImages('update', rows([1, 2, 3], [1, 5, 3], [2, 2, 3], [2, 6, 3])))).toEqual([
      'id,shop partial: 1,5 2,6',
    ])
  })

  test('nullify: the same body with NULL in its columns and constants, not in the key', async () => {
    const shards = { ...PLAIN_SHARDS, key: ['shard'] }
    const route = await routeOf(
      {},
      {
        shards,
        constants: new Map([
          ['has', '1'],
          ['shard', 'a'],
        ]),
      },
    )
    const [insert] = written(route, shapedImages('insert', rows([1, 2, 3])))
    expect(insert).toBe('id,shop,qty,has,shard partial: 1,2,3,1,a')
    const images = shapedImages('delete', rows([1, 2, 3]))
    expect(written(route, images)).toEqual(['id,shop,qty,has,shard partial: 1,\\N,\\N,\\N,a'])
    expect(written(route, images, false, 'json')).toEqual([
      'id,shop,qty,has,shard partial: {"id":"1","shop":null,"qty":null,"has":null,"shard":"a"}',
    ])
  })

  test('delete: a load of the key alone, which is no partial update', async () => {
    const route = await routeOf({ onDelete: 'delete' }, { constants: new Map([['has', '1']]) })
    const images = shapedImages('delete', rows([1, 2, 3], [4, 5, null]))
    expect(written(route, images)).toEqual(['id,__op: 1,1 4,1'])
    expect(written(route, images, false, 'json')).toEqual(['id: {"id":"1","__op":"1"} {"id":"4","__op":"1"}'])
  })

  test.each([
    ['nullify', 'id,shop,qty partial: 1,\\N,\\N'],
    ['delete', 'id,__op: 1,1'],
    ['ignore', 'id,shop,qty partial: 1,\\N,\\N'],
  ] as const)(
    'a moved key with on_delete = "%s": the row it leaves loses its columns first',
    async (onDelete, left) => {
      const route = await routeOf({ onDelete })
      expect(written(route, shapedImages('update', rows([1, 2, 3], [7, 2, 3])))).toEqual([
        left,
        'id,shop,qty partial: 7,2,3',
      ])
    },
  )

  test('ignore leaves what is deleted, soft marks it', async () => {
    const gone = shapedImages('delete', rows([1, 2, 3]))
    expect(written(await routeOf({ onDelete: 'ignore' }), gone)).toEqual([])
    expect(written(await routeOf({ onDelete: 'soft' }), gone)).toEqual(['id,shop,qty,_deleted partial: 1,2,3,1'])
  })

  test('rows that leave the filter go as deleted ones do', async () => {
    const where = 'shop > 1'
    const images = shapedImages('update', rows([1, 2, 3], [1, 1, 3], [4, 1, 3], [4, 9, 3]))
    expect(written(await routeOf({ where }), images)).toEqual([
      'id,shop,qty partial: 1,\\N,\\N',
      'id,shop,qty partial: 4,9,3',
    ])
    expect(written(await routeOf({ where, onDelete: 'delete' }), images)[0]).toBe('id,__op: 1,1')
  })

  test('computed columns are its own; keys are compared as the source has them', async () => {
    const computed = new Map([['double', 'shop * 2']])
    const route = await routeOf({ computed })
    expect(written(route, shapedImages('update', rows([1, 2, 3], [7, 2, 3]))).join(' ')).toBe(
      'id,shop,qty,double partial: 1,\\N,\\N,\\N id,shop,qty,double partial: 7,2,3,4',
    )
    expect(written(route, shapedImages('update', rows([1, 2, 3], [1, 4, 3])))).toEqual([
      'id,shop,qty,double partial: 1,4,3,8',
    ])
  })
})

test('the sort key is made of key columns, which every row has', async () => {
  expect((await routeOf({}, { orderBy: ['ID'] })).target.key).toEqual(['id'])
  await expect(fused({}, { orderBy: ['shop'] }).routes()).rejects.toMatchObject({
    kind: 'ruleInvalid',
    message: expect.stringContaining('order_by names "shop", which is no key column of d.t'),
  })
})

describe('a mapped key', () => {
  test('that may be NULL: such a row is in no row of the target', async () => {
    const route = await routeOf(BY_QTY, { columns: ['shop'] }, UNIQUE_QTY)
    const of = (op: 'insert' | 'update' | 'delete', ...values: ShapedRow[]) =>
      written(route, shapedImages(op, values), true).join(' ')
    expect(of('insert', [1, 2, null], [2, 3, 5])).toBe('shop,k partial: 3,5')
    expect(of('delete', [1, 2, null], [2, 3, 5])).toBe('shop,k partial: \\N,5')
    expect(of('update', [1, 2, null], [1, 3, 5])).toBe('shop,k partial: 3,5')
    expect(of('update', [1, 2, 5], [1, 3, null])).toBe('shop,k partial: \\N,5')
    expect(of('update', [1, 2, 5], [1, 2, 6])).toBe('shop,k partial: \\N,5 shop,k partial: 2,6')
  })

  test('must be unique in its table', async () => {
    await expect(fused({ key: new Map([['k', 'shop']]) }).routes()).rejects.toMatchObject({
      kind: 'ruleInvalid',
      message: expect.stringContaining('key maps (shop) of s.t, over which it has no unique key'),
    })
    await expect(fused({ key: new Map([['k', 'no']]) }).routes()).rejects.toMatchObject({
      message: expect.stringContaining('key names column "no"'),
    })
    const both = {
      key: new Map([
        ['a', 'shop'],
        ['b', 'id'],
      ]),
    }
    expect((await routeOf(both)).target.key).toEqual(['a', 'b'])
  })
})

describe('copied rows', () => {
  async function copyOf(...parts: Parameters<typeof fused>) {
    const copy = await fused(...parts).router.copyRoutes(parts[2] ?? SHAPED_SOURCE)
    const image = copy.deleteImage(['7'])
    return { copy, image: { op: 'delete' as const, buffer: image, at: 0, end: image.length } }
  }

  test('a key that is gone at the source loses the columns of this rule, and nothing else', async () => {
    const { copy, image } = await copyOf({}, { columns: ['id', 'shop'] })
    expect(written(copy.routes[0]!, image, true)).toEqual(['id,shop partial: 7,\\N'])
  })

  test('where the target has another key than the table, nothing tells which row that was', async () => {
    for (const [column, source] of [
      ['qty', UNIQUE_QTY],
      ['shop', { ...SHAPED_SOURCE, uniqueKeys: [['shop']] }],
    ] as const) {
      const { copy, image } = await copyOf({ key: new Map([['k', column]]) }, {}, source)
      expect(copy.routes[0]!.shape!(image, PLACE, 0, true)).toEqual({ pieces: [], filtered: 1 })
    }
  })

  test('updates as tests of rules give them: a moved key is seen', async () => {
    const { copy } = await copyOf({}, { columns: ['id', 'shop'] })
    const buffer = Buffer.concat(
      [
        ['1', '2'],
        ['7', '2'],
        ['3', '2'],
        ['3', '4'],
      ].map(textImage),
    )
    expect(written(copy.routes[0]!, { op: 'update', buffer, at: 0, end: buffer.length }).join(' ')).toBe(
      'id,shop partial: 1,\\N id,shop partial: 7,2 id,shop partial: 3,4',
    )
  })

  test('rows out of the filter lose their columns, those in it are written as the stream writes them', async () => {
    const { copy } = await copyOf({ where: 'shop > 1' })
    const buffer = Buffer.concat([textImage(['1', '2', null]), textImage(['4', '1', '3'])])
    expect(written(copy.routes[0]!, { op: 'insert', buffer, at: 0, end: buffer.length }, true).join(' ')).toBe(
      'id,shop,qty partial: 1,2,\\N id,shop,qty partial: 4,\\N,\\N',
    )
  })
})

test('incomplete row images stop the stream', async () => {
  const route = await routeOf()
  expect(() => route.reshape(shapedImages('update', []), '', PLACE)).toThrow('a row image leaves columns out')
})

describe('keys of other types', () => {
  const KEYS = ['0', '7', '2147483647', '42']
  const mapOf = (type: number): TableMap => ({
    id: 1,
    schema: 's',
    table: 't',
    columns: [wireColumn(type), wireColumn(WIRE.LONG)],
    primaryKey: null,
  })
  const image = (key: Buffer) => Buffer.concat([u8(0), key, u32(1)])
  const SIDES: readonly [string, number, (text: string) => Buffer][] = [
    ['int', WIRE.LONG, text => u32(Number(text))],
    ['int unsigned', WIRE.LONG, text => u32(Number(text))],
    ['bigint', WIRE.LONGLONG, text => Buffer.concat([u32(Number(text)), u32(0)])],
    ['bigint unsigned', WIRE.LONGLONG, text => Buffer.concat([u32(Number(text)), u32(0)])],
    ['varchar(20)', WIRE.VARCHAR, text => Buffer.concat([u8(text.length), Buffer.from(text)])],
  ]

  async function hashes([type, wire, bytes]: (typeof SIDES)[number]): Promise<number[]> {
    const source = sourceTable([sourceColumn('id', type), sourceColumn('a', 'int')])
    const map = mapOf(wire)
    const length = wire === WIRE.VARCHAR ? { length: 80 } : {}
    const columns = [{ ...map.columns[0]!, ...length }, map.columns[1]!]
    const { routes, router } = shapedRouter([shapedRule({ partial: true, key: new Map([['k', 'id']]) })], source, {
      ...map,
      columns,
    })
    const [route] = await routes()
    const [copied] = (await router.copyRoutes(source)).routes
    return KEYS.flatMap(text => {
      const [streamed, read] = [image(bytes(text)), textImage([text, '1'])]
      route!.csv!.encoder.locateKey(streamed, 0, streamed.length)
      copied!.csv!.encoder.locateKey(read, 0, read.length)
      return [route!.csv!.encoder.hash, copied!.csv!.encoder.hash]
    })
  }

  test('integers of any size, and texts, streamed or copied, find the same lane', async () => {
    const [first, ...others] = await Promise.all(SIDES.map(hashes))
    for (const other of others) expect(other).toEqual(first)
    expect(new Set(first).size).toBe(KEYS.length)
  })
})

describe('an existing target', () => {
  const schema = sourceTable([sourceColumn('id', 'int'), sourceColumn('a', 'int')])
  const keyOf = (onDelete: 'nullify' | 'delete', a: { nullable: boolean; hasDefault: boolean }) => {
    const matched = { rule: rule({ shape: { ...PLAIN_SHAPE, partial: true, onDelete } }), database: 'd', table: 't' }
    const columns = [
      { name: 'id', type: 'int', nullable: false, hasDefault: false },
      { name: 'a', type: 'int', ...a },
    ]
    const target: TargetTable = { database: 'd', table: 't', model: 'primary', columns, key: ['id'] }
    return coverTarget(schema, planColumns(schema, matched), matched, target, 'refuse', true).key
  }

  test.each([
    ['nullify', { nullable: true, hasDefault: false }],
    ['delete', { nullable: false, hasDefault: true }],
  ] as const)('takes rows without this side (%s, %j)', (onDelete, column) => {
    expect(keyOf(onDelete, column)).toEqual([0])
  })

  test.each([
    ['nullify', { nullable: false, hasDefault: true }],
    ['nullify', { nullable: false, hasDefault: false }],
    ['delete', { nullable: false, hasDefault: false }],
  ] as const)('is refused where the column cannot be without a value (%s, %j)', (onDelete, column) => {
    expect(failureOf(() => keyOf(onDelete, column))).toMatchObject({
      kind: 'targetUnfit',
      message: expect.stringContaining('Column "a" of d.t is NOT NULL'),
      advice: 'ALTER TABLE d.t MODIFY COLUMN `a` int NULL;',
    })
  })
})
