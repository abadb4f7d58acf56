import { expect, test } from '@jest/globals'
import { undecodableType } from '../../lib/binlog/decodable.js'
import type { SourceColumn } from '../../lib/model/schema.js'
import { column } from '../starrocks/fixtures.js'

const columnOf = (dataType: string, charset: string | null = null, columnType = dataType): SourceColumn =>
  column(dataType, { charset, columnType })

test.each([[columnOf('varchar', 'ebcdic'), /ebcdic/]])('%j is refused before its first row', (c, why) =>
  expect(undecodableType(c)).toMatch(why),
)

test.each([
  [columnOf('int')],
  [columnOf('varchar', 'utf8')],
  [columnOf('text', 'latin1')],
  [columnOf('varchar', 'gbk')],
  [columnOf('char', 'ucs2')],
  [columnOf('enum', 'gbk', "enum('a')")],
  [columnOf('blob')],
  [columnOf('point')],
  [columnOf('vector')],
  [columnOf('varchar', 'utf8mb4', 'varchar(10) /*M!100301 COMPRESSED*/')],
])('%j is not', c => expect(undecodableType(c)).toBeNull())
