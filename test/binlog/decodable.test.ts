import { expect, test } from '@jest/globals'
import { undecodableType } from '../../lib/binlog/decodable.js'
import type { SourceColumn } from '../../lib/model/schema.js'

const column = (dataType: string, charset: string | null = null, columnType = dataType): SourceColumn => ({
  name: 'c',
  dataType,
  columnType,
  unsigned: false,
  nullable: true,
  charset,
  maxLength: null,
  precision: null,
  scale: null,
  fractionDigits: null,
  members: [],
  comment: '',
})

test.each([[column('varchar', 'ebcdic'), /ebcdic/]])('%j is refused before its first row', (c, why) =>
  expect(undecodableType(c)).toMatch(why),
)

test.each([
  [column('int')],
  [column('varchar', 'utf8')],
  [column('text', 'latin1')],
  [column('varchar', 'gbk')],
  [column('char', 'ucs2')],
  [column('enum', 'gbk', "enum('a')")],
  [column('blob')],
  [column('point')],
  [column('vector')],
  [column('varchar', 'utf8mb4', 'varchar(10) /*M!100301 COMPRESSED*/')],
])('%j is not', c => expect(undecodableType(c)).toBeNull())
