import { expect, test } from '@jest/globals'
import { parseCreateTable, parseNames } from '../../lib/starrocks/create-table-text.js'

const TEXT = [
  'CREATE TABLE `t_user` (',
  '  `id` bigint(20) NOT NULL COMMENT "the key",',
  '  `k``2` varchar(20) NOT NULL,',
  '  `big` largeint(40) NULL COMMENT "",',
  '  `ok` boolean NULL COMMENT "NOT NULL, DEFAULT",',
  '  `price` decimal(12, 2) NOT NULL DEFAULT "0.00" COMMENT "x",',
  '  `seq` bigint(20) NOT NULL AUTO_INCREMENT COMMENT "",',
  '  `tags` array<varchar(20)> NULL COMMENT ""',
  ') ENGINE=OLAP ',
  'PRIMARY KEY(`id`, `k``2`)',
  'COMMENT "PRIMARY KEY(none)"',
  'DISTRIBUTED BY HASH(`id`) BUCKETS 1 ',
  'PROPERTIES (',
  '"replication_num" = "1"',
  ');',
].join('\n')

test('model, key and columns are read', () => {
  expect(parseCreateTable(TEXT)).toEqual({
    model: 'primary',
    key: ['id', 'k`2'],
    columns: [
      { name: 'id', type: 'bigint', nullable: false, hasDefault: false },
      { name: 'k`2', type: 'varchar(20)', nullable: false, hasDefault: false },
      { name: 'big', type: 'largeint', nullable: true, hasDefault: false },
      { name: 'ok', type: 'boolean', nullable: true, hasDefault: false },
      { name: 'price', type: 'decimal(12,2)', nullable: false, hasDefault: true },
      { name: 'seq', type: 'bigint', nullable: false, hasDefault: true },
      { name: 'tags', type: 'array', nullable: true, hasDefault: false },
    ],
  })
})

test.each([
  ['DUPLICATE', 'duplicate'],
  ['AGGREGATE', 'aggregate'],
  ['UNIQUE', 'unique'],
])('%s KEY', (word, model) => {
  expect(parseCreateTable(TEXT.replace('\nPRIMARY KEY', `\n${word} KEY`))).toMatchObject({ model })
})

test('a view is none', () => {
  expect(parseCreateTable('CREATE VIEW `v` (`id`) AS SELECT `id` FROM `t`')).toBeNull()
})

test('name lists with and without quotes', () => {
  expect(parseNames('`a`, `b,c`')).toEqual(['a', 'b,c'])
  expect(parseNames('a, b')).toEqual(['a', 'b'])
  expect(parseNames('')).toEqual([])
})
