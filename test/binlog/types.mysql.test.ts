import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { bindTable } from '../../lib/binlog/bind-table.js'
import { WIRE } from '../../lib/binlog/wire-type.js'
import { startServer, type TestServer } from '../../lib/servers/test-server.js'
import { binlogNames, readBinlogs } from '../support/binlog-files.js'
import { encodeImages, layoutOf, SHANGHAI } from '../support/encoded-rows.js'
import { floatsOf, shown, textsById } from '../support/shown-values.js'
import { readSchemas } from '../support/source-schema.js'
import { type TypeCase, typeCases } from '../support/type-cases.js'

const SESSION = "set names utf8mb4, time_zone = '+08:00', sql_mode = 'ALLOW_INVALID_DATES'"

interface Change {
  readonly op: string
  readonly csv: readonly { text: string; unsafe: boolean }[]
  readonly json: readonly string[]
}

describe.each([
  ['mysql', 'MINIMAL'],
  ['mysql', 'FULL'],
  ['mariadb', 'NO_LOG'],
  ['mariadb', 'FULL'],
] as const)('%s with binlog_row_metadata=%s', (kind, metadata) => {
  let server: TestServer
  const cases = typeCases(kind).filter(found => metadata === 'FULL' || !found.needsMetadata)
  const changes = new Map<string, Change[]>()
  const selected = new Map<string, Map<string, string | null>>()
  /** What stood in the way of a case, by table. */
  const problems = new Map<string, unknown>()

  beforeAll(async () => {
    server = await startServer(kind)
    await server.sql([
      `set global binlog_row_metadata = ${metadata}`,
      'create database t character set utf8mb4',
      'flush binary logs',
    ])
    const connection = await server.connect({ database: 't', charset: 'utf8mb4' })
    await connection.query(SESSION)
    for (const [i, found] of cases.entries()) {
      const name = `c${i}`
      if (kind === 'mariadb')
        await connection.query(`set global mysql56_temporal_format = ${found.oldTemporal === true ? 0 : 1}`)
      await connection.query(`create table ${name} (id int primary key, n smallint not null default 0, v ${found.ddl})`)
      const values = ['null', ...found.values].map((value, id) => `(${id}, ${value})`)
      await connection.query(`insert into ${name} (id, v) values ${values.join(',')}`)
      const [rows] = await connection.query(`select id, ${shown(found, kind)} as v from ${name}`)
      selected.set(name, textsById(rows, found))
      await connection.query(`update ${name} set n = 1`)
      await connection.query(`delete from ${name} order by id`)
    }
    await connection.end()
    const schemas = await readSchemas(server, 't')
    await readBinlogs(server, (await binlogNames(server)).slice(1), event => {
      if (event.kind !== 'rows') return
      expect(event.complete).toBe(true)
      const { table } = event.map
      const sides =
        metadata === 'FULL' && !isAmbiguous(cases[Number(table.slice(1))]!)
          ? [schemas.get(table)!, null]
          : [schemas.get(table)!]
      for (const schema of sides) {
        try {
          if (cases[Number(table.slice(1))]!.oldTemporal === true)
            expect([WIRE.TIME, WIRE.DATETIME, WIRE.TIMESTAMP]).toContain(event.map.columns[2]!.type)
          const columns = bindTable(event.map, schema)
          const layout = layoutOf(columns, { zone: SHANGHAI, op: true })
          const { buffer, at, end, op } = event
          const csv = encodeImages(layout, buffer, at, end)
          const json = encodeImages({ ...layout, format: 'json' }, buffer, at, end).map(row => row.text)
          changes.set(table, [...(changes.get(table) ?? []), { op, csv, json }])
        } catch (error) {
          problems.set(table, error)
        }
      }
    })
  }, 300_000)

  afterAll(async () => {
    await server.destroy()
  })

  test.each(cases.map((found, i) => [found.ddl.slice(0, 60) + (found.oldTemporal ? ' of old' : ''), i] as const))(
    '%s',
    (_, i) => {
      const found = cases[i]!
      if (problems.has(`c${i}`)) throw problems.get(`c${i}`)
      const expected = selected.get(`c${i}`)!
      const seen = changes.get(`c${i}`)!
      const images = (op: string) => seen.filter(change => change.op === op)
      const inserts = images('insert').flatMap(change => change.csv).length
      expect(inserts % expected.size).toBe(0)
      expect(images('delete').flatMap(change => change.csv)).toHaveLength(inserts)
      expect(images('update').flatMap(change => change.csv)).toHaveLength(2 * inserts)
      for (const { op, csv, json } of seen) {
        csv.forEach((row, k) => {
          const document = JSON.parse(json[k]!) as { id: string; n: string; v: unknown; __op: string }
          const wanted = expected.get(document.id)!
          expect(document.__op).toBe('0')
          expect(document.n).toBe(op === 'delete' || (op === 'update' && k % 2 === 1) ? '1' : '0')
          // Plain text of the value: JSON documents stand in the row as they are.
          const nested = found.ddl === 'json' && kind === 'mysql'
          const inJson = nested ? nestedText(json[k]!) : (document.v as string | null)
          if (found.as === 'vector' && wanted !== null) {
            expect(JSON.parse(inJson!).map(Math.fround)).toEqual(floatsOf(wanted))
          } else if (found.as === 'float' && wanted !== null) {
            expect(Math.fround(Number(inJson))).toBe(Number(wanted))
            expect(String(inJson).length).toBeLessThanOrEqual(wanted.length)
          } else expect(inJson).toBe(nested && wanted === null ? 'null' : wanted)
          if (row.unsafe) expect(isUnsafe(wanted!, nested)).toBe(true)
          else {
            const fields = row.text.slice(0, -1).split('\x01')
            expect(fields).toEqual([document.id, document.n, wanted === null ? '\\N' : inJson, '0'])
          }
        })
      }
    },
  )
})

/** MariaDB's FULL table map does not tell these from BINARY, and not the fraction digits of old times. */
function isAmbiguous({ ddl, oldTemporal }: TypeCase): boolean {
  return ['uuid', 'inet4', 'inet6'].includes(ddl) || oldTemporal === true
}

function nestedText(row: string): string {
  return row.slice(row.indexOf('"v":') + 4, row.lastIndexOf(',"__op"'))
}

function isUnsafe(wanted: string, nested: boolean): boolean {
  return wanted === '\\N' || /[\x01\x02]/.test(wanted) || (nested && !/^[[{"]/.test(wanted))
}
