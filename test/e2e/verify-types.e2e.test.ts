import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { ResultSetHeader } from 'mysql2/promise'
import { type Sandbox, startSandbox } from '../../lib/sandbox/sandbox.js'
import type { ServerAddress } from '../../lib/servers/test-server.js'
import type { TableVerdict, VerifyReport } from '../../lib/verify/verdict.js'
import { Engine } from '../support/engine.js'
import { freshSchema, sharedServer } from '../support/servers.js'
import { type TypeCase, typeCases } from '../support/type-cases.js'

const SESSION = "set names utf8mb4, time_zone = '+08:00', sql_mode = 'ALLOW_INVALID_DATES'"
const COLUMNS_PER_TABLE = 20
/** The stand-in takes the largest float for one beyond the range. */
const REFUSED = new Set(['3.402823466e38'])

interface Group {
  readonly old: boolean
  readonly cases: readonly { readonly ddl: string; readonly values: readonly string[] }[]
  readonly rows: number
}

function groupsOf(cases: readonly TypeCase[]): Group[] {
  const groups: Group[] = []
  for (const old of [false, true]) {
    const same = cases
      .filter(found => (found.oldTemporal === true) === old)
      .map(({ ddl, values }) => ({ ddl, values: ['null', ...values.filter(value => !REFUSED.has(value))] }))
    for (let at = 0; at < same.length; at += COLUMNS_PER_TABLE) {
      const part = same.slice(at, at + COLUMNS_PER_TABLE)
      groups.push({ old, cases: part, rows: Math.max(...part.map(({ values }) => values.length)) })
    }
  }
  return groups
}

/** Every type case goes through the stream; its values are compared, and one that is changed behind the stream's back is found. */
describe.each([
  ['mysql', 'by SQL of both sides'],
  ['mariadb', 'by SQL of both sides'],
  ['mysql', 'where a module makes the rows'],
  ['mariadb', 'where a module makes the rows'],
] as const)('verify compares every type of %s, %s', (kind, way) => {
  let server: ServerAddress
  let sandbox: Sandbox
  let engine: Engine
  let schema: string
  // Labels that a table map leaves out of some characters are not what this is about.
  const groups = groupsOf(typeCases(kind).filter(found => !found.needsMetadata))

  beforeAll(async () => {
    server = await sharedServer(kind)
    sandbox = await startSandbox({
      feHttpPort: 0,
      beHttpPort: 0,
      mysqlPort: 0,
      dataDir: null,
      user: 'root',
      password: '',
    })
    schema = await freshSchema(server)
    engine = await Engine.create()
    await writeFile(join(engine.folder, 'same.mjs'), 'export default change => change\n')
    const of = `schema = "${schema}"`
    await engine.configure({
      mysqlPort: server.port,
      fePort: sandbox.mysqlPort,
      feHttpPort: sandbox.feHttpPort,
      flavor: kind,
      schema,
      top: { time_zone: '+08:00', log_level: 'warn' },
      ...(way === 'where a module makes the rows' && {
        blocks: `[[source]]\n${of}\ntables = ["/./"]\n\n[[rule]]\n${of}\ntable = "/^g/"\ntransform = "same.mjs"\n`,
      }),
    })
    const connection = await server.connect({ database: schema, charset: 'utf8mb4' })
    await connection.query(SESSION)
    for (const [n, { old, cases, rows }] of groups.entries()) {
      if (kind === 'mariadb') await connection.query(`set global mysql56_temporal_format = ${old ? 0 : 1}`)
      const columns = cases.map(({ ddl }, i) => `v${i} ${ddl}`)
      await connection.query(`create table g${n} (id int primary key, ${columns.join(', ')})`)
      const values = Array.from(
        { length: rows },
        (_, id) => `(${[id, ...cases.map(one => one.values[id] ?? 'null')].join(', ')})`,
      )
      await connection.query(`insert into g${n} values ${values.join(', ')}`)
    }
    await connection.end()
    engine.start()
    await engine.caughtUp(150)
  }, 300_000)
  afterAll(async () => {
    await engine?.destroy()
    await sandbox?.close()
  })

  async function verdicts(): Promise<TableVerdict[]> {
    const { stdout, stderr } = await engine.cli('verify', '--json')
    if (!stdout.startsWith('{')) throw new Error(stderr)
    const { tables } = JSON.parse(stdout) as VerifyReport
    const number = ({ source }: TableVerdict) => Number(source.slice(schema.length + 2))
    return tables.toSorted((a, b) => number(a) - number(b))
  }

  test('as they are, and each after a change that no binlog holds', async () => {
    const found = await verdicts()
    const names = found.flatMap(({ keys }, n) =>
      keys.flatMap(({ columns }) => columns.map(name => groups[n]!.cases[Number(name.slice(1))]!.ddl)),
    )
    expect(names).toEqual([])
    expect(found.map(({ state, rows, ignored_columns }) => [state, rows, ignored_columns])).toEqual(
      groups.map(({ rows }) => ['ok', rows, {}]),
    )

    const connection = await server.connect({ database: schema, charset: 'utf8mb4' })
    await connection.query(SESSION)
    await connection.query('set sql_log_bin = 0')
    // One value of each column takes the place of another, or of none; some are the same once they are stored.
    const expected = groups.map(({ cases }) => cases.map(({ ddl }) => ddl).toSorted())
    for (const [n, { cases }] of groups.entries())
      for (const [i, { values }] of cases.entries())
        for (const id of [1, 2, 0]) {
          const sql = `update g${n} set v${i} = ${values.at(-1)} where id = ${id}`
          const [{ changedRows }] = await connection.query<ResultSetHeader>(sql)
          if (changedRows > 0) break
        }
    await connection.end()
    const changed = await verdicts()
    expect(
      changed.map(({ keys }, n) => {
        const columns = new Set(keys.flatMap(key => key.columns))
        return [...columns].map(name => groups[n]!.cases[Number(name.slice(1))]!.ddl).toSorted()
      }),
    ).toEqual(expected)
  }, 200_000)
})
