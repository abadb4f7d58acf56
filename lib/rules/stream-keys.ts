import { bindTable } from '../binlog/bind-table.js'
import { compileKeyReader, type KeyReader } from '../binlog/key-reader.js'
import type { TableMap } from '../binlog/table-map.js'
import type { TableSchema } from '../model/schema.js'
import type { Zone } from '../model/zone.js'

/** The reader of the keys of row images of a binlog; `columns`: see `Router.keyTexts`. */
export function streamKeys(map: TableMap, schema: TableSchema, columns: string | null, zone: Zone): KeyReader {
  const bound = bindTable(map, schema)
  const isPresent = (i: number) => columns === null || ((columns.charCodeAt(i >> 3) >> (i & 7)) & 1) === 1
  const present = bound.map((_, i) => i).filter(isPresent)
  const key = schema.key.map(name => {
    const i = schema.columns.findIndex(column => column.name === name)
    return { index: present.indexOf(i), column: schema.columns[i]! }
  })
  const read = present.map(i => bound[i]!)
  return compileKeyReader('binlog', read, key, zone)
}
