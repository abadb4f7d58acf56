import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { SourceColumn } from '../../lib/model/schema.js'
import type { TypeChoices } from '../../lib/model/value-policy.js'
import { chooseType, type KeyRole } from '../../lib/starrocks/chosen-type.js'
import { renderCreateTable } from '../../lib/starrocks/ddl.js'
import { parseTargetType } from '../../lib/starrocks/target-type.js'
import { SOURCE_TYPES, typeNotes } from '../../lib/starrocks/type-map.js'
import { type SqlServer, startSqlServer } from '../sandbox/sql-client.js'
import { MAPPED_TYPES } from '../support/rule-spec.js'
import { column } from './fixtures.js'

/** Every table that the type map and the options can ask for, made and read back in the sandbox. */

let server: SqlServer

beforeAll(async () => {
  server = await startSqlServer()
  await server.run('CREATE DATABASE d')
  await server.run('USE d')
})
afterAll(() => server.close())

const BOOLEANS: TypeChoices = { ...MAPPED_TYPES, bit1: 'boolean', tinyint1: 'boolean' }
const CASTS = [
  'boolean',
  'tinyint',
  'smallint',
  'int',
  'bigint',
  'largeint',
  'float',
  'double',
  'decimal(20,4)',
  'decimal(38,38)',
  'char(255)',
  'varchar(64)',
  'varchar(1048576)',
  'string',
  'varbinary(1048576)',
  'date',
  'datetime',
  'json',
]

const COLUMNS: readonly [string, SourceColumn][] = SOURCE_TYPES.flatMap(type =>
  Object.entries(typeNotes(type)?.examples ?? { '': {} }).map(
    ([label, facts]) => [`${type} ${label}`, column(type, facts)] as [string, SourceColumn],
  ),
)

let tables = 0
const known = new Map<string, Promise<string>>()

/** As `create`, once for each type and role. */
function created(type: string, role: KeyRole): Promise<string> {
  const name = `${type} ${role}`
  const found = known.get(name) ?? create(type, role)
  known.set(name, found)
  return found
}

/** Creates a table of the column as value or key and reads its type back. */
async function create(type: string, role: KeyRole): Promise<string> {
  const table = `t${tables++}`
  const plain = { nullable: false, comment: '' }
  const isKey = role !== 'none'
  const columns = [
    ...(isKey ? [] : [{ name: 'id', type: 'int', ...plain }]),
    { name: 'c', type, ...plain, nullable: !isKey, comment: `größe; "c"` },
    ...(role === 'group' ? [{ name: 'n', type: 'bigint', ...plain, nullable: true, aggregate: 'sum' as const }] : []),
  ]
  const model = role === 'group' ? 'aggregate' : 'primary'
  const key = [isKey ? 'c' : 'id']
  const request = { database: 'd', table, model, columns, key, comment: '' } as const
  await server.run(renderCreateTable(request, { bucketCount: 1, replicationNum: 1 }))
  const described = await server.texts(`DESC ${table}`)
  await server.run(`DROP TABLE ${table}`)
  return String(described.find(row => row[0] === 'c')![1])
}

describe.each(['none', 'primary', 'group'] as const)('as a column of key role %s', role => {
  test.each(COLUMNS)('%s', async (_, found) => {
    for (const choices of [MAPPED_TYPES, BOOLEANS]) {
      const chosen = chooseType(found, role, choices)
      if (!('type' in chosen)) {
        expect(role === 'none' ? chosen : null).toBe(null)
        continue
      }
      expect(parseTargetType(await created(chosen.type, role))).toEqual(parseTargetType(chosen.type))
    }
  })

  test.each(COLUMNS)('%s cast to every type that is allowed', async (_, found) => {
    for (const cast of CASTS) {
      const chosen = chooseType(found, role, { ...MAPPED_TYPES, cast: new Map([['c', cast]]) })
      if ('type' in chosen) expect(parseTargetType(await created(chosen.type, role))).toEqual(parseTargetType(cast))
    }
  })
})
