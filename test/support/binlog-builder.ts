import { deflateSync } from 'node:zlib'
import { tableCrc32 } from '../../lib/binlog/checksum.js'
import { EVENT } from '../../lib/binlog/event.js'

/** Builds binlog events byte by byte, as servers write them. */

export interface EventOptions {
  readonly timestamp?: number
  readonly serverId?: number
  readonly logPos?: number
  readonly flags?: number
  /** Append a CRC32; default true. */
  readonly checksum?: boolean
}

export function u8(...values: number[]): Buffer {
  return Buffer.from(values)
}

export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

export function u48(value: number): Buffer {
  const bytes = Buffer.alloc(6)
  bytes.writeUIntLE(value, 0, 6)
  return bytes
}

export function u64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)))
  return bytes
}

/** Length-encoded integer. */
export function packed(value: number): Buffer {
  if (value < 251) return u8(value)
  if (value < 0x10000) return Buffer.concat([u8(252), u16(value)])
  if (value < 0x1000000) return Buffer.concat([u8(253), u32(value).subarray(0, 3)])
  return Buffer.concat([u8(254), u64(value)])
}

/** Bytes behind a length-encoded length. */
export function packedBytes(bytes: Buffer | string): Buffer {
  const value = Buffer.from(bytes)
  return Buffer.concat([packed(value.length), value])
}

/** Integer of mysql::serialization. */
export function varint(value: bigint): Buffer {
  for (let extra = 0; extra < 8; extra++) {
    if (value >= 1n << BigInt(7 * (extra + 1))) continue
    const whole = (value << BigInt(extra + 1)) | ((1n << BigInt(extra)) - 1n)
    return u64(whole).subarray(0, extra + 1)
  }
  return Buffer.concat([u8(255), u64(value)])
}

export function event(type: number, body: Buffer, options: EventOptions = {}): Buffer {
  const checksum = options.checksum ?? true
  const size = 19 + body.length + (checksum ? 4 : 0)
  const header = Buffer.alloc(19)
  header.writeUInt32LE(options.timestamp ?? 1_700_000_000, 0)
  header[4] = type
  header.writeUInt32LE(options.serverId ?? 1, 5)
  header.writeUInt32LE(size, 9)
  header.writeUInt32LE(options.logPos ?? 1000, 13)
  header.writeUInt16LE(options.flags ?? 0, 17)
  const bytes = Buffer.concat([header, body])
  return checksum ? Buffer.concat([bytes, u32(tableCrc32(bytes, 0, bytes.length))]) : bytes
}

/** FORMAT_DESCRIPTION as MySQL 8 writes it; its own checksum is made with the in-use flag off. */
export function formatDescription(
  checksum: boolean,
  options: EventOptions & { created?: number; version?: string } = {},
): Buffer {
  const lengths = Buffer.from([
    0, 13, 0, 8, 0, 0, 0, 0, 4, 0, 4, 0, 0, 0, 98, 0, 4, 26, 8, 0, 0, 0, 8, 8, 8, 2, 0, 0, 0, 10, 10, 10, 42, 42, 0, 18,
    52, 0, 10, 40, 0,
  ])
  const version = Buffer.alloc(50)
  version.write(options.version ?? '9.7.0')
  const body = Buffer.concat([
    u16(4),
    version,
    u32(options.created ?? 1_700_000_000),
    u8(19),
    lengths,
    u8(checksum ? 1 : 0),
  ])
  const clean = event(EVENT.FORMAT_DESCRIPTION, body, { ...options, flags: (options.flags ?? 0) & ~1, checksum: true })
  clean.writeUInt16LE(options.flags ?? 0, 17)
  return clean
}

export function rotate(binName: string, binPos: number, options: EventOptions = {}): Buffer {
  return event(EVENT.ROTATE, Buffer.concat([u64(binPos), Buffer.from(binName)]), { flags: 0x20, logPos: 0, ...options })
}

export function query(schema: string, sql: string | Buffer, options: EventOptions & { status?: Buffer } = {}): Buffer {
  const status = options.status ?? Buffer.alloc(0)
  const name = Buffer.from(schema)
  const head = Buffer.concat([u32(7), u32(0), u8(name.length), u16(0), u16(status.length)])
  return event(EVENT.QUERY, Buffer.concat([head, status, name, u8(0), Buffer.from(sql)]), options)
}

export function xid(options: EventOptions = {}): Buffer {
  return event(EVENT.XID, u64(99), options)
}

export interface ColumnSpec {
  readonly type: number
  readonly metadata?: Buffer
  readonly nullable?: boolean
}

export interface TableSpec {
  readonly id: number
  readonly schema: string
  readonly table: string
  readonly columns: readonly ColumnSpec[]
  /** Optional metadata fields: type, value. */
  readonly optional?: readonly (readonly [number, Buffer])[]
}

function tableMapBody(spec: TableSpec): Buffer {
  const schema = Buffer.from(spec.schema)
  const table = Buffer.from(spec.table)
  const nullBits = Buffer.alloc((spec.columns.length + 7) >> 3)
  spec.columns.forEach((column, i) => {
    if (column.nullable) nullBits[i >> 3]! |= 1 << (i & 7)
  })
  return Buffer.concat([
    u48(spec.id),
    u16(1),
    u8(schema.length),
    schema,
    u8(0, table.length),
    table,
    u8(0),
    packed(spec.columns.length),
    Buffer.from(spec.columns.map(column => column.type)),
    packedBytes(Buffer.concat(spec.columns.map(column => column.metadata ?? Buffer.alloc(0)))),
    nullBits,
    ...(spec.optional ?? []).map(([type, value]) => Buffer.concat([u8(type), packedBytes(value)])),
  ])
}

export function tableMap(spec: TableSpec, options: EventOptions = {}): Buffer {
  return event(EVENT.TABLE_MAP, tableMapBody(spec), options)
}

/** A rows event; `images` are whole row images (NULL bits and values), before and after in turn for updates. */
export function rows(
  type: number,
  id: number,
  columns: number,
  images: readonly Buffer[],
  options: EventOptions & { present?: Buffer; presentAfter?: Buffer; extra?: Buffer } = {},
): Buffer {
  const bitmap = Buffer.alloc((columns + 7) >> 3, 255)
  const isUpdate = UPDATES.has(type)
  const isSecond = (type >= 30 && type <= 39) || type >= 169
  const extra = options.extra ?? Buffer.alloc(0)
  const data = Buffer.concat(images)
  return event(
    type,
    Buffer.concat([
      u48(id),
      u16(1),
      isSecond ? Buffer.concat([u16(2 + extra.length), extra]) : Buffer.alloc(0),
      packed(columns),
      options.present ?? bitmap,
      isUpdate ? (options.presentAfter ?? bitmap) : Buffer.alloc(0),
      type >= 166 ? mariadbCompressed(data) : data,
    ]),
    options,
  )
}

const UPDATES = new Set<number>([
  EVENT.UPDATE_ROWS,
  EVENT.UPDATE_ROWS_V1,
  EVENT.PARTIAL_UPDATE_ROWS,
  EVENT.UPDATE_ROWS_COMPRESSED,
  EVENT.UPDATE_ROWS_COMPRESSED_V1,
])

/** MariaDB's form of compressed data: a header byte, the size, zlib. */
export function mariadbCompressed(data: Buffer): Buffer {
  const size = Buffer.alloc(4)
  size.writeUInt32BE(data.length)
  return Buffer.concat([u8(0x84), size, deflateSync(data)])
}

/** A zstd frame that holds `data` in raw blocks (RFC 8878). */
function zstdFrame(data: Buffer): Buffer {
  const blocks: Buffer[] = []
  for (let at = 0; at === 0 || at < data.length; at += 100_000) {
    const block = data.subarray(at, at + 100_000)
    const last = at + 100_000 >= data.length ? 1 : 0
    blocks.push(u32((block.length << 3) | last).subarray(0, 3), block)
  }
  return Buffer.concat([u32(0xfd2fb528), u8(0xa0), u32(data.length), ...blocks])
}

/** TRANSACTION_PAYLOAD around whole inner events without checksums. */
export function payload(inner: Buffer, algorithm: 0 | 255, options: EventOptions = {}): Buffer {
  const data = algorithm === 0 ? zstdFrame(inner) : inner
  const field = (type: number, value: number) => Buffer.concat([packed(type), packedBytes(packed(value))])
  return event(
    EVENT.TRANSACTION_PAYLOAD,
    Buffer.concat([field(2, algorithm), field(3, inner.length), field(1, data.length), u8(0), data]),
    options,
  )
}

/** A pseudo-random generator whose seed a failing test can print (xorshift32). */
export function randomFrom(seed: number): (below: number) => number {
  let state = seed | 0 || 1
  return below => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}
