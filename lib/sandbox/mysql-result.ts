import type { PacketBuilder } from './mysql-packet.js'
import { MYSQL_TYPE, type ResultColumn } from './result-set.js'
import type { SqlError } from './sql-error.js'
import type { Cell } from './value-text.js'

export const STATUS_AUTOCOMMIT = 0x2
export const STATUS_MORE_RESULTS = 0x8
const FLAG_BLOB = 0x10
const FLAG_BINARY = 0x80

export function writeOk(builder: PacketBuilder, affectedRows: number, status: number): void {
  builder.begin().uint(0, 1).lengthInteger(affectedRows).lengthInteger(0).uint(status, 2).uint(0, 2).end()
}

export function writeEof(builder: PacketBuilder, status: number): void {
  builder.begin().uint(0xfe, 1).uint(0, 2).uint(status, 2).end()
}

export function writeError(builder: PacketBuilder, error: SqlError): void {
  builder.begin().uint(0xff, 1).uint(error.code, 2).text('#').text(error.sqlState).text(error.message).end()
}

/** Protocol::ColumnDefinition41. With `withDefault` the form COM_FIELD_LIST answers. */
export function writeColumn(builder: PacketBuilder, column: ResultColumn, withDefault = false): void {
  const isBlob = column.mysqlType === MYSQL_TYPE.blob
  builder
    .begin()
    .lengthText('def')
    .lengthText('')
    .lengthText('')
    .lengthText('')
    .lengthText(column.name)
    .lengthText(column.name)
    .uint(0x0c, 1)
    .uint(column.charset, 2)
    .uint(column.displayLength, 4)
    .uint(column.mysqlType, 1)
    .uint((column.binary ? FLAG_BINARY : 0) | (isBlob ? FLAG_BLOB : 0), 2)
    .uint(column.decimals, 1)
    .uint(0, 2)
  if (withDefault) builder.uint(0xfb, 1)
  builder.end()
}

/** ProtocolText::ResultsetRow */
export function writeTextRow(builder: PacketBuilder, row: readonly Cell[]): void {
  builder.begin()
  for (const cell of row) {
    if (cell === null) builder.uint(0xfb, 1)
    else if (typeof cell === 'string') builder.lengthText(cell)
    else builder.lengthBytes(cell)
  }
  builder.end()
}

/** ProtocolBinary::ResultsetRow: the null bitmap begins at bit 2. */
export function writeBinaryRow(builder: PacketBuilder, columns: readonly ResultColumn[], row: readonly Cell[]): void {
  builder.begin().uint(0, 1)
  const nulls = Buffer.alloc((columns.length + 9) >> 3)
  row.forEach((cell, at) => {
    if (cell === null) nulls[(at + 2) >> 3] = (nulls[(at + 2) >> 3] as number) | (1 << ((at + 2) & 7))
  })
  builder.raw(nulls)
  row.forEach((cell, at) => {
    if (cell !== null) writeBinaryValue(builder, (columns[at] as ResultColumn).mysqlType, cell)
  })
  builder.end()
}

function writeBinaryValue(builder: PacketBuilder, mysqlType: number, cell: string | Uint8Array): void {
  if (typeof cell !== 'string') {
    builder.lengthBytes(cell)
    return
  }
  switch (mysqlType) {
    case MYSQL_TYPE.tiny:
      builder.int(Number(cell), 1)
      return
    case MYSQL_TYPE.short:
      builder.int(Number(cell), 2)
      return
    case MYSQL_TYPE.long:
      builder.int(Number(cell), 4)
      return
    case MYSQL_TYPE.longLong:
      builder.int64(BigInt(cell))
      return
    case MYSQL_TYPE.float:
      builder.float(Number(cell))
      return
    case MYSQL_TYPE.double:
      builder.double(Number(cell))
      return
    case MYSQL_TYPE.date:
    case MYSQL_TYPE.dateTime:
      writeBinaryDate(builder, cell)
      return
    default:
      builder.lengthText(cell)
  }
}

/** 4 bytes for a date, 7 with a time, 11 with microseconds. */
function writeBinaryDate(builder: PacketBuilder, text: string): void {
  const [year, month, day, hour, minute, second, fraction] = text.split(/[- :.]/).map(Number)
  const size = fraction !== undefined ? 11 : hour !== undefined ? 7 : 4
  builder
    .uint(size, 1)
    .uint(year ?? 0, 2)
    .uint(month ?? 0, 1)
    .uint(day ?? 0, 1)
  if (size >= 7)
    builder
      .uint(hour ?? 0, 1)
      .uint(minute ?? 0, 1)
      .uint(second ?? 0, 1)
  if (size === 11) builder.uint(fraction ?? 0, 4)
}
