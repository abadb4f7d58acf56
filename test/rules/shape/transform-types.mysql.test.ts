import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { TableMap } from '../../../lib/binlog/table-map.js'
import type { RowImages } from '../../../lib/dispatch/route.js'
import { Failure } from '../../../lib/model/failure.js'
import type { TableSchema } from '../../../lib/model/schema.js'
import { Router } from '../../../lib/rules/router.js'
import { RuleBook } from '../../../lib/rules/rule-book.js'
import { startServer, type TestServer } from '../../../lib/servers/test-server.js'
import { binlogNames, readBinlogs } from '../../support/binlog-files.js'
import { SHANGHAI } from '../../support/encoded-rows.js'
import { rule } from '../../support/rule-spec.js'
import { shapedRule } from '../../support/shaped-rig.js'
import { readSchemas } from '../../support/source-schema.js'
import { loadedModule } from '../../support/transform-modules.js'
import { typeCases } from '../../support/type-cases.js'

const SESSION = "set names utf8mb4, time_zone = '+08:00', sql_mode = 'ALLOW_INVALID_DATES'"
const PLACE = { binName: 'b.000001', binPos: 4, event: 0 }

/** A router with a rule for each table of t, and with `transform` or without. */
async function routerOf(schemas: ReadonlyMap<string, TableSchema>, isMade: boolean): Promise<Router> {
  const transform = isMade ? await loadedModule('export default ({ row }) => ({ row })', 'same.mjs') : null
  const separator = { text: '\\x01', bytes: Uint8Array.of(1) }
  const parts = { ...shapedRule({ transform }), schema: 't', table: '/./', loadFormat: 'json' as const }
  return new Router(
    {
      ...{ columnSeparator: separator, rowDelimiter: separator, zone: SHANGHAI },
      ...{ skipTablesWithoutKey: false, stopsAtBadValues: true },
    },
    new RuleBook([{ schema: 't', tables: ['/./'] }], [rule(parts)], 'd'),
    {
      schemaFor: map => schemas.get(map.table)!,
      inspect: async () => null,
      prepare: async wish => ({ ...wish, columns: wish.columns.map(column => ({ ...column, hasDefault: false })) }),
      observer: () => undefined,
    },
  )
}

interface Written {
  readonly plain: readonly unknown[]
  readonly made: readonly unknown[]
}

describe.each(['mysql', 'mariadb'] as const)('%s', kind => {
  let server: TestServer
  const cases = typeCases(kind)
  const written = new Map<string, Written>()
  const problems = new Map<string, Failure>()

  beforeAll(async () => {
    server = await startServer(kind)
    await server.sql([
      'set global binlog_row_metadata = FULL',
      'create database t character set utf8mb4',
      'flush binary logs',
    ])
    const connection = await server.connect({ database: 't', charset: 'utf8mb4' })
    await connection.query(SESSION)
    for (const [i, { ddl, values, oldTemporal }] of cases.entries()) {
      if (kind === 'mariadb') await connection.query(`set global mysql56_temporal_format = ${oldTemporal ? 0 : 1}`)
      await connection.query(`create table c${i} (id int primary key, v ${ddl})`)
      const rows = ['null', ...values].map((value, id) => `(${id}, ${value})`)
      await connection.query(`insert into c${i} (id, v) values ${rows.join(',')}`)
    }
    await connection.end()
    const schemas = await readSchemas(server, 't')
    const [plain, made] = [await routerOf(schemas, false), await routerOf(schemas, true)]
    const events: { readonly map: TableMap; readonly own: RowImages }[] = []
    await readBinlogs(server, (await binlogNames(server)).slice(1), event => {
      if (event.kind !== 'rows') return
      const { map, buffer, at, end } = event
      const own = { op: 'insert' as const, buffer: Buffer.from(buffer.subarray(at, end)), at: 0, end: end - at }
      events.push({ map, own })
    })
    for (const { map, own } of events) {
      try {
        await plain.bind(map)
        await made.bind(map)
        const encode = (router: Router, images: RowImages, isMade: boolean): unknown[] => {
          const [route] = router.routes(map)
          const pieces = isMade ? route!.shape!(images, PLACE, 0, false).pieces : [{ route: route!, images }]
          return pieces.flatMap(piece => {
            const { encoder } = piece.route.json
            const rows: unknown[] = []
            for (let p = piece.images.at; p < piece.images.end; p = encoder.end) {
              const out = Buffer.alloc(encoder.room(piece.images.buffer, p, piece.images.end) + 64)
              const to = encoder.encode(piece.images.buffer, p, piece.images.end, out, 0, 0)
              rows.push(out.toString('utf8', 0, to).replace(/^,/, ''))
            }
            return rows
          })
        }
        const before = written.get(map.table) ?? { plain: [], made: [] }
        written.set(map.table, {
          plain: [...before.plain, ...encode(plain, own, false)],
          made: [...before.made, ...encode(made, own, true)],
        })
      } catch (error) {
        if (!(error instanceof Failure)) throw error
        problems.set(map.table, error)
      }
    }
  }, 300_000)

  afterAll(() => server?.destroy())

  test.each(cases.map(({ ddl, oldTemporal }, i) => [ddl.slice(0, 60) + (oldTemporal ? ' of old' : ''), i] as const))(
    'a module that returns its row as it is changes nothing of %s',
    (_, i) => {
      if (problems.has(`c${i}`)) throw problems.get(`c${i}`)
      const { plain, made } = written.get(`c${i}`)!
      expect(plain).toHaveLength(cases[i]!.values.length + 1)
      expect(made).toEqual(plain)
    },
  )
})
