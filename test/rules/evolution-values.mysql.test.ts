import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Connection, RowDataPacket } from 'mysql2/promise'
import type { SourceColumn } from '../../lib/model/schema.js'
import { valueChange } from '../../lib/rules/evolution-values.js'
import type { ServerKind } from '../../lib/servers/server-recipe.js'
import { renderDoubt } from '../../lib/starrocks/alter-text.js'
import { freshSchema, sharedServer } from '../support/servers.js'
import { readSchemas } from '../support/source-schema.js'

const TYPES = [
  ...['tinyint', 'smallint', 'mediumint', 'int', 'bigint'].flatMap(type => [type, `${type} unsigned`]),
  'int unsigned zerofill',
  ...['decimal(5,2)', 'decimal(7,4)', 'decimal(5,0)', 'decimal(20,0)', 'decimal(13,2)', 'decimal(5,2) unsigned'],
  ...['float', 'double', 'double unsigned', 'year', 'bit(3)', 'bit(16)'],
  ...['date', 'datetime', 'datetime(6)', 'timestamp null', 'timestamp(3) null', 'time', 'time(3)'],
  ...['char(5)', 'char(40)', 'varchar(5)', 'varchar(50)', 'varchar(300)', 'tinytext', 'text', 'longtext'],
  ...['varchar(50) character set latin1', 'text character set latin1', 'varchar(50) character set utf8mb3'],
  ...['varchar(50) character set ascii', 'binary(4)', 'varbinary(4)', 'varbinary(50)', 'tinyblob', 'blob'],
  ...["enum('a','b','007')", "enum('b','a','007','c')", "enum('a','b')", "set('a','b')", "set('a','x','b')"],
]
const NUMBERS = '0 1 -1 007 12 -7.5 3.14159265 127 128 255 256 65535 65536 -129 -32769 2147483647 2147483648 4294967296'
const TEXTS = [
  '',
  ' ',
  'a',
  'A',
  'b',
  'a,b',
  'abc',
  'abc  ',
  'é',
  'éé ',
  '日本',
  '😀',
  'x'.repeat(299),
  'é'.repeat(270),
]
const TIMES = ['2024-02-29', '2024-02-29 12:34:56.789', '1999-12-31 23:59:59.999999', '0000-00-00', '-12:34:56.789']
const VALUES = [...NUMBERS.split(' '), '9223372036854775807', '-9223372036854775808', ...TEXTS, ...TIMES, null]

/** As a target of the stream holds it: numbers and times by their value, texts and bytes by their form. */
function kept(column: SourceColumn, text: string | null, asText: boolean): string | null {
  if (text === null || asText || column.charset !== null) return text
  if (column.precision !== null || column.dataType === 'year') return String(plain(text))
  if (/^(date|timestamp)/.test(column.dataType)) return /^0000/.test(text) ? null : plainTime(text)
  return text
}

function plain(text: string): string {
  const [, sign, whole, fraction] = /^(-?)0*(\d*)(?:\.(\d*?)0*)?$/.exec(text) ?? ['', '', text, '']
  const digits = `${whole || '0'}${fraction ? `.${fraction}` : ''}`
  return digits === '0' ? '0' : sign + digits
}

function plainTime(text: string): string {
  return `${text} 00:00:00`.slice(0, 19) + (/\.\d*?(?=0*$)/.exec(text)?.[0] ?? '').replace(/\.$/, '')
}

describe.each<ServerKind>(['mysql', 'mariadb'])('on %s', kind => {
  let connection: Connection
  let schema: string
  let columns: Map<string, SourceColumn>

  beforeAll(async () => {
    const server = await sharedServer(kind)
    schema = await freshSchema(server)
    connection = await server.connect({ database: schema, charset: 'utf8mb4' })
    await connection.query("set session sql_mode = '', time_zone = '+00:00', sql_log_bin = 0")
    for (const [i, type] of TYPES.entries()) await connection.query(`create table c${i} (c ${type})`)
    const schemas = await readSchemas(server, schema)
    columns = new Map(TYPES.map((type, i) => [type, schemas.get(`c${i}`)!.columns[0]!]))
  }, 120_000)
  afterAll(async () => {
    await connection?.query(`drop database ${schema}`)
    await connection?.end()
  })

  const read = async (column: SourceColumn, guilty: string): Promise<[number, string | null, boolean][]> => {
    const isBytes = /binary|blob/.test(column.dataType)
    const value = isBytes ? 'hex(c)' : column.dataType === 'bit' ? 'c + 0' : 'cast(c as char)'
    const [rows] = await connection.query<RowDataPacket[]>(
      `select id, ${value} as v, coalesce(${guilty}, 0) as g from t order by id`,
    )
    return rows.map(row => [Number(row.id), row.v === null ? null : String(row.v), Number(row.g) === 1])
  }

  test.each(TYPES)(
    'what %s turns into without harm',
    async from => {
      const old = columns.get(from)!
      let pairs = 0
      for (const to of TYPES) {
        const now = columns.get(to)!
        const change = valueChange(old, now)
        if (from === to || change.kind === 'changed') continue
        pairs++
        await connection.query('drop table if exists t')
        await connection.query(`create table t (id int primary key auto_increment, c ${from})`)
        await connection.query(`insert ignore into t (c) values ${VALUES.map(() => '(?)').join(', ')}`, VALUES)
        const conditions = change.unless.map(({ doubt }) => {
          const query = renderDoubt({ database: 'd', table: 't' }, 'c', doubt)
          // The target's texts are UTF-8.
          const condition = query.slice(query.indexOf('WHERE ') + 6, -' LIMIT 1'.length)
          return `(${old.charset === null ? condition : condition.replaceAll('`c`', 'convert(c using utf8mb4)')})`
        })
        const before = await read(old, conditions.join(' or ') || '0')
        await connection.query(`alter table t modify c ${to}`)
        const after = await read(now, '0')
        const asText = now.charset !== null && old.charset === null
        const sure = before.filter(([, , guilty]) => !guilty).map(([id]) => id)
        const seen = (rows: typeof before, column: SourceColumn) =>
          rows.filter(([id]) => sure.includes(id)).map(([, text]) => `${to}: ${kept(column, text, asText)}`)
        expect(seen(after, now)).toEqual(seen(before, old))
      }
      expect(pairs).toBeGreaterThanOrEqual(0)
    },
    60_000,
  )
})
