import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { TableSchema } from '../../../lib/model/schema.js'
import { readSchemaCharsets, readTables } from '../../../lib/mysql/catalog.js'
import { readCollations } from '../../../lib/mysql/collation-names.js'
import { charsetFacts } from '../../../lib/mysql/ddl/charset-choice.js'
import type { TableRef } from '../../../lib/mysql/ddl/ddl.js'
import { FollowedSchemas } from '../../../lib/mysql/ddl/followed-schemas.js'
import { tableSchemaOf } from '../../../lib/mysql/ddl/followed-table.js'
import { parseDdl } from '../../../lib/mysql/ddl/parse-ddl.js'
import { dialectOf, effectOf, type ServerTraits } from '../../../lib/mysql/ddl/statement-effect.js'
import { undoStatement } from '../../../lib/mysql/ddl/undo-statement.js'
import type { SeenStatement } from '../../../lib/mysql/schema-seed.js'
import { SourceSession } from '../../../lib/mysql/session.js'
import { classifyStatement } from '../../../lib/mysql/statement.js'
import { startServer, type TestServer } from '../../../lib/servers/test-server.js'
import { binlogNames, readBinlogs } from '../../support/binlog-files.js'
import { DDL_CASES } from '../../support/ddl-cases.js'
import { UTC } from '../../support/encoded-rows.js'
import { Random } from '../../support/random.js'
import { randomAlter } from '../../support/random-ddl.js'
import { sourceAddressOf } from '../../support/source-address.js'

type Kind = 'mysql' | 'mariadb'

interface Snapshot {
  readonly sql: string
  readonly tables: ReadonlyMap<string, TableSchema>
}

describe.each<[Kind]>([['mysql'], ['mariadb']])('%s', kind => {
  let server: TestServer
  let session: SourceSession
  let collations: ReadonlyMap<number, string>

  beforeAll(async () => {
    server = await startServer(kind)
    await server.sql(['create database t character set utf8mb4'])
    session = await SourceSession.connect(sourceAddressOf(server))
    collations = await readCollations(session)
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

  /** Runs statements and returns what the catalog holds after each of them; a function is asked for the next one until it gives none. */
  async function run(
    statements: readonly string[] | ((tables: ReadonlyMap<string, TableSchema>) => string | null),
  ): Promise<Snapshot[]> {
    const connection = await server.connect({ database: 't', charset: 'utf8mb4' })
    const snapshots: Snapshot[] = []
    const refused: string[] = []
    let tables = await catalog()
    const next = (i: number) => (typeof statements === 'function' ? statements(tables) : (statements[i] ?? null))
    try {
      await connection.query('flush binary logs')
      await connection.query(`set sql_mode = ''`)
      for (let i = 0, sql = next(0); sql !== null; sql = next(++i)) {
        const failed = await connection.query(sql).then(
          () => null,
          error => `${sql}: ${(error as Error).message}`,
        )
        if (failed !== null) refused.push(failed)
        else {
          tables = await catalog()
          snapshots.push({ sql, tables })
        }
      }
    } finally {
      await connection.end()
    }
    if (typeof statements !== 'function') expect(refused).toEqual([])
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
    return {
      mariadb,
      version,
      lowerCaseNames: false,
      explicitTimestamps: true,
      charset: 'utf8mb4',
      collations,
      zone: UTC,
    }
  }

  /** The DDL statements of the newest binlog file, in order. */
  async function logged(): Promise<SeenStatement[]> {
    const found: SeenStatement[] = []
    await readBinlogs(server, (await binlogNames(server)).slice(-1), event => {
      if (event.kind !== 'query') return
      const { sql, facts, schema: defaultSchema, logPos } = event
      if (classifyStatement(sql, dialectOf(traits(), facts)).kind === 'ddl')
        found.push({ at: { binName: 'binlog.1', binPos: logPos }, sql, facts, defaultSchema })
    })
    return found
  }

  function known(schemas: FollowedSchemas): Map<string, TableSchema> {
    return new Map(
      schemas
        .whole()
        .tables.flatMap(({ name, state }) =>
          state?.table ? [[`${name.schema}.${name.table}`, tableSchemaOf(state.table)] as const] : [],
        ),
    )
  }

  /** What is known after each statement, from nothing on. */
  function follow(statements: readonly SeenStatement[], schemas: FollowedSchemas): Map<string, TableSchema>[] {
    return statements.map(({ sql, facts, defaultSchema }) => {
      const ddl = parseDdl(sql, dialectOf(traits(), facts))
      const run = { ddl: ddl!, defaultSchema, facts, timestamp: 0, place: 'here' }
      if (ddl !== null) schemas.take(effectOf(run, schemas, traits()).edit)
      return known(schemas)
    })
  }

  /** Each logged statement with what the catalog held behind it. */
  function paired(statements: readonly SeenStatement[], snapshots: readonly Snapshot[]): (Snapshot | undefined)[] {
    let from = 0
    return statements.map(({ sql }) => {
      const at = snapshots.findIndex((s, i) => i >= from && (sql === s.sql || sql.startsWith(`${s.sql} /*`)))
      if (at < 0) return undefined
      from = at + 1
      return snapshots[at]
    })
  }

  /** Takes what the catalog holds at the end back, statement by statement: what is still known must be what was there. */
  async function takenBack(
    statements: readonly SeenStatement[],
    snapshots: readonly Snapshot[],
  ): Promise<{ wrong: string[]; knew: number }> {
    const schemas = new FollowedSchemas()
    for (const [schema, charset] of await readSchemaCharsets(session)) {
      if (!/^t(_|$)/.test(schema)) continue
      const tables = (await readTables(session, schema)).map(table => ({
        name: { schema, table: table.table },
        state: { table, unknown: null, shadow: null },
      }))
      schemas.take({ schemas: [{ schema, ...charsetFacts(charset) }], tables })
    }
    const behind = paired(statements, snapshots)
    const wrong: string[] = []
    let knew = 0
    for (let i = statements.length - 1; i > 0; i--) {
      const { sql, facts, defaultSchema } = statements[i]!
      const ddl = parseDdl(sql, dialectOf(traits(), facts))
      const nameOf = (ref: TableRef) => ({ schema: ref.schema ?? defaultSchema, table: ref.table })
      if (ddl !== null) undoStatement(ddl, schemas, nameOf, sql)
      const before = behind[i - 1]
      if (before === undefined) continue
      for (const [name, schema] of known(schemas)) {
        knew++
        const lines = differences({ ...schema, comment: '' }, withoutComment(before.tables.get(name)))
        wrong.push(...lines.map(line => `before ${sql}: ${name}${line}`))
      }
    }
    return { wrong, knew }
  }

  /** A line for each difference between what is followed and what the catalog held. */
  function compared(
    seen: readonly SeenStatement[],
    snapshots: readonly Snapshot[],
    schemas: FollowedSchemas,
  ): string[] {
    const followed = follow(seen, schemas)
    const wrong: string[] = []
    paired(seen, snapshots).forEach((snapshot, i) => {
      if (snapshot === undefined) return
      const { sql, tables } = snapshot
      const names = new Set([...tables.keys(), ...followed[i]!.keys()])
      const lines = [...names].flatMap(name =>
        differences(followed[i]!.get(name), tables.get(name)).map(line => `${name}${line}`),
      )
      // A difference that is there already is told once.
      for (const line of lines) if (!wrong.some(other => other.endsWith(line))) wrong.push(`${sql}\n  ${line}`)
    })
    return wrong
  }

  test('a followed schema is what the catalog holds, after every statement', async () => {
    const statements = DDL_CASES.flatMap(c => (typeof c === 'string' ? [c] : c.only === kind ? [c.sql] : []))
    const snapshots = await run(statements)
    const seen = await logged()
    const schemas = new FollowedSchemas()
    schemas.take({
      tables: [],
      schemas: [{ schema: 't', ...charsetFacts((await readSchemaCharsets(session)).get('t')!) }],
    })
    const wrong = compared(seen, snapshots, schemas)
    expect(wrong.join('\n')).toBe('')
    expect(paired(seen, snapshots).filter(Boolean).length).toBeGreaterThanOrEqual(80)
    const back = await takenBack(seen, snapshots)
    expect(back.wrong.join('\n')).toBe('')
    expect(back.knew).toBeGreaterThan(300)
  }, 300_000)

  test('so it is after random changes', async () => {
    const random = new Random(Number(process.env.SEED ?? 20_261_121))
    let count = 0
    const snapshots = await run(tables => {
      if (count === 0) {
        count++
        return 'create table rnd (id int not null primary key, c0 int not null, c1 varchar(20))'
      }
      const names = (tables.get('t.rnd')?.columns ?? []).map(c => c.name).filter(name => name !== 'id')
      return count++ > 80 ? null : randomAlter(random, 'rnd', names, `n${count}_`)
    })
    const seen = await logged()
    const schemas = new FollowedSchemas()
    schemas.take({
      tables: [],
      schemas: [{ schema: 't', ...charsetFacts((await readSchemaCharsets(session)).get('t')!) }],
    })
    const only = snapshots.map(({ sql, tables }) => ({
      sql,
      tables: new Map([...tables].filter(([name]) => name === 't.rnd')),
    }))
    const hint = `seed ${random.seed}\n`
    expect(`${hint}${compared(seen, only, schemas).join('\n')}`).toBe(hint)
    expect(seen.length).toBeGreaterThan(25)
    const back = await takenBack(seen, snapshots)
    expect(`${hint}${back.wrong.join('\n')}`).toBe(hint)
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

/** A comment that a later statement replaced is not known; nothing hangs on it. */
function withoutComment(schema: TableSchema | undefined): TableSchema | undefined {
  return schema && { ...schema, comment: '' }
}

function sorted(column: object | undefined): unknown {
  return column && Object.entries(column).sort(([a], [b]) => (a < b ? -1 : 1))
}
