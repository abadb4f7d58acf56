import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { TableSchema } from '../../../lib/model/schema.js'
import { readSchemaCharsets, readTableSchema, readTables } from '../../../lib/mysql/catalog.js'
import { FollowedSchemas } from '../../../lib/mysql/ddl/followed-schemas.js'
import { tableSchemaOf } from '../../../lib/mysql/ddl/followed-table.js'
import { parseDdl } from '../../../lib/mysql/ddl/parse-ddl.js'
import { dialectOf, effectOf, type ServerTraits } from '../../../lib/mysql/ddl/statement-effect.js'
import { SourceSession } from '../../../lib/mysql/session.js'
import { startServer, type TestServer } from '../../../lib/servers/test-server.js'
import { binlogNames, readBinlogs } from '../../support/binlog-files.js'
import { DDL_CASES } from '../../support/ddl-cases.js'
import { UTC } from '../../support/encoded-rows.js'
import { sourceAddressOf } from '../../support/source-address.js'

type Kind = 'mysql' | 'mariadb'

interface Snapshot {
  readonly sql: string
  readonly tables: ReadonlyMap<string, TableSchema>
}

describe.each<[Kind]>([['mysql'], ['mariadb']])('%s', kind => {
  let server: TestServer
  let session: SourceSession

  beforeAll(async () => {
    server = await startServer(kind)
    await server.sql(['create database t character set utf8mb4'])
    session = await SourceSession.connect(sourceAddressOf(server))
  }, 300_000)

  afterAll(async () => {
    await session.close()
    await server.destroy()
  })

  async function catalog(): Promise<Map<string, TableSchema>> {
    const tables = new Map<string, TableSchema>()
    for (const schema of (await readSchemaCharsets(session)).keys())
      if (/^t(_|$)/.test(schema))
        for (const table of await readTables(session, schema))
          tables.set(`${schema}.${table.table}`, tableSchemaOf(table))
    return tables
  }

  /** Runs statements and returns what the catalog holds after each of them. */
  async function run(statements: readonly string[]): Promise<Snapshot[]> {
    const connection = await server.connect({ database: 't', charset: 'utf8mb4' })
    const snapshots: Snapshot[] = []
    const refused: string[] = []
    try {
      await connection.query('flush binary logs')
      await connection.query(`set sql_mode = ''`)
      for (const sql of statements) {
        await connection.query(sql).catch(error => {
          refused.push(`${sql}: ${(error as Error).message}`)
        })
        snapshots.push({ sql, tables: await catalog() })
      }
    } finally {
      await connection.end()
    }
    expect(refused).toEqual([])
    return snapshots
  }

  function traits(): ServerTraits {
    const [major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)/.exec(server.version)!.slice(1).map(Number) as [
      number,
      number,
      number,
    ]
    const version = major * 10000 + minor * 100 + patch
    const mariadb = kind === 'mariadb'
    return { mariadb, version, lowerCaseNames: false, explicitTimestamps: true, charset: 'utf8mb4', zone: UTC }
  }

  /** Follows the DDL of the newest binlog file; gives what is known after each statement, by its text. */
  async function follow(
    names: readonly string[],
    start: ReadonlyMap<string, TableSchema>,
  ): Promise<Map<string, Map<string, TableSchema>>> {
    const schemas = new FollowedSchemas()
    schemas.take({ tables: [], schemas: [{ schema: 't', charset: 'utf8mb4' }] })
    if (start.size > 0) throw new Error('the test begins with an empty schema')
    const after = new Map<string, Map<string, TableSchema>>()
    await readBinlogs(server, names, event => {
      if (event.kind !== 'query') return
      const { sql, facts, schema: defaultSchema, timestamp } = event
      const ddl = parseDdl(sql, dialectOf(traits(), facts))
      if (ddl !== null)
        schemas.take(effectOf({ ddl, defaultSchema, facts, timestamp, place: 'here' }, schemas, traits()).edit)
      const known = schemas
        .whole()
        .tables.flatMap(({ name, state }) =>
          state?.table ? [[`${name.schema}.${name.table}`, tableSchemaOf(state.table)] as const] : [],
        )
      after.set(sql, new Map(known))
    })
    return after
  }

  test('a followed schema is what the catalog holds, after every statement', async () => {
    const statements = DDL_CASES.flatMap(c => (typeof c === 'string' ? [c] : c.only === kind ? [c.sql] : []))
    const snapshots = await run(statements)
    const names = (await binlogNames(server)).slice(-1)
    const followed = await follow(names, new Map())
    let compared = 0
    const wrong: string[] = []
    let last = new Map<string, TableSchema>()
    for (const { sql, tables } of snapshots) {
      const found = [...followed].find(([text]) => text === sql || text.startsWith(`${sql} /*`))
      if (!found) continue
      last = found[1]
      compared++
      const names = new Set([...tables.keys(), ...last.keys()])
      const lines = [...names].flatMap(name =>
        differences(last.get(name), tables.get(name)).map(line => `${name}${line}`),
      )
      // A difference that is there already is told once.
      for (const line of lines) if (!wrong.some(known => known.endsWith(line))) wrong.push(`${sql}\n  ${line}`)
    }
    expect(wrong.join('\n')).toBe('')
    expect(compared).toBeGreaterThanOrEqual(80)
    const [final] = snapshots.slice(-1)
    const end = [...followed.values()].at(-1)!
    for (const [name, schema] of final!.tables) expect(end.get(name)).toEqual(schema)
    expect(await readTableSchema(session, 't', 'a1')).toEqual(end.get('t.a1'))
  }, 300_000)
})

/** A line for each column, and each other fact, in which the two differ. */
function differences(followed: TableSchema | undefined, catalog: TableSchema | undefined): string[] {
  if (followed === undefined || catalog === undefined) return [followed ? ' is gone' : ' is not followed']
  const count = Math.max(followed.columns.length, catalog.columns.length)
  const pairs: [string, unknown, unknown][] = [
    ['key', catalog.key, followed.key],
    ['comment', catalog.comment, followed.comment],
    ...Array.from({ length: count }, (_, i): [string, unknown, unknown] => [
      `column ${i + 1}`,
      sorted(catalog.columns[i]),
      sorted(followed.columns[i]),
    ]),
  ]
  return pairs.flatMap(([what, a, b]) =>
    JSON.stringify(a) === JSON.stringify(b) ? [] : [` ${what}: ${JSON.stringify(a)}, followed ${JSON.stringify(b)}`],
  )
}

function sorted(column: object | undefined): unknown {
  return column && Object.entries(column).sort(([a], [b]) => (a < b ? -1 : 1))
}
