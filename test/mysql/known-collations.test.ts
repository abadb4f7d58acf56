import { expect, test } from '@jest/globals'
import type { SchemaEdit } from '../../lib/mysql/ddl/followed-schemas.js'
import { lacksCollations, withToldCollations } from '../../lib/mysql/known-collations.js'
import { sourceColumn } from '../support/source-column.js'

function edit(columns: readonly ReturnType<typeof sourceColumn>[], collation?: string): SchemaEdit {
  const facts = { charset: 'utf8mb4', ...(collation === undefined ? {} : { collation }) }
  const table = { schema: 's', table: 't', columns, keys: [], ...facts, comment: '' }
  const name = { schema: 's', table: 't' }
  return {
    schemas: [{ schema: 's', ...facts }],
    tables: [{ name, state: { table, unknown: null, shadow: null } }],
  }
}

const old = (name: string, columnType: string) => {
  const { collation: _, ...column } = sourceColumn(name, columnType)
  return column
}
const columnsOf = ({ tables }: SchemaEdit) => tables[0]!.state!.table!.columns.map(column => column.collation)

test('a history of an earlier version takes the collations that are told of its position, and those alone', () => {
  const known = edit([sourceColumn('id', 'int'), old('a', 'varchar(10)'), old('b', 'varchar(10)')])
  expect(lacksCollations(known)).toBe(true)
  const now = [
    sourceColumn('id', 'int'),
    sourceColumn('a', 'varchar(10)', { collation: 'utf8mb4_bin' }),
    sourceColumn('b', 'varchar(20)', { collation: 'utf8mb4_bin' }),
  ]
  const told = withToldCollations(known, edit(now, 'utf8mb4_general_ci'))
  expect(columnsOf(told)).toEqual([undefined, 'utf8mb4_bin', undefined])
  expect(told.schemas).toEqual([{ schema: 's', charset: 'utf8mb4', collation: 'utf8mb4_general_ci' }])
  expect(told.tables[0]!.state!.table!.collation).toBe('utf8mb4_general_ci')
})

test('what the history knows already stays', () => {
  const known = edit([sourceColumn('a', 'varchar(10)', { collation: 'utf8mb4_bin' })], 'utf8mb4_bin')
  expect(lacksCollations(known)).toBe(false)
  const now = edit([sourceColumn('a', 'varchar(10)', { collation: 'utf8mb4_general_ci' })], 'utf8mb4_general_ci')
  expect(withToldCollations(known, now)).toEqual(known)
})
