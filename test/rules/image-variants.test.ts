import { describe, expect, test } from '@jest/globals'
import { EVENT, type RowsEvent } from '../../lib/binlog/event.js'
import { WIRE } from '../../lib/binlog/wire-type.js'
import type { Load } from '../../lib/dispatch/sink.js'
import type { Failure } from '../../lib/model/failure.js'
import type { SourceColumn, TableSchema } from '../../lib/model/schema.js'
import { Router, type RouterOptions } from '../../lib/rules/router.js'
import { RuleBook, type RuleSpec } from '../../lib/rules/rule-book.js'
import { column } from '../starrocks/fixtures.js'
import { rows, tableMap, u8, u16, u32 } from '../support/binlog-builder.js'
import { decode, decoder } from '../support/decoding.js'
import { rig } from '../support/dispatcher-rig.js'
import { UTC } from '../support/encoded-rows.js'
import { rule } from '../support/rule-spec.js'
import { PLACE } from '../support/toy-route.js'

const str = (value: string) => Buffer.concat([u8(Buffer.byteLength(value)), Buffer.from(value)])
const blob = (value: string) => Buffer.concat([u16(value.length), Buffer.from(value)])

/** id, a (default 5), b (nullable), n (NOT NULL, no default), bin. */
const COLUMNS: readonly SourceColumn[] = [
  column('int', { name: 'id', nullable: false }),
  column('int', { name: 'a', nullable: true, defaultValue: { kind: 'text', text: '5' } }),
  column('varchar', { name: 'b', nullable: true, maxLength: 20, charset: 'utf8mb4', defaultValue: { kind: 'null' } }),
  column('int', { name: 'n', nullable: false }),
  column('blob', { name: 'bin', nullable: true, maxLength: 65_535, charset: null, defaultValue: { kind: 'null' } }),
]
const MAP = {
  id: 5,
  schema: 's',
  table: 't',
  columns: [
    { type: WIRE.LONG },
    { type: WIRE.LONG, nullable: true },
    { type: WIRE.VARCHAR, metadata: u16(80), nullable: true },
    { type: WIRE.LONG },
    { type: WIRE.BLOB, metadata: u8(2), nullable: true },
  ],
}
const ALL = 0b11111
const HEADER = '`id`,`a`,`b`,`n`,`bin`,__op'
const FULL = Buffer.concat([u8(0), u32(1), u32(7), str('old'), u32(3), blob('xyz')])

interface Options {
  readonly spec?: Partial<RuleSpec>
  readonly columns?: readonly SourceColumn[]
  readonly logged?: RouterOptions['logged']
  readonly key?: readonly string[]
  readonly lanes?: number
}

/** A router that knows the table, its table map and the one rows event. */
async function read(
  type: number,
  [before, after]: readonly [number, number?],
  images: readonly Buffer[],
  { spec = {}, columns = COLUMNS, logged = { rowImage: 'FULL', mariadb: false }, key = ['id'] }: Options = {},
): Promise<{ readonly router: Router; readonly event: RowsEvent }> {
  const separator = (text: string) => ({ text, bytes: Buffer.from(text) })
  const schema: TableSchema = { schema: 's', table: 't', columns, key, comment: '' }
  const book = new RuleBook(
    [{ schema: 's', tables: ['t'] }],
    [rule({ flushRows: 1000, flushBytes: 100_000, ...spec })],
    'd',
  )
  const router = new Router(
    {
      columnSeparator: separator('|'),
      rowDelimiter: separator(';'),
      zone: UTC,
      skipTablesWithoutKey: false,
      stopsAtBadValues: true,
      logged,
    },
    book,
    {
      schemaFor: () => schema,
      inspect: async () => null,
      prepare: async wish => ({ ...wish, columns: wish.columns.map(c => ({ ...c, hasDefault: false })) }),
      observer: () => undefined,
    },
  )
  const d = decoder()
  const map = decode(d, tableMap(MAP))
  if (map.kind !== 'tableMap' || map.map === null) throw new Error(map.kind)
  await router.bind(map.map)
  const event = decode(
    d,
    rows(type, 5, MAP.columns.length, images, {
      present: u8(before),
      ...(after === undefined ? {} : { presentAfter: u8(after) }),
    }),
  )
  if (event.kind !== 'rows') throw new Error(event.kind)
  return { router, event }
}

/** What is loaded of one rows event whose images have the columns of these bits. */
async function load(
  type: number,
  bits: readonly [number, number?],
  images: readonly Buffer[],
  options: Options = {},
): Promise<{ readonly loads: readonly Load[]; readonly failure: Failure | null; readonly lane: string }> {
  const { router, event } = await read(type, bits, images, options)
  const r = rig({ lanes: options.lanes ?? 1 })
  r.sink.write = async load => {
    r.sink.loads.push({ ...load, body: load.body.map(piece => Buffer.from(piece)) })
    return { rows: load.rows }
  }
  r.dispatcher.rows(event, router.routes(event.map), 1000, PLACE)
  r.commit()
  const failure = await r.dispatcher.drain().then(
    () => null,
    (error: Failure) => error,
  )
  const lane = r.sink.loads[0]?.label.split('_').at(-4) ?? ''
  return { loads: r.sink.loads, failure, lane }
}

/** The loads as [columns, partial, body]. */
async function loaded(...args: Parameters<typeof load>): Promise<unknown[]> {
  const { loads, failure } = await load(...args)
  if (failure !== null) throw failure
  return loads.map(({ columns, partial, body }) => [columns, partial ?? false, Buffer.concat(body).toString()])
}

async function refusal(...args: Parameters<typeof load>): Promise<Failure> {
  const { loads, failure } = await load(...args)
  expect(loads).toEqual([])
  if (failure === null) throw new Error('nothing was refused')
  expect(failure.kind).toBe('rowImageIncomplete')
  expect(failure.message).toMatch(/^s\.t into d\.t .*, rows event 0 of the transaction behind b\.000001:4: /)
  return failure
}

describe('FULL_NODUP: what the after image leaves out is as it was before', () => {
  test('a value, a NULL that was set, an empty text', async () => {
    const changed = (nulls: number, ...values: Buffer[]) => Buffer.concat([u8(nulls), ...values])
    expect(await loaded(EVENT.UPDATE_ROWS, [ALL, 0b00010], [FULL, changed(0, u32(9))])).toEqual([
      [HEADER, false, '1|9|old|3|eHl6|0;'],
    ])
    expect(await loaded(EVENT.UPDATE_ROWS, [ALL, 0b00110], [FULL, changed(0b01, str(''))])).toEqual([
      [HEADER, false, '1|\\N||3|eHl6|0;'],
    ])
    expect(await loaded(EVENT.UPDATE_ROWS, [ALL, 0b10000], [FULL, changed(1)])).toEqual([
      [HEADER, false, '1|7|old|3|\\N|0;'],
    ])
  })

  test('a key that moves', async () => {
    const images = [FULL, Buffer.concat([u8(0), u32(2)])]
    expect(await loaded(EVENT.UPDATE_ROWS, [ALL, 0b00001], images)).toEqual([
      [HEADER, false, '1|7|old|3|eHl6|1;2|7|old|3|eHl6|0;'],
    ])
  })

  test('changes and sums are whole rows too', async () => {
    const images = [FULL, Buffer.concat([u8(0), u32(9)])]
    const [[, partial, body]] = (await loaded(EVENT.UPDATE_ROWS, [ALL, 0b00010], images, {
      spec: { mode: 'append' },
    })) as [[string, boolean, string]]
    expect([partial, body]).toEqual([false, expect.stringMatching(/\|update\|.*\|1\|9\|old\|3\|eHl6;$/)])
    const sums = {
      mode: 'aggregate' as const,
      groupBy: ['b'],
      measures: new Map([['sum_a', { of: 'sum' as const, column: 'a' }]]),
    }
    expect(await loaded(EVENT.UPDATE_ROWS, [ALL, 0b00010], images, { spec: sums })).toEqual([
      ['`sum_a`,`b`', false, '-7|old;9|old;'],
    ])
  })
})

describe('MINIMAL', () => {
  const key = Buffer.concat([u8(0), u32(1)])

  test('an update writes its key and what changed; NULL only where it was set', async () => {
    expect(await loaded(EVENT.UPDATE_ROWS, [1, 0b00110], [key, Buffer.concat([u8(0b10), u32(9)])])).toEqual([
      ['`id`,`a`,`b`', true, '1|9|\\N;'],
    ])
  })

  test('the same as JSON, bytes derived from base64', async () => {
    const images = [key, Buffer.concat([u8(0), blob('xyz')])]
    expect(await loaded(EVENT.UPDATE_ROWS, [1, 0b10000], images, { spec: { loadFormat: 'json' } })).toEqual([
      ["`id`,`__base64_4`,`bin`=to_binary(`__base64_4`,'encode64')", true, '[{"id":"1","__base64_4":"eHl6"}]'],
    ])
  })

  test('an insert gets the defaults of the source, in a row like all others', async () => {
    expect(await loaded(EVENT.WRITE_ROWS, [0b01001], [Buffer.concat([u8(0), u32(1), u32(3)])])).toEqual([
      [HEADER, false, '1|5|\\N|3|\\N|0;'],
    ])
    const images = [Buffer.concat([u8(0), u32(1), u32(3)])]
    const [[, , json]] = (await loaded(EVENT.WRITE_ROWS, [0b01001], images, { spec: { loadFormat: 'json' } })) as [
      [string, boolean, string],
    ]
    expect(JSON.parse(json)).toEqual([{ id: '1', a: '5', b: null, n: '3', __base64_4: null, __op: '0' }])
  })

  test('a key column that an insert names no value for: its default is in the key, and in its hash', async () => {
    const columns = COLUMNS.map(c =>
      c.name === 'n' || c.name === 'b'
        ? { ...c, nullable: false, defaultValue: { kind: 'text' as const, text: c.name === 'n' ? '-3' : 'öa' } }
        : c,
    )
    const short = [Buffer.concat([u8(0), u32(1), u32(7)]), Buffer.concat([u8(1 << 1), u32(2)])]
    const options = { columns, key: ['id', 'n', 'b'] }
    expect(await loaded(EVENT.WRITE_ROWS, [0b00011], short, options)).toEqual([
      ['`id`,`a`,`b`,`n`,`bin`,__op', false, '1|7|öa|-3|\\N|0;2|\\N|öa|-3|\\N|0;'],
    ])
    const hash = async (bits: number, image: Buffer) =>
      (await load(EVENT.WRITE_ROWS, [bits], [image], { ...options, lanes: 7 })).lane
    for (let id = 0; id < 20; id++)
      expect(await hash(0b00001, Buffer.concat([u8(0), u32(id)]))).toBe(
        await hash(ALL, Buffer.concat([u8(0b10010), u32(id), str('öa'), u32(-3 >>> 0)])),
      )
    const unknown = COLUMNS.map(c =>
      c.name === 'n' ? { ...c, defaultValue: { kind: 'unknown' as const, reason: '' } } : c,
    )
    const failure = await refusal(EVENT.WRITE_ROWS, [1], [key], { columns: unknown, key: ['id', 'n'] })
    expect(failure.message).toMatch(/column n .* is key of the target, with a default that cannot be written/)
  })

  test('a default that is not known stops, with the column', async () => {
    const failure = await refusal(EVENT.WRITE_ROWS, [1], [key])
    expect(failure.message).toMatch(/column n is not in the row image, and it has no default that is known\.$/)
    expect(failure.advice).toMatch(/exclude = \["n"\]/)
  })

  test('a delete needs the key only; columns that must hold something get a filler', async () => {
    expect(await loaded(EVENT.DELETE_ROWS, [1], [key])).toEqual([[HEADER, false, '1|\\N|\\N|0|\\N|1;']])
  })

  test('a key that moves is refused, with both keys', async () => {
    const failure = await refusal(EVENT.UPDATE_ROWS, [1, 0b00011], [key, Buffer.concat([u8(0), u32(2), u32(9)])])
    expect(failure.message).toMatch(/key of a row changes \(before \{"id":"1"\}, after \{"id":"2","a":"9"\}\)/)
    expect(failure.advice).toMatch(/binlog_row_image = FULL/)
  })

  test('a key that is written again and stays is none that moves', async () => {
    const images = [key, Buffer.concat([u8(0), u32(1), u32(9)])]
    expect(await loaded(EVENT.UPDATE_ROWS, [1, 0b00011], images)).toEqual([['`id`,`a`', true, '1|9;']])
  })

  test('changes of columns that a rule leaves out are no rows', async () => {
    const images = [key, Buffer.concat([u8(0), u32(9)])]
    expect(await loaded(EVENT.UPDATE_ROWS, [1, 0b00010], images, { spec: { exclude: ['a'] } })).toEqual([])
  })

  test('what a rule leaves out may be absent', async () => {
    const spec = { columns: ['id', 'a'] }
    const images = [key, Buffer.concat([u8(0), u32(9)])]
    expect(await loaded(EVENT.UPDATE_ROWS, [1, 0b00010], images, { spec })).toEqual([
      ['`id`,`a`,__op', false, '1|9|0;'],
    ])
  })

  test.each([
    ['a delete', EVENT.DELETE_ROWS, [1], [key]],
    ['an update', EVENT.UPDATE_ROWS, [1, 2], [key, Buffer.concat([u8(0), u32(9)])]],
  ] as const)('%s is refused by mode = "append" and by sums', async (_, type, bits, images) => {
    const append = await refusal(type, bits, images, { spec: { mode: 'append' } })
    expect(append.message).toMatch(/column [ab] is not in the row image, and it is needed of .* by mode = "append"\.$/)
    const measures = new Map([['n', { of: 'count' as const }]])
    const sums = await refusal(type, bits, images, { spec: { mode: 'aggregate', groupBy: ['b'], measures } })
    expect(sums.message).toMatch(/column b .* by mode = "aggregate"\.$/)
  })

  test('images that end too early are refused at every length', async () => {
    const whole = [key, Buffer.concat([u8(0), u32(9), str('abc')])]
    const bytes = Buffer.concat(whole)
    for (let length = 1; length < bytes.length; length++) {
      const { failure } = await load(EVENT.UPDATE_ROWS, [1, 0b00110], [bytes.subarray(0, length)])
      expect([length, failure?.kind]).toEqual([length, 'notDecodable'])
      expect(failure?.message).toMatch(/^s\.t: column (id|a|b) cannot be decoded/)
    }
  })
})

describe('generated columns', () => {
  const columns = COLUMNS.map(c => (c.name === 'a' ? { ...c, generated: 'stored' as const } : c))
  const images = [FULL, Buffer.concat([u8(0), u32(1), str('new'), u32(3), blob('xyz')])]

  test('MariaDB leaves them out of after images: the old value is no answer', async () => {
    const failure = await refusal(EVENT.UPDATE_ROWS, [ALL, 0b11101], images, {
      columns,
      logged: { rowImage: 'FULL', mariadb: true },
    })
    expect(failure.message).toMatch(/column a .* computed by the server, which does not log its new value/)
    expect(failure.advice).toMatch(/exclude = \["a"\]/)
    const spec = { exclude: ['a'] }
    expect(await loaded(EVENT.UPDATE_ROWS, [ALL, 0b11101], images, { columns, spec })).toEqual([
      ['`id`,`b`,`n`,`bin`,__op', false, '1|new|3|eHl6|0;'],
    ])
  })

  test('MySQL logs those that changed, so an absent one is as it was', async () => {
    expect(await loaded(EVENT.UPDATE_ROWS, [ALL, 0b11101], images, { columns })).toEqual([
      [HEADER, false, '1|7|new|3|eHl6|0;'],
    ])
  })
})

test('what is parked of a row shows the columns that are known, before and after', async () => {
  const images = [Buffer.concat([u8(0), u32(1)]), Buffer.concat([u8(1), str('new')])]
  const { router, event } = await read(EVENT.UPDATE_ROWS, [1, 0b00110], images)
  const reshaped = router.routes(event.map)[0]!.reshape(event, event.bitmaps(), PLACE)
  const { buffer, at, end } = reshaped.images
  const after = reshaped.route.csv!.encoder.skip(buffer, at, end)
  expect(JSON.parse(reshaped.route.imageText(buffer, at, end))).toEqual({ id: '1' })
  expect(JSON.parse(reshaped.route.imageText(buffer, after, end))).toEqual({ id: '1', a: null, b: 'new' })
})

test('the sets of columns that are remembered are bounded: the oldest is compiled again', async () => {
  const pair = Buffer.concat([u8(0), u32(1), u8(0), u32(9)])
  const { router, event } = await read(EVENT.UPDATE_ROWS, [1, 0b00010], [pair])
  const [route] = router.routes(event.map)
  // Bits behind the last column mean nothing, but make another set: 64 of each operation.
  const set = (op: 'update' | 'delete', n: number) =>
    route!.reshape(
      { ...event, op, map: event.map } as RowsEvent,
      String.fromCharCode(1 | ((n >> 3) << 5), 2 | ((n & 7) << 5)),
      PLACE,
    ).route
  const first = set('update', 0)
  for (let n = 1; n < 64; n++) set('update', n)
  expect(set('update', 0)).toBe(first)
  for (let n = 0; n < 64; n++) set('delete', n)
  expect(set('update', 0)).toBe(first)
  route!.reshape({ ...event, op: 'insert', at: event.end } as RowsEvent, String.fromCharCode(0b01011, 0b01011), PLACE)
  expect(set('update', 0)).not.toBe(first)
})
