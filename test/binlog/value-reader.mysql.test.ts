import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { bindTable } from '../../lib/binlog/bind-table.js'
import type { ImageKind } from '../../lib/binlog/image-form.js'
import { valueTypeOf } from '../../lib/binlog/value-type.js'
import type { TableSchema } from '../../lib/model/schema.js'
import type { Value, ValueType } from '../../lib/model/value.js'
import { textImages } from '../../lib/rules/route-images.js'
import { startServer, type TestServer } from '../../lib/servers/test-server.js'
import { binlogNames, readBinlogs } from '../support/binlog-files.js'
import { type ReadImages, readExtended } from '../support/extended-images.js'
import { floatsOf, shown, textsById } from '../support/shown-values.js'
import { readSchemas } from '../support/source-schema.js'
import { selectImages } from '../support/text-images.js'
import { typeCases } from '../support/type-cases.js'

const SESSION = "set names utf8mb4, time_zone = '+08:00', sql_mode = 'ALLOW_INVALID_DATES'"
const KINDS: readonly ImageKind[] = ['binlog', 'text']

/** The value that a SELECT shows as this text. */
function valueShown(type: ValueType, text: string | null): Value {
  if (text === null) return null
  switch (type.kind) {
    case 'integer':
      return type.bits === 64 ? BigInt(text) : Number(text)
    case 'bit':
      return BigInt(text)
    case 'decimal':
      return BigInt(text.replace('.', ''))
    case 'double':
    case 'year':
      return Number(text)
    case 'bytes':
      return Buffer.from(text, 'base64')
    default:
      return text
  }
}

/** Long bytes are compared much faster as text. */
function plain(value: Value): Value {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value
}

describe.each(['mysql', 'mariadb'] as const)('%s', kind => {
  let server: TestServer
  const cases = typeCases(kind)
  const selected = new Map<string, Map<string, string | null>>()
  const read: Record<ImageKind, Map<string, ReadImages>> = { binlog: new Map(), text: new Map() }
  const problems = new Map<string, unknown>()
  let schemas = new Map<string, TableSchema>()

  beforeAll(async () => {
    server = await startServer(kind)
    await server.sql([
      'set global binlog_row_metadata = FULL',
      'create database t character set utf8mb4',
      'flush binary logs',
    ])
    const connection = await server.connect({ database: 't', charset: 'utf8mb4' })
    await connection.query(SESSION)
    for (const [i, found] of cases.entries()) {
      if (kind === 'mariadb')
        await connection.query(`set global mysql56_temporal_format = ${found.oldTemporal === true ? 0 : 1}`)
      await connection.query(`create table c${i} (id int primary key, v ${found.ddl}, n smallint not null default 7)`)
      const values = ['null', ...found.values].map((value, id) => `(${id}, ${value})`)
      await connection.query(`insert into c${i} (id, v) values ${values.join(',')}`)
      const [rows] = await connection.query(`select id, ${shown(found, kind)} as v from c${i}`)
      selected.set(`c${i}`, textsById(rows, found))
    }
    schemas = await readSchemas(server, 't')
    for (const i of cases.keys()) {
      const schema = schemas.get(`c${i}`)!
      try {
        const images = textImages(
          schema,
          schema.columns.map((_, c) => [c, 'text'] as const),
        )
        const source = Buffer.concat(
          await selectImages(connection, `select ${images.expressions.join(', ')} from c${i} order by id`),
        )
        read.text.set(`c${i}`, readExtended('text', images.columns, schema, source, 0, source.length))
      } catch (error) {
        problems.set(`text c${i}`, error)
      }
    }
    await connection.end()
    await readBinlogs(server, (await binlogNames(server)).slice(1), event => {
      if (event.kind !== 'rows') return
      const { table } = event.map
      try {
        const schema = schemas.get(table)!
        const { buffer, at, end } = event
        const found = readExtended('binlog', bindTable(event.map, schema), schema, buffer, at, end)
        const before = read.binlog.get(table)
        read.binlog.set(table, {
          ids: [...(before?.ids ?? []), ...found.ids],
          values: [...(before?.values ?? []), ...found.values],
          unequal: [...(before?.unequal ?? []), ...found.unequal],
        })
      } catch (error) {
        problems.set(`binlog ${table}`, error)
      }
    })
  }, 300_000)

  afterAll(async () => {
    await server.destroy()
  })

  describe.each(KINDS)('%s images', images => {
    test.each(cases.map((found, i) => [found.ddl.slice(0, 60) + (found.oldTemporal ? ' of old' : ''), i] as const))(
      '%s',
      (_, i) => {
        const found = cases[i]!
        if (problems.has(`${images} c${i}`)) throw problems.get(`${images} c${i}`)
        const type = valueTypeOf(schemas.get(`c${i}`)!.columns[1]!)
        const { ids, values, unequal } = read[images].get(`c${i}`)!
        const expected = ids.map(id => selected.get(`c${i}`)!.get(String(id))!)
        expect(new Set(ids).size).toBe(found.values.length + 1)
        if (found.as === 'vector') {
          const floats = values.map(value => value && JSON.parse(String(value)).map(Math.fround))
          expect(floats).toEqual(expected.map(text => text && floatsOf(text)))
        } else expect(values.map(plain)).toEqual(expected.map(text => plain(valueShown(type, text))))
        expect(unequal).toEqual([])
      },
    )
  })
})
