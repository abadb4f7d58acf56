import { unpackMariadb } from './compressed.js'
import { EVENT } from './event.js'
import type { EventReader } from './event-reader.js'
import { wholeUpdates } from './partial-update.js'
import type { ReusedEvent } from './reused-event.js'
import type { TableMap } from './table-map.js'

/**
 * Body of a rows event behind table id and flags (MySQL rows_event.h, MariaDB sql/log_event.h): in the second version
 * extra data (NDB, partitions) first; column count; a bitmap of the columns present, for updates one per image;
 * the images, which MariaDB may compress, and of which MySQL may send JSON columns as differences.
 */
export function decodeRowsBody(reader: EventReader, type: number, map: TableMap, rows: ReusedEvent): void {
  if (hasExtraData(type)) {
    const bytes = reader.u16()
    if (bytes < 2) throw reader.fail(`extra data of ${bytes} bytes`)
    reader.skip(bytes - 2)
  }
  const count = reader.packed()
  if (count !== map.columns.length)
    throw reader.fail(`it has ${count} columns, the table map of ${map.schema}.${map.table} ${map.columns.length}`)
  const bitmapBytes = (count + 7) >> 3
  const first = reader.skip(bitmapBytes)
  rows.op = rowsOp(type)
  rows.map = map
  const second = rows.op === 'update' ? reader.skip(bitmapBytes) : first
  rows.setBitmaps(reader.buffer, first, second, count)
  if (type === EVENT.PARTIAL_UPDATE_ROWS) {
    const present = (at: number) => reader.buffer.subarray(at, at + bitmapBytes)
    rows.buffer = wholeUpdates(reader, map, present(first), present(second))
    rows.at = 0
    rows.end = rows.buffer.length
  } else if (type >= EVENT.WRITE_ROWS_COMPRESSED_V1) {
    rows.buffer = unpackMariadb(reader)
    rows.at = 0
    rows.end = rows.buffer.length
  } else {
    rows.buffer = reader.buffer
    rows.at = reader.at
    rows.end = reader.end
  }
}

function rowsOp(type: number): 'insert' | 'update' | 'delete' {
  switch (type) {
    case EVENT.WRITE_ROWS_V1:
    case EVENT.WRITE_ROWS:
    case EVENT.WRITE_ROWS_COMPRESSED_V1:
    case EVENT.WRITE_ROWS_COMPRESSED:
      return 'insert'
    case EVENT.DELETE_ROWS_V1:
    case EVENT.DELETE_ROWS:
    case EVENT.DELETE_ROWS_COMPRESSED_V1:
    case EVENT.DELETE_ROWS_COMPRESSED:
      return 'delete'
    default:
      return 'update'
  }
}

function hasExtraData(type: number): boolean {
  return (
    (type >= EVENT.WRITE_ROWS && type <= EVENT.DELETE_ROWS) ||
    type === EVENT.PARTIAL_UPDATE_ROWS ||
    type >= EVENT.WRITE_ROWS_COMPRESSED
  )
}
