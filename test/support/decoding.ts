import { BinlogDecoder } from '../../lib/binlog/decoder.js'
import type { BinlogEvent } from '../../lib/binlog/event.js'
import { WIRE } from '../../lib/binlog/wire-type.js'

/** A decoder that wants every table and checks every checksum, unless told otherwise. */
export function decoder(
  options: { flavor?: 'mysql' | 'mariadb'; wanted?: (schema: string, table: string) => boolean } = {},
) {
  return new BinlogDecoder({ flavor: 'mysql', wanted: () => true, verifyChecksum: true, ...options })
}

export function decode(d: BinlogDecoder, bytes: Buffer): BinlogEvent {
  return d.decode(bytes, 0, bytes.length)
}

export const TABLE = {
  id: 77,
  schema: 'shop',
  table: 'orders',
  columns: [{ type: WIRE.LONG }, { type: WIRE.LONG, nullable: true }],
}
export const UUID = Buffer.from('3e11fa4771ca11e19e33c80aa9429562', 'hex')
export const UUID_TEXT = '3e11fa47-71ca-11e1-9e33-c80aa9429562'
