import { describe, expect, test } from '@jest/globals'
import { BinlogDecoder } from '../../lib/binlog/decoder.js'
import type { TableMap } from '../../lib/binlog/table-map.js'
import { WIRE } from '../../lib/binlog/wire-type.js'
import { type ColumnSpec, packed, packedBytes, tableMap, u8, u16 } from '../support/binlog-builder.js'

function decode(columns: readonly ColumnSpec[], optional: readonly (readonly [number, Buffer])[] = []): TableMap {
  const decoder = new BinlogDecoder({ flavor: 'mysql', wanted: () => true, verifyChecksum: true })
  const bytes = tableMap({ id: 2 ** 40 + 5, schema: 'schémà', table: 'táble', columns, optional })
  const event = decoder.decode(bytes, 0, bytes.length)
  if (event.kind !== 'tableMap' || event.map === null) throw new Error(event.kind)
  return event.map
}

const STRING = (bytes: number) => u8(WIRE.STRING ^ ((bytes & 0x300) >> 4), bytes & 255)

describe('columns', () => {
  test('names, 48-bit id, types, their metadata and NULL bits', () => {
    const map = decode([
      { type: WIRE.LONGLONG },
      { type: WIRE.VARCHAR, metadata: u16(1020), nullable: true },
      { type: WIRE.STRING, metadata: STRING(40) },
      { type: WIRE.STRING, metadata: STRING(1020), nullable: true },
      { type: WIRE.STRING, metadata: u8(WIRE.ENUM, 2) },
      { type: WIRE.STRING, metadata: u8(WIRE.SET, 8) },
      { type: WIRE.NEWDECIMAL, metadata: u8(65, 30) },
      { type: WIRE.BIT, metadata: u8(5, 2) },
      { type: WIRE.DATETIME2, metadata: u8(6), nullable: true },
      { type: WIRE.BLOB, metadata: u8(3) },
      { type: WIRE.DOUBLE, metadata: u8(8) },
    ])
    expect([map.id, map.schema, map.table, map.primaryKey]).toEqual([2 ** 40 + 5, 'schémà', 'táble', null])
    expect(map.columns.map(({ type, length, scale, nullable }) => [type, length, scale, nullable])).toEqual([
      [WIRE.LONGLONG, 0, 0, false],
      [WIRE.VARCHAR, 1020, 0, true],
      [WIRE.STRING, 40, 0, false],
      [WIRE.STRING, 1020, 0, true],
      [WIRE.ENUM, 2, 0, false],
      [WIRE.SET, 8, 0, false],
      [WIRE.NEWDECIMAL, 65, 30, false],
      [WIRE.BIT, 21, 0, false],
      [WIRE.DATETIME2, 6, 0, true],
      [WIRE.BLOB, 3, 0, false],
      [WIRE.DOUBLE, 8, 0, false],
    ])
    expect(map.columns[0]).toMatchObject({ unsigned: null, collationId: null, name: null, members: null })
  })

  test.each<[string, ColumnSpec]>([
    ['an unknown type', { type: 99 }],
    ['a DECIMAL(70,2)', { type: WIRE.NEWDECIMAL, metadata: u8(70, 2) }],
    ['a DECIMAL(5,6)', { type: WIRE.NEWDECIMAL, metadata: u8(5, 6) }],
    ['seven fraction digits', { type: WIRE.TIME2, metadata: u8(7) }],
    ['a BIT(65)', { type: WIRE.BIT, metadata: u8(1, 8) }],
    ['a BLOB with a length of five bytes', { type: WIRE.BLOB, metadata: u8(5) }],
    ['a SET of six bytes', { type: WIRE.STRING, metadata: u8(WIRE.SET, 6) }],
  ])('%s is refused', (_, column) => {
    expect(() => decode([column])).toThrow(/TABLE_MAP event that ends at the binlog:1000 cannot be decoded/)
  })

  test('a table of 4096 columns', () => {
    expect(decode(Array<ColumnSpec>(4096).fill({ type: WIRE.TINY })).columns).toHaveLength(4096)
  })
})

describe('optional metadata', () => {
  const names = (...all: string[]) => Buffer.concat(all.map(packedBytes))

  test('signedness counts numeric columns only, YEAR among them, first column in the highest bit', () => {
    const types = [WIRE.TINY, WIRE.VARCHAR, WIRE.YEAR, WIRE.DATE, WIRE.LONG, ...Array<number>(7).fill(WIRE.LONGLONG)]
    const columns = types.map(type => ({ type, ...(type === WIRE.VARCHAR ? { metadata: u16(4) } : {}) }))
    const map = decode(columns, [[1, u8(0b1010_0000, 0b0100_0000)]])
    expect(map.columns.map(column => column.unsigned)).toEqual([
      true,
      false,
      false,
      false,
      true,
      false,
      false,
      false,
      false,
      false,
      false,
      true,
    ])
  })

  test('default and column charsets, for strings and for labels apart', () => {
    const columns = [
      { type: WIRE.VARCHAR, metadata: u16(4) },
      { type: WIRE.LONG },
      { type: WIRE.STRING, metadata: u8(WIRE.ENUM, 1) },
      { type: WIRE.BLOB, metadata: u8(2) },
      { type: WIRE.STRING, metadata: STRING(4) },
    ]
    const collations = (map: TableMap) => map.columns.map(column => column.collationId)
    expect(
      collations(
        decode(columns, [
          [2, Buffer.concat([packed(255), packed(1), packed(63)])],
          [10, packed(8)],
        ]),
      ),
    ).toEqual([255, null, 8, 63, 255])
    expect(
      collations(
        decode(columns, [
          [3, Buffer.concat([packed(45), packed(63), packed(2304)])],
          [11, packed(28)],
        ]),
      ),
    ).toEqual([45, null, 28, 63, 2304])
  })

  test('names, labels in their charset, primary key, visibility, dimensions', () => {
    const columns = [
      { type: WIRE.STRING, metadata: u8(WIRE.ENUM, 1) },
      { type: WIRE.STRING, metadata: u8(WIRE.SET, 1) },
      { type: WIRE.VECTOR, metadata: u8(4) },
      { type: WIRE.GEOMETRY, metadata: u8(4) },
      { type: WIRE.STRING, metadata: u8(WIRE.ENUM, 1) },
    ]
    const latin1 = Buffer.from([0xe9, 0x80])
    const labels = (...all: (string | Buffer)[]) => Buffer.concat([packed(all.length), ...all.map(packedBytes)])
    const map = decode(columns, [
      [3, packed(63)],
      [4, names('e', 's', 'v', 'g', 'k')],
      [5, labels('a', 'it')],
      [6, Buffer.concat([labels(latin1, ''), labels(Buffer.from([0xd6, 0xd0]))])],
      [7, packed(1)],
      [8, Buffer.concat([packed(4), packed(0)])],
      [11, Buffer.concat([packed(8), packed(255), packed(28)])],
      [12, u8(0b1011_1000)],
      [13, packed(1536)],
      [77, u8(1, 2, 3)],
    ])
    expect(map.columns.map(column => column.name)).toEqual(['e', 's', 'v', 'g', 'k'])
    expect(map.columns.map(column => column.members)).toEqual([['é€', ''], ['a', 'it'], null, null, ['中']])
    expect(map.columns.map(column => column.memberCount)).toEqual([2, 2, null, null, 1])
    expect(map.columns.map(column => column.visible)).toEqual([true, false, true, true, true])
    expect([map.columns[2]!.dimensions, map.columns[3]!.geometryType]).toEqual([1536, 1])
    expect(map.primaryKey).toEqual([4, 0])
  })

  test.each([
    ['whole values', 0, [1, 0]],
    ['the beginning of a value does not tell which column it is of', 10, null],
  ])('a primary key over %s', (_, prefix, expected) => {
    const map = decode(
      [{ type: WIRE.LONG }, { type: WIRE.VARCHAR, metadata: u16(400) }],
      [[9, Buffer.concat([packed(1), packed(prefix), packed(0), packed(0)])]],
    )
    expect(map.primaryKey).toEqual(expected)
  })

  test.each<[string, number, Buffer]>([
    ['a field longer than the event', 4, Buffer.alloc(0)],
    ['too many signedness bytes', 1, u8(0, 0)],
    ['a name too few', 4, names('a')],
    ['a key column that is not there', 8, packed(2)],
  ])('%s is refused', (_, field, value) => {
    expect(() => decode([{ type: WIRE.LONG }, { type: WIRE.LONG }], [[field, value]])).toThrow(/cannot be decoded/)
  })
})
