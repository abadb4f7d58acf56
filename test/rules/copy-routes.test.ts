import { describe, expect, test } from '@jest/globals'
import { wireColumn } from '../../lib/binlog/wire-column.js'
import { WIRE } from '../../lib/binlog/wire-type.js'
import type { Observer } from '../../lib/model/observer.js'
import type { TableSchema, TargetTable } from '../../lib/model/schema.js'
import { Router } from '../../lib/rules/router.js'
import { RuleBook, type RuleSpec } from '../../lib/rules/rule-book.js'
import { u8, u32 } from '../support/binlog-builder.js'
import { UTC } from '../support/encoded-rows.js'
import { rule } from '../support/rule-spec.js'
import { sourceColumn, sourceTable } from '../support/source-column.js'
import { textImage } from '../support/text-images.js'

function router(rules: readonly Partial<RuleSpec>[] = [{}], observer: Observer = () => undefined) {
  const separator = (byte: number) => ({ text: `\\x0${byte}`, bytes: Uint8Array.of(byte) })
  const prepared: string[] = []
  const made = new Router(
    {
      columnSeparator: separator(1),
      rowDelimiter: separator(2),
      zone: UTC,
      skipTablesWithoutKey: false,
      stopsAtBadValues: true,
    },
    new RuleBook([{ schema: 's', tables: ['/./'] }], rules.map(rule), 'd'),
    {
      schemaFor: () => T,
      inspect: async () => null,
      prepare: async (wish): Promise<TargetTable> => {
        prepared.push(wish.table)
        return { ...wish, columns: wish.columns.map(c => ({ ...c, hasDefault: false })) }
      },
      observer,
    },
  )
  return { made, prepared }
}

const T = sourceTable([sourceColumn('id', 'int'), sourceColumn('shop', 'int'), sourceColumn('qty', 'int')])
const copyOf = async (schema: TableSchema, rules?: readonly Partial<RuleSpec>[]) =>
  router(rules).made.copyRoutes(schema)

type CopyRoute = Awaited<ReturnType<typeof copyOf>>['routes'][number]

/** The rows that a route writes of the images. */
function rows(route: CopyRoute, image: Buffer, op: 0 | 1 = 0, format: 'csv' | 'json' = 'csv'): string {
  const { encoder } = route[format]!
  const out = Buffer.alloc(encoder.bound(image.length))
  return out.toString('utf8', 0, encoder.encode(image, 0, image.length, out, 0, op))
}

describe('copy routes', () => {
  test('one table upserted, appended and summed', async () => {
    const measures = new Map([
      ['n', { of: 'count' as const }],
      ['sold', { of: 'sum' as const, column: 'qty' }],
    ])
    const { expressions, routes } = await copyOf(T, [
      {},
      { mode: 'append', table: 't', targetTable: 'log' },
      { mode: 'aggregate', groupBy: ['shop'], measures, targetTable: 'sums' },
    ])
    expect(expressions).toEqual(['`id`', '`shop`', '`qty`'])
    const image = textImage(['7', '5', '3'])
    expect(rows(routes[0]!, image)).toBe('7\x015\x013\x010\x02')
    routes[1]!.csv!.encoder.setChange('insert', { binName: 'b.1', binPos: 4, event: 0 }, 0, 2)
    expect(rows(routes[1]!, image)).toBe(
      'b.1\x014\x010\x012\x01insert\x011970-01-01 00:00:00.000000\x017\x015\x013\x02',
    )
    expect(rows(routes[2]!, image)).toBe('5\x013\x011\x02')
    expect(rows(routes[2]!, image, 1)).toBe('5\x01-3\x01-1\x02')
    const none = textImage(['7', null, null])
    expect(rows(routes[2]!, none)).toBe('\\N\x010\x011\x02')
    expect(rows(routes[2]!, none, 0, 'json')).toBe('{"shop":null,"sold":"0","n":"1"}')
  })

  test('read only what some way needs, and the key', async () => {
    const table = sourceTable([
      sourceColumn('id', 'int'),
      sourceColumn('big', 'longblob'),
      sourceColumn('f', 'float'),
      sourceColumn('z', 'int(8) unsigned zerofill'),
      sourceColumn('b', 'bit(3)'),
    ])
    expect((await copyOf(table, [{ exclude: ['big'] }])).expressions).toEqual([
      '`id`',
      '`f` * 1e0',
      '`z` + 0',
      'CAST(`b` AS UNSIGNED)',
    ])
  })

  test('ask no target that is known already', async () => {
    const { made, prepared } = router()
    await made.learn(T)
    expect(made.copyRoutes(T)).not.toBeInstanceOf(Promise)
    expect(prepared).toEqual(['t'])
    made.forget('s', 't', 'refuse')
    await made.copyRoutes(T)
    expect(prepared).toEqual(['t', 't'])
  })

  test('a column that no SELECT tells exactly is named', async () => {
    const table = sourceTable([sourceColumn('id', 'int'), sourceColumn('y', 'year(2)')])
    await expect(copyOf(table)).rejects.toMatchObject({
      kind: 'sourceUnfit',
      message: expect.stringContaining('s.t: column y is year(2)'),
    })
    expect((await copyOf(table, [{ exclude: ['y'] }])).expressions).toEqual(['`id`'])
  })

  test('guards judge copied values as they judge the stream', async () => {
    const table = sourceTable([sourceColumn('id', 'int'), sourceColumn('d', 'date')])
    const image = textImage(['7', '0000-00-00'])
    const write = async (zeroDate: RuleSpec['zeroDate']) =>
      rows((await copyOf(table, [{ zeroDate }])).routes[0]!, image)
    expect(await write('null')).toBe('7\x01\\N\x010\x02')
    expect(await write('min')).toBe('7\x010000-01-01\x010\x02')
    await expect(write('stop')).rejects.toMatchObject({
      kind: 'valueUnfit',
      message: expect.stringMatching(/s\.t: column d of the row with key \{"id":"7"\} holds 0000-00-00/),
    })
  })

  test('a dead letter shows each column once, by name', async () => {
    const table = sourceTable([sourceColumn('id', "enum('a','b')"), sourceColumn('raw', 'blob')])
    const { routes, expressions } = await copyOf(table)
    expect(expressions).toEqual(['`id`', 'CAST(`id` AS UNSIGNED)', '`raw`'])
    const image = textImage(['b', '2', 'xyz'])
    expect(routes[0]!.imageText(image, 0, image.length)).toBe('{"id":"b","raw":"eHl6"}')
  })

  test('a route for SELECTs leaves no column out', async () => {
    const [route] = (await copyOf(T)).routes
    const images = { op: 'insert' as const, buffer: Buffer.alloc(0), at: 0, end: 0 }
    expect(() => route!.reshape(images, '', { binName: 'b', binPos: 4, event: 0 })).toThrow(/leave columns out/)
  })
})

describe('keys', () => {
  const table = sourceTable(
    [
      sourceColumn('e', "enum('a','b')", { nullable: false }),
      sourceColumn('s', 'varchar(9)', { charset: 'gbk', nullable: false }),
      sourceColumn('f', 'double', { nullable: false }),
      sourceColumn('b', 'varbinary(9)', { nullable: false }),
      sourceColumn('at', 'datetime', { nullable: false }),
      sourceColumn('n', 'int', { nullable: false }),
      sourceColumn('note', 'text'),
    ],
    { key: ['s', 'e', 'f', 'b', 'at'] },
  )
  const WAYS = [{ exclude: [] }]

  test('are literals that the source compares', async () => {
    const { keyTexts, keyBound, expressions } = await copyOf(table, WAYS)
    expect(expressions).toEqual([
      '`e`',
      'CAST(`e` AS UNSIGNED)',
      '`s`',
      'CAST(`s` AS BINARY)',
      '`f` * 1e0',
      '`b`',
      '`at`',
      '`n`',
      '`note`',
    ])
    const gbk = Buffer.from('d6d0', 'hex')
    const image = textImage(['b', '2', '中', gbk, '1.5', Buffer.from([0, 255]), '2024-02-29 00:00:00', '7', null])
    const bound = ["_gbk x'D6D0'", '2', '1.5e0', "x'00FF'", "'2024-02-29 00:00:00'"]
    expect(keyBound(image, 0, image.length)).toEqual(bound)
    const texts: string[] = []
    const both = Buffer.concat([image, image])
    expect(keyTexts(both, keyTexts(both, 0, both.length, texts), both.length, texts)).toBe(both.length)
    expect(texts).toEqual([bound.join(','), bound.join(',')])
  })

  test('deletes are made of their literals', async () => {
    const { deleteImage, keyBound, routes } = await copyOf(table, WAYS)
    const bound = ["_gbk x'D6D0'", '2', '-1.5e0', "x'00FF'", "'2024-02-29 00:00:00'"]
    const image = deleteImage(bound)
    expect(keyBound(image, 0, image.length)).toEqual(bound)
    expect(rows(routes[0]!, image, 1)).toBe('b\x01中\x01-1.5\x01AP8=\x012024-02-29 00:00:00\x010\x01\\N\x011\x02')
    expect(() => deleteImage(['1'])).toThrow(/a key of 1 values where 5 are due/)
  })

  test('what may not be NULL has a value that its type can hold', async () => {
    const types = [
      ...['tinyint', 'decimal(5,2)', 'float', 'bit(3)', 'year', 'date', 'datetime(3)', 'timestamp', 'time', 'char(3)'],
      ...['blob', "enum('x','y')", "set('x','y')", 'json', 'point', 'geometry', 'vector', 'uuid', 'inet4', 'inet6'],
    ]
    const wide = sourceTable([
      sourceColumn('id', 'int'),
      ...types.map((type, i) => sourceColumn(`c${i}`, type, { nullable: false })),
    ])
    const { deleteImage, routes } = await copyOf(wide)
    const image = deleteImage(['5'])
    const row = JSON.parse(rows(routes[0]!, image, 1, 'json')) as Record<string, unknown>
    expect(row.id).toBe('5')
    expect(row.__op).toBe('1')
    expect(types.map((_, i) => row[`c${i}`] ?? row[`__base64_${i + 1}`])).toEqual([
      ...['0', '0', '0', '0', '0', '1970-01-01', '1970-01-01 00:00:00', '1970-01-01 00:00:00', '00:00:00', ''],
      ...['', 'x', '', undefined, 'POINT(0 0)', 'POINT(0 0)', '[0]', '00000000-0000-0000-0000-000000000000'],
      ...['0.0.0.0', '::'],
    ])
  })
})

describe('keys of the stream', () => {
  const wire = wireColumn(WIRE.LONG, { nullable: true })
  const map = { id: 1, schema: 's', table: 't', columns: [wire, wire, wire], primaryKey: null }

  test('are the same texts', async () => {
    const { made } = router()
    const copy = await made.copyRoutes(T)
    const row = Buffer.concat([u8(0), u32(7), u32(5), u32(3)])
    const image = textImage(['7', '5', '3'])
    const [stream, select]: string[][] = [[], []]
    expect(made.keyTexts(map).keyTexts(Buffer.concat([row, row]), 0, 26, stream!)).toBe(13)
    copy.keyTexts(image, 0, image.length, select!)
    expect(stream).toEqual(['7'])
    expect(select).toEqual(stream)
    expect(made.keyTexts(map)).toBe(made.keyTexts(map))
  })

  test('its routes and those of a SELECT write the same rows into the same bodies', async () => {
    const measures = new Map([['sold', { of: 'sum' as const, column: 'qty' }]])
    const { made } = router([
      { exclude: ['shop'], rename: new Map([['qty', 'pieces']]) },
      { mode: 'append', table: 't', targetTable: 'log' },
      { mode: 'aggregate', groupBy: ['shop'], measures, targetTable: 'sums', loadFormat: 'json' },
    ])
    await made.bind(map)
    const copy = await made.copyRoutes(T)
    const rest = ({ source, target, mode, fingerprint, rule, csv, json, flushBytes }: CopyRoute) => {
      const headers = [csv?.columns, json.columns]
      return { source, target, mode, fingerprint, rule, headers, flushBytes }
    }
    const stream = made.routes(map)
    expect(copy.routes.map(rest)).toEqual(stream.map(rest))
    for (const [i, { target }] of copy.routes.entries()) expect(target).toBe(stream[i]!.target)
    const image = Buffer.concat([u8(0), u32(7), u32(5), u32(3)])
    const text = textImage(['7', '5', '3'])
    for (const i of [0, 2]) expect(rows(copy.routes[i]!, text, 1, 'json')).toBe(rows(stream[i]!, image, 1, 'json'))
  })

  test('of images that leave columns out', () => {
    const { made } = router()
    const image = Buffer.concat([u8(0), u32(7), u32(3)])
    const texts: string[] = []
    const [idAndQty, shopAndQty] = ['\u0005', '\u0006']
    expect(made.keyTexts(map, idAndQty).keyTexts(image, 0, 9, texts)).toBe(9)
    expect(made.keyTexts(map, shopAndQty).keyTexts(image, 0, 9, texts)).toBe(9)
    expect(texts).toEqual(['7', ''])
    expect(made.keyTexts(map, shopAndQty).keyBound(image, 0, 9)).toEqual([])
  })
})
