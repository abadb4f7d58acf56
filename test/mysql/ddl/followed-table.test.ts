import { expect, test } from '@jest/globals'
import { type FollowedKey, tableSchemaOf } from '../../../lib/mysql/ddl/followed-table.js'
import { sourceColumn } from '../../support/source-column.js'

const columns = [
  sourceColumn('id', 'int', { nullable: false }),
  sourceColumn('a', 'int', { nullable: false }),
  sourceColumn('b', 'int'),
]
const part = (column: string | null, prefix = false) => ({ column, prefix })
const key = (kind: FollowedKey['kind'], ...parts: FollowedKey['parts'][number][]): FollowedKey => ({
  name: parts.map(({ column }) => column).join('_'),
  kind,
  parts,
})
const schemaOf = (...keys: FollowedKey[]) =>
  tableSchemaOf({ schema: 's', table: 't', columns, keys, charset: 'utf8mb4', comment: '' })

test('unique keys beside the one that finds rows are told, with nullable columns too', () => {
  const { key: own, uniqueKeys } = schemaOf(
    key('primary', part('id')),
    key('unique', part('B'), part('a')),
    key('plain', part('a')),
    key('unique', part('a', true)),
    key('unique', part(null)),
  )
  expect([own, uniqueKeys]).toEqual([['id'], [['b', 'a']]])
})

test('one that takes the place of the primary key is not told twice', () => {
  const schema = schemaOf(key('unique', part('b')), key('unique', part('a')))
  expect([schema.key, schema.uniqueKeys]).toEqual([['a'], [['b']]])
  expect('uniqueKeys' in schemaOf(key('primary', part('id')))).toBe(false)
})
