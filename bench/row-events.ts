import { EVENT } from '../lib/binlog/event.js'
import { hasSignedness, WIRE } from '../lib/binlog/wire-type.js'
import {
  type ColumnSpec,
  packed,
  packedBytes,
  randomFrom,
  rows,
  tableMap,
  u8,
  u16,
  u32,
  u64,
} from '../test/support/binlog-builder.js'

/** Rows events in memory, for measurements: four columns (narrow), and forty of mixed types (wide). */

export interface Column extends ColumnSpec {
  value(random: (below: number) => number): Buffer
}

const text = (max: number, length: (random: (below: number) => number) => number): Column => ({
  type: WIRE.VARCHAR,
  metadata: u16(max),
  value: random => {
    const n = length(random)
    const bytes = Buffer.alloc(n)
    for (let i = 0; i < n; i++) bytes[i] = 97 + random(26)
    return Buffer.concat([max > 255 ? u16(n) : u8(n), bytes])
  },
})
const fixed = (type: number, bytes: number, metadata?: Buffer): Column => ({
  type,
  ...(metadata === undefined ? {} : { metadata }),
  value: random => Buffer.from(Array.from({ length: bytes }, () => random(256))),
})
const decimal = (precision: number, scale: number): Column => ({
  type: WIRE.NEWDECIMAL,
  metadata: u8(precision, scale),
  value: random =>
    Buffer.concat([
      u8(0x80),
      u8(0, 0, random(100)),
      u8(random(20), random(256), random(256), random(256)),
      u8(random(90)),
    ]),
})
const double: Column = {
  type: WIRE.DOUBLE,
  metadata: u8(8),
  value: random => {
    const bytes = Buffer.alloc(8)
    bytes.writeDoubleLE(random(2) === 0 ? random(1e9) / 1e4 : Math.sqrt(random(1e9)))
    return bytes
  },
}
const float: Column = {
  type: WIRE.FLOAT,
  metadata: u8(4),
  value: random => {
    const bytes = Buffer.alloc(4)
    bytes.writeFloatLE(random(1e6) / 100)
    return bytes
  },
}
const when = (type: number, digits: number): Column => ({
  type,
  metadata: u8(digits),
  value: random => {
    const fraction = Buffer.from(Array.from({ length: (digits + 1) >> 1 }, () => random(15)))
    if (type === WIRE.TIMESTAMP2) {
      const seconds = Buffer.alloc(4)
      seconds.writeUInt32BE(1_700_000_000 + random(1e7))
      return Buffer.concat([seconds, fraction])
    }
    const packed = Buffer.alloc(8)
    const day = BigInt((2024 * 13 + 1 + random(12)) * 32 + 1 + random(28))
    packed.writeBigUInt64BE((1n << 39n) | (day << 17n) | BigInt((random(24) << 12) | (random(60) << 6) | random(60)))
    return Buffer.concat([packed.subarray(3), fraction])
  },
})
const json: Column = {
  type: WIRE.JSON,
  metadata: u8(4),
  // {"a": "x"}
  value: () => Buffer.concat([u32(15), Buffer.from('0001000e000b0001000c0c00610178', 'hex')]),
}

const id: Column = { type: WIRE.LONGLONG, value: random => u64(random(2 ** 31)) }
const int = fixed(WIRE.LONG, 4)
export const NARROW = [id, int, text(480, () => 120), text(240, () => 60)]
export const WIDE = [
  id,
  ...[
    fixed(WIRE.TINY, 1),
    fixed(WIRE.SHORT, 2),
    fixed(WIRE.INT24, 3),
    int,
    int,
    fixed(WIRE.LONGLONG, 8),
    fixed(WIRE.LONGLONG, 8),
  ],
  ...Array.from({ length: 6 }, (_, i) => decimal(18, i % 2 === 0 ? 2 : 2)),
  float,
  double,
  double,
  ...[
    when(WIRE.DATETIME2, 0),
    when(WIRE.DATETIME2, 3),
    when(WIRE.DATETIME2, 6),
    when(WIRE.TIMESTAMP2, 0),
    when(WIRE.TIMESTAMP2, 3),
  ],
  fixed(WIRE.DATE, 3),
  fixed(WIRE.YEAR, 1),
  fixed(WIRE.TIME2, 3, u8(0)),
  ...Array.from({ length: 8 }, (_, i) => ({
    ...text(i % 2 === 0 ? 80 : 400, random => 5 + random(30)),
    nullable: i % 3 === 0,
  })),
  { ...text(4000, random => 20 + random(200)), nullable: true },
  { type: WIRE.STRING, metadata: u8(WIRE.ENUM, 1), value: (random: (below: number) => number) => u8(1 + random(3)) },
  { type: WIRE.STRING, metadata: u8(WIRE.SET, 1), value: (random: (below: number) => number) => u8(random(8)) },
  fixed(WIRE.BIT, 2, u8(0, 2)),
  json,
  { ...int, nullable: true },
]

export function table(columns: readonly Column[]) {
  const names = columns.map((_, i) => packedBytes(`c${i}`))
  const labels = Buffer.concat([packed(3), packedBytes('one'), packedBytes('two'), packedBytes('three')])
  return {
    id: 42,
    schema: 'bench',
    table: 't',
    columns,
    optional: [
      [1, Buffer.alloc((columns.filter(column => hasSignedness(column.type)).length + 7) >> 3)],
      [2, packed(255)],
      [4, Buffer.concat(names)],
      ...(columns === WIDE ? [[5, labels] as const, [6, labels] as const, [10, packed(255)] as const] : []),
    ] as (readonly [number, Buffer])[],
  }
}

export function images(columns: readonly Column[], count: number): Buffer[] {
  const random = randomFrom(7)
  return Array.from({ length: count }, () => {
    const nulls = Buffer.alloc((columns.length + 7) >> 3)
    const values = columns.map((column, i) => {
      if (column.nullable && random(5) === 0) {
        nulls[i >> 3]! |= 1 << (i & 7)
        return Buffer.alloc(0)
      }
      return column.value(random)
    })
    return Buffer.concat([nulls, ...values])
  })
}

export function largeEvents(type: number, columns: readonly Column[], count: number, perEvent: number): Buffer {
  const all = images(columns, count)
  const map = tableMap(table(columns))
  const events: Buffer[] = []
  for (let i = 0; i < count; i += perEvent) {
    const some = all.slice(i, i + perEvent)
    events.push(
      map,
      rows(type, 42, columns.length, type === EVENT.UPDATE_ROWS ? some.flatMap(image => [image, image]) : some),
    )
  }
  return Buffer.concat(events)
}
