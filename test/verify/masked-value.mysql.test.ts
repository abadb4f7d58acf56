import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Connection } from 'mysql2/promise'
import { parseMask } from '../../lib/config/mask.js'
import { MaskSalt } from '../../lib/rules/shape/mask-salt.js'
import { maskText } from '../../lib/rules/shape/mask-text.js'
import { maskedValue } from '../../lib/verify/masked-value.js'
import { freshSchema, sharedServer } from '../support/servers.js'
import { sourceColumn } from '../support/source-column.js'

/** Values by column type, as the stream writes them. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  'varchar(60)': [
    '',
    'a',
    'ab',
    'abc',
    '13812345678',
    '@',
    'a@',
    '@b',
    'a@b',
    'ab@c',
    '"x@y"@z',
    'a＠b',
    '😀é日本',
    '😀@x',
    "it's",
  ],
  'decimal(10,2)': ['0.00', '-0.50', '84321.50', '-1999.99', '1000.00', '7.00'],
  'bigint unsigned': ['0', '999', '1000', '18446744073709551615'],
  int: ['-2147483648', '-1999', '-1', '0', '1999'],
  date: ['1984-05-17', '2024-12-31'],
  'datetime(3)': ['1984-05-17 11:00:00.500', '2024-01-01 00:00:00.000'],
  datetime: ['1984-05-17 11:00:00'],
}
const MASKS: Readonly<Record<string, readonly string[]>> = {
  'varchar(60)': [
    'keep(3,4)',
    'keep(0,0)',
    "keep(1,1,'日')",
    'email',
    'null',
    "fixed('it''s hid\\den')",
    'truncate(2)',
    'sha256',
  ],
  'decimal(10,2)': ['keep(1,1)', 'truncate(3)', 'round(1000)', 'round(7)', 'sha256'],
  'bigint unsigned': ['keep(1,1)', 'round(1000)', 'sha256'],
  int: ['keep(1,1)', 'round(1000)', 'truncate(2)'],
  date: ['year', 'month'],
  'datetime(3)': ['year', 'month', 'sha256'],
  datetime: ['year', 'month'],
}

describe.each(['mysql', 'mariadb'] as const)('masks as SQL of %s', kind => {
  let connection: Connection
  beforeAll(async () => {
    const server = await sharedServer(kind)
    connection = await server.connect({ database: await freshSchema(server), charset: 'utf8mb4' })
  }, 120_000)
  afterAll(() => connection?.end())

  test.each(Object.keys(VALUES))('values of %s are masked as the stream masks them, and NULL is NULL', async type => {
    const salt = new MaskSalt('a salt of sixteen letters')
    await connection.query('drop table if exists t')
    await connection.query(`create table t (n int primary key, v ${type}) character set utf8mb4`)
    for (const [n, text] of VALUES[type]!.entries()) await connection.query('insert into t values (?, ?)', [n, text])
    await connection.query('insert into t values (1000, null)')
    for (const text of MASKS[type]!) {
      const value = maskedValue(text, sourceColumn('v', type), salt)
      const mask = parseMask(text)
      if (value.how === 'none' || typeof mask === 'string') throw new Error(`${text} has no SQL`)
      const [rows] = await connection.query({
        sql: `select ${value.sql} as c from t order by n`,
        rowsAsArray: true,
        typeCast: field => field.string(),
      })
      const told = (rows as unknown as (string | null)[][]).map(([cell]) =>
        value.how === 'hashed' && cell != null ? value.hash.hash(Buffer.from(cell, 'hex')) : cell,
      )
      const apply = maskText(mask, salt)
      expect([text, ...told]).toEqual([text, ...VALUES[type]!.map(apply), null])
    }
  })
})
