import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { bindTable } from '../../lib/binlog/bind-table.js'
import { isComparable } from '../../lib/binlog/key-literal.js'
import { compileKeyReader } from '../../lib/binlog/key-reader.js'
import type { FieldForm } from '../../lib/binlog/row-layout.js'
import type { TextUse } from '../../lib/binlog/text-columns.js'
import type { TableSchema } from '../../lib/model/schema.js'
import { textImages } from '../../lib/rules/route-images.js'
import { startServer, type TestServer } from '../../lib/servers/test-server.js'
import { binlogNames, readBinlogs } from '../support/binlog-files.js'
import { type EncodedRow, encodeImages, layoutOf, SHANGHAI } from '../support/encoded-rows.js'
import { readSchemas } from '../support/source-schema.js'
import { selectImages } from '../support/text-images.js'
import { typeCases } from '../support/type-cases.js'

const SESSION = "set names utf8mb4, time_zone = '+08:00', sql_mode = 'ALLOW_INVALID_DATES'"
const FORMATS = ['csv', 'json'] as const

/** What one way of reading makes of the rows of a table, by kind of body; and the keys, were `v` the key. */
interface Read {
  readonly rows: Record<string, EncodedRow[]>
  readonly keys: string[]
}

const LETTERS = /^(char|varchar|text|tinytext|mediumtext|longtext|binary|varbinary|blob|tinyblob|mediumblob|longblob)/
const KEYLESS = /^(json|vector|geometry|point|linestring|polygon|multi|geom)/

/** What only the text of a SELECT shows otherwise: zeros in front, and fewer digits than there are. */
const MORE_CASES = [
  { ddl: 'int(8) unsigned zerofill', values: ['42', '0'] },
  { ddl: 'bigint unsigned zerofill', values: ['18446744073709551615', '0'] },
  { ddl: 'decimal(10,3) unsigned zerofill', values: ['42.5', '0'] },
  { ddl: 'float zerofill', values: ['1.1', '0'] },
  { ddl: 'double zerofill', values: ['1.1', '1e300', '0'] },
  { ddl: 'float(7,3)', values: ['1.1', '1234.567', '-0.001'] },
  { ddl: 'double(12,3)', values: ['1.1', '123456789.123', '0'] },
  { ddl: 'double', values: ['-0e0', '1e0'] },
  { ddl: 'float unsigned', values: Array.from({ length: 40 }, (_, i) => `${1.7 ** (i * 3 - 60)}`) },
]

describe.each(['mysql', 'mariadb'] as const)('%s', kind => {
  let server: TestServer
  const cases = [...typeCases(kind), ...MORE_CASES.map(found => ({ ...found, oldTemporal: undefined }))]
  const streamed = new Map<string, Read>()
  const selected = new Map<string, Read>()
  const schemas = new Map<string, TableSchema>()
  const problems = new Map<string, unknown>()
  /** Literals that the server does not find again, or whose order it sees otherwise. */
  const unequal = new Map<string, string[]>()

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
      await connection.query(`create table c${i} (id int primary key, v ${found.ddl})`)
      const values = ['null', ...found.values].map((value, id) => `(${id}, ${value})`)
      await connection.query(`insert into c${i} (id, v) values ${values.join(',')}`)
    }
    for (const [name, schema] of await readSchemas(server, 't')) schemas.set(name, schema)
    for (const [i, found] of cases.entries()) {
      try {
        const schema = schemas.get(`c${i}`)!
        const images = textImages(
          schema,
          [0, 1].flatMap(c => USES.map(use => [c, use] as const)),
        )
        const sql = `select ${images.expressions.join(', ')} from c${i} order by id`
        const source = Buffer.concat(await selectImages(connection, sql))
        const place = (use: TextUse) => images.place(1, use)
        const layout = { images: 'text', columns: images.columns, zone: SHANGHAI } as const
        const key = compileKeyReader(
          'text',
          images.columns,
          [{ index: place('key'), column: schema.columns[1]! }],
          SHANGHAI,
        )
        const read = readAll(source, 0, source.length, found.ddl, key, (form, key) => ({
          ...layout,
          key: [place(form === 'base64' ? 'bytes' : 'text')].slice(0, key),
          fields: images.columns.map((_, c) =>
            c === images.place(0, 'text')
              ? { name: 'id', form: 'text' as const }
              : c === place(form === 'base64' ? 'bytes' : 'text')
                ? { name: 'v', form }
                : null,
          ),
        }))
        selected.set(`c${i}`, read)
        if (isComparable(schema.columns[1]!))
          unequal.set(`c${i}`, await literalsThatDiffer(connection, `c${i}`, found.ddl, read.keys))
      } catch (error) {
        problems.set(`c${i}`, error)
      }
    }
    await connection.end()
    await readBinlogs(server, (await binlogNames(server)).slice(1), event => {
      if (event.kind !== 'rows') return
      const { table } = event.map
      const { ddl } = cases[Number(table.slice(1))]!
      try {
        const schema = schemas.get(table)!
        const columns = bindTable(event.map, schema)
        const key = compileKeyReader('binlog', columns, [{ index: 1, column: schema.columns[1]! }], SHANGHAI)
        const { buffer, at, end } = event
        const read = readAll(buffer, at, end, ddl, key, (form, key) => ({
          columns,
          zone: SHANGHAI,
          key: [1].slice(0, key),
          fields: [
            { name: 'id', form: 'text' as const },
            { name: 'v', form },
          ],
        }))
        streamed.set(table, joined(streamed.get(table), read))
      } catch (error) {
        problems.set(table, error)
      }
    })
  }, 300_000)

  afterAll(async () => {
    await server.destroy()
  })

  test.each(cases.map((found, i) => [`${found.ddl.slice(0, 60)}${found.oldTemporal ? ' of old' : ''}`, i] as const))(
    '%s',
    (_, i) => {
      if (problems.has(`c${i}`)) throw problems.get(`c${i}`)
      const [stream, text] = [streamed.get(`c${i}`)!, selected.get(`c${i}`)!]
      expect(stream.rows['text csv']).toHaveLength(cases[i]!.values.length + 1)
      expect(text).toEqual(stream)
      expect(unequal.get(`c${i}`) ?? []).toEqual([])
    },
  )
})

const USES: readonly TextUse[] = ['text', 'bytes', 'key']

function readAll(
  source: Buffer,
  at: number,
  end: number,
  ddl: string,
  key: ReturnType<typeof compileKeyReader>,
  layout: (
    form: FieldForm,
    key: number,
  ) => Partial<Parameters<typeof layoutOf>[1]> & { columns: Parameters<typeof layoutOf>[0] },
): Read {
  const rows: Record<string, EncodedRow[]> = {}
  const forms: FieldForm[] = LETTERS.test(ddl) ? ['text', 'base64'] : ['text']
  for (const form of forms)
    for (const format of FORMATS) {
      if (format === 'json' && form === 'text' && /blob|binary/.test(ddl)) continue
      const keys = KEYLESS.test(ddl) || form === 'base64' ? 0 : 1
      const made = layout(form, keys)
      rows[`${form} ${format}`] = encodeImages(layoutOf(made.columns, { op: true, format, ...made }), source, at, end)
    }
  const keys: string[] = []
  // No index holds these.
  if (/ compressed/.test(ddl)) return { rows, keys }
  for (let p = at; p < end; ) p = key.keyTexts(source, p, end, keys)
  return { rows, keys }
}

/** Rows of one table may come in several events. */
function joined(first: Read | undefined, then: Read): Read {
  if (first === undefined) return then
  const rows = Object.fromEntries(Object.entries(then.rows).map(([way, more]) => [way, [...first.rows[way]!, ...more]]))
  return { rows, keys: [...first.keys, ...then.keys] }
}

/** Row 0 holds NULL, the others the case's values. */
async function literalsThatDiffer(
  connection: Awaited<ReturnType<TestServer['connect']>>,
  table: string,
  ddl: string,
  literals: readonly string[],
): Promise<string[]> {
  const wrong: string[] = []
  // Two columns of labels are compared as text, but sorted by number.
  const order = (alias: string) => (/^(enum|set)/.test(ddl) ? `cast(${alias}.v as unsigned)` : `${alias}.v`)
  for (const [id, literal] of literals.entries()) {
    if (id === 0) continue
    const [rows] = await connection.query(
      `select a.id as id, (a.v = ${literal}) as same, (${order('a')} = ${order('b')}) as wanted, (a.v > ${literal}) as behind, (${order('a')} > ${order('b')}) as wantedBehind from ${table} a, ${table} b where b.id = ${id} and a.id > 0`,
    )
    for (const row of rows as { id: number; same: number; wanted: number; behind: number; wantedBehind: number }[])
      if (row.same !== row.wanted || row.behind !== row.wantedBehind || (row.id === id && row.same !== 1))
        wrong.push(`${literal.slice(0, 80)} against row ${row.id}: ${JSON.stringify(row)}`)
  }
  return wrong
}
