import { expect, test } from '@jest/globals'
import { isBegin } from '../../lib/binlog/query-event.js'
import { query } from '../support/binlog-builder.js'

const STATUS = Buffer.from([0, 0, 0, 0, 0, 1, 32, 0, 160, 85, 0, 0, 0, 0])
const begins = (sql: string, schema = 'shop', status = STATUS) => {
  const event = query(schema, sql, { status })
  const buffer = Buffer.concat([Buffer.alloc(5, 1), event, Buffer.from('BEGIN')])
  const isWithChecksum = isBegin(buffer, 5, 5 + event.length)
  // The event without the checksum that stands behind it.
  expect(isBegin(buffer, 5, 5 + event.length - 4)).toBe(isWithChecksum)
  return isWithChecksum
}

test('a BEGIN is told whatever stands before it', () => {
  expect(begins('BEGIN')).toBe(true)
  expect(begins('BEGIN', '')).toBe(true)
  expect(begins('BEGIN', 's'.repeat(64), Buffer.alloc(0))).toBe(true)
})

test.each(['COMMIT', 'begin', 'BEGI', 'BEGIN ', 'XA START', 'DROP TABLE t -- BEGIN', 'drop table BEGIN', ''])(
  '%j is none',
  sql => expect(begins(sql)).toBe(false),
)

test('a name that looks like it is none, nor is an event that is cut short', () => {
  expect(begins('ALTER', 'BEGIN')).toBe(false)
  const event = query('', 'BEGIN')
  for (let bytes = 0; bytes < event.length - 4; bytes++) expect(isBegin(event, 0, bytes)).toBe(false)
})
