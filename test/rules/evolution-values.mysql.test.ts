import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Connection, RowDataPacket } from 'mysql2/promise'
import type { SourceColumn } from '../../lib/model/schema.js'
import type { Doubt } from '../../lib/model/target-change.js'
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

interface Read {
  readonly text: string | null
  readonly isDoubted: boolean
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

  /** Of each row, in each copy of the column, the value and whether it is doubted. */
  const read = async (copies: readonly SourceColumn[], doubts: readonly string[]): Promise<Read[][]> => {
    const values = copies.flatMap((column, i) => {
      const isBytes = /binary|blob/.test(column.dataType)
      const value = isBytes ? `hex(c${i})` : column.dataType === 'bit' ? `c${i} + 0` : `cast(c${i} as char)`
      return [value, `coalesce(${doubts[i] ?? '0'}, 0)`]
    })
    const [rows] = await connection.query<RowDataPacket[][]>({
      sql: `select ${values.join(', ')} from t order by id`,
      rowsAsArray: true,
    })
    const text = (value: unknown) => (value === null ? null : String(value))
    return rows.map(row => copies.map((_, i) => ({ text: text(row[2 * i]), isDoubted: Number(row[2 * i + 1]) === 1 })))
  }

  test.each(TYPES)(
    'what %s turns into without harm',
    async from => {
      const old = columns.get(from)!
      const changes = TYPES.flatMap(to => {
        const change = valueChange(old, columns.get(to)!)
        return to === from || change.kind === 'changed' ? [] : [{ to, now: columns.get(to)!, unless: change.unless }]
      })
      if (changes.length === 0) return
      const list = (text: (change: (typeof changes)[number], i: number) => string) => changes.map(text).join(', ')
      await connection.query('drop table if exists t')
      await connection.query(`create table t (id int primary key auto_increment, ${list((_, i) => `c${i} ${from}`)})`)
      const row = `(${list(() => '?')})`
      await connection.query(
        `insert ignore into t (${list((_, i) => `c${i}`)}) values ${VALUES.map(() => row).join(', ')}`,
        VALUES.flatMap(value => changes.map(() => value)),
      )
      const doubts = changes.map(({ unless }, i) =>
        [...unless.map(({ doubt }) => asksFor(doubt, `c${i}`, old)), '0'].join(' or '),
      )
      const before = await read(
        changes.map(() => old),
        doubts,
      )
      await connection.query(`alter table t ${list(({ to }, i) => `modify c${i} ${to}`)}`)
      const after = await read(
        changes.map(({ now }) => now),
        [],
      )
      for (const [i, { to, now }] of changes.entries()) {
        const asText = now.charset !== null && old.charset === null
        const sure = before
          .map((values, at) => [values[i]!, after[at]![i]!] as const)
          .filter(([{ isDoubted }]) => !isDoubted)
        const was = sure.map(([{ text }]) => `${to}: ${kept(old, text, asText)}`)
        expect(sure.map(([, { text }]) => `${to}: ${kept(now, text, asText)}`)).toEqual(was)
      }
    },
    120_000,
  )
})

/** The condition that the target is asked, in which texts are UTF-8. */
function asksFor(doubt: Doubt, name: string, { charset }: SourceColumn): string {
  const query = renderDoubt({ database: 'd', table: 't' }, name, doubt)
  const condition = query.slice(query.indexOf('WHERE ') + 6, -' LIMIT 1'.length)
  return `(${charset === null ? condition : condition.replaceAll(`\`${name}\``, `convert(${name} using utf8mb4)`)})`
}
