import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { bindTable } from '../../lib/binlog/bind-table.js'
import { startServer, type TestServer } from '../../lib/servers/test-server.js'
import { readBinlogs } from '../support/binlog-files.js'
import { encodeImages, layoutOf, SHANGHAI } from '../support/encoded-rows.js'
import { readTableSchema } from '../support/source-schema.js'
import { written } from '../support/written-binlogs.js'

describe('mysql alone', () => {
  let server: TestServer

  beforeAll(async () => {
    server = await startServer('mysql')
    await server.sql(['create database t character set utf8mb4'])
  }, 300_000)

  afterAll(async () => {
    await server.destroy()
  })

  test('tagged GTIDs in events and in the set before a file', async () => {
    const names = await written(server, [
      'create table tagged (id int primary key)',
      `set gtid_next = 'AUTOMATIC:blue'`,
      'insert into tagged values (1)',
      'insert into tagged values (2)',
      'flush binary logs',
    ])
    const gtids: (string | null)[] = []
    const sets: string[] = []
    const lag: number[] = []
    await readBinlogs(server, names, event => {
      if (event.kind === 'gtid') {
        gtids.push(event.gtid.text)
        lag.push(event.commitMs - event.timestamp * 1000)
      }
      if (event.kind === 'previousGtids') sets.push(event.gtidSet)
    })
    expect(gtids.slice(1)).toEqual([`${server.serverUuid}:blue:1`, `${server.serverUuid}:blue:2`])
    expect(sets.at(-1)).toMatch(/^[0-9a-f-]{36}:1-\d+:blue:1-2$/)
    const [executed] = await server.sql('select @@gtid_executed as v')
    expect(sets.at(-1)).toBe(String(executed!.v))
    for (const ms of lag) expect(ms).toBeGreaterThanOrEqual(-1)
  })
})

describe('mariadb alone', () => {
  let server: TestServer

  beforeAll(async () => {
    server = await startServer('mariadb')
    await server.sql(['create database t character set utf8mb4'])
  }, 300_000)

  afterAll(async () => {
    await server.destroy()
  })

  test('temporal columns in the format from before MySQL 5.6', async () => {
    const names = await written(server, [
      'set global mysql56_temporal_format = OFF',
      `set sql_mode = '', time_zone = '+08:00'`,
      'create table old_times (id int primary key, t time, d datetime, s timestamp null, y date)',
      `insert into old_times values (1, '-838:59:59', '9999-12-31 23:59:59', '2024-02-29 12:34:56', '2024-02-29'),
         (2, '00:00:00', '0000-00-00 00:00:00', '0000-00-00 00:00:00', '0000-00-00'),
         (3, '-00:00:01', '1000-01-01 00:00:01', '1970-01-01 08:00:01', null), (4, '123:04:05', null, null, null)`,
      'create table old_fractions (id int primary key, t time(3))',
      `insert into old_fractions values (1, '01:02:03.004')`,
      'set global mysql56_temporal_format = ON',
    ])
    const [, rows] = await server.sql([
      `set time_zone = '+08:00'`,
      'select cast(id as char) as id, cast(t as char) as t, cast(d as char) as d, cast(s as char) as s, cast(y as char) as y from t.old_times',
    ])
    expect(rows).toHaveLength(4)
    const found: string[][] = []
    const types: number[][] = []
    const old = await readTableSchema(server, 't', 'old_times')
    const fractions = await readTableSchema(server, 't', 'old_fractions')
    await readBinlogs(server, names, event => {
      if (event.kind !== 'rows') return
      types.push(event.map.columns.map(column => column.type))
      if (event.map.table === 'old_fractions') {
        const layout = layoutOf(bindTable(event.map, fractions))
        const [row] = encodeImages(layout, event.buffer, event.at, event.end)
        expect(row!.text).toBe('1\x0101:02:03.004\x02')
        return
      }
      const layout = layoutOf(bindTable(event.map, old), { zone: SHANGHAI })
      for (const row of encodeImages(layout, event.buffer, event.at, event.end))
        found.push(row.text.slice(0, -1).split('\x01'))
    })
    expect(types[0]!.slice(1, 4)).toEqual([11, 12, 7])
    expect(found).toEqual([
      ['1', '-838:59:59', '9999-12-31 23:59:59', '2024-02-29 12:34:56', '2024-02-29'],
      ['2', '00:00:00', '0000-00-00 00:00:00', '0000-00-00 00:00:00', '0000-00-00'],
      ['3', '-00:00:01', '1000-01-01 00:00:01', '1970-01-01 08:00:01', '\\N'],
      ['4', '123:04:05', '\\N', '\\N', '\\N'],
    ])
  })

  test('COMPRESSED columns are inflated, and stepped over when left out', async () => {
    const names = await written(server, [
      'create table squeezed (id int primary key, c text compressed, v varchar(300) compressed, z int)',
      `insert into squeezed values (1, repeat('x', 500), 'short', 9)`,
    ])
    const schema = await readTableSchema(server, 't', 'squeezed')
    await readBinlogs(server, names, event => {
      if (event.kind !== 'rows') return
      const layout = layoutOf(bindTable(event.map, schema))
      const [row] = encodeImages(layout, event.buffer, event.at, event.end)
      expect(row!.text).toBe(`1\x01${'x'.repeat(500)}\x01short\x019\x02`)
      const fields = layout.fields.map((field, i) => (i === 1 || i === 2 ? null : field))
      expect(encodeImages({ ...layout, fields }, event.buffer, event.at, event.end)[0]!.text).toBe('1\x019\x02')
    })
  })

  test('standalone statements have no commit, transactions begin without BEGIN', async () => {
    const names = await written(server, ['create table alone (id int primary key)', 'insert into alone values (1)'])
    const found: [string | null, boolean][] = []
    await readBinlogs(server, names, event => {
      if (event.kind === 'gtid') found.push([event.gtid.text, event.standalone])
    })
    expect(found.map(([, standalone]) => standalone)).toEqual([true, false])
    for (const [gtid] of found) expect(gtid).toMatch(/^0-\d+-\d+$/)
  })
})
