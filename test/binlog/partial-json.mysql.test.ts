import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { bindTable } from '../../lib/binlog/bind-table.js'
import { EVENT } from '../../lib/binlog/event.js'
import { type Row, startServer, type TestServer } from '../../lib/servers/test-server.js'
import { readBinlogs } from '../support/binlog-files.js'
import { encodeImages, layoutOf } from '../support/encoded-rows.js'
import { Random } from '../support/random.js'
import { RandomJson } from '../support/random-json.js'
import { readTableSchema } from '../support/source-schema.js'
import { written } from '../support/written-binlogs.js'

const ON = `set session binlog_row_value_options = 'PARTIAL_JSON'`

describe('JSON columns whose binlog holds differences', () => {
  let server: TestServer

  beforeAll(async () => {
    server = await startServer('mysql')
    await server.sql(['create database t character set utf8mb4'])
  }, 300_000)

  afterAll(async () => {
    await server.destroy()
  })

  /** Last image of every row of the table by its first column, and how many partial events there were. */
  async function replayed(names: readonly string[], table: string) {
    const schema = await readTableSchema(server, 't', table)
    const rows = new Map<string, string[]>()
    let partial = 0
    await readBinlogs(server, names, event => {
      if (event.kind !== 'rows' || event.map.table !== table) return
      if (event.type === EVENT.PARTIAL_UPDATE_ROWS) partial++
      expect(event.complete).toBe(true)
      const layout = layoutOf(bindTable(event.map, schema))
      const texts = encodeImages(layout, event.buffer, event.at, event.end).map(row =>
        row.text.slice(0, -1).split('\x01'),
      )
      for (let i = 0; i < texts.length; i += event.op === 'update' ? 2 : 1) {
        // What is written of the image before must be what the row was.
        if (event.op !== 'insert') expect(texts[i]).toEqual(rows.get(texts[i]![0]!))
        if (event.op === 'delete') rows.delete(texts[i]![0]!)
        else {
          const after = event.op === 'update' ? texts[i + 1]! : texts[i]!
          rows.set(after[0]!, after)
        }
      }
    })
    return { rows: [...rows.values()].sort((a, b) => Number(a[0]) - Number(b[0])), partial }
  }

  async function selected(table: string, columns: readonly string[]): Promise<string[][]> {
    const casts = columns.map(column => `cast(${column} as char) as ${column}`).join(',')
    const rows: Row[] = await server.sql(`select ${casts} from t.${table} order by t.${table}.id`)
    return rows.map(row => Object.values(row).map(value => (value === null ? '\\N' : String(value))))
  }

  test('every kind of change to a document, and updates that leave it alone', async () => {
    const names = await written(server, [
      'create table docs (id int primary key, n int, d json, pad varchar(600), e json, u decimal(20,4), b blob)',
      ON,
      `insert into docs values (1, 0, '{"a": 1, "b": [1, 2, {"c": null}], "long": "${'x'.repeat(300)}", "k e.y\\\\"s": {"é": true}}', repeat('p', 400), '[1, 2, 3]', 1.5, 'bytes')`,
      `insert into docs values (2, 0, null, null, '{}', null, null), (3, 0, '[]', 'q', null, 2, 'c')`,
      'update docs set n = n + 1',
      `update docs set d = json_set(d, '$.a', 2) where id = 1`,
      `update docs set d = json_set(d, '$.a', cast(12345678901234567890 as unsigned), '$.new', json_array(1, 'two', 3.5)) where id = 1`,
      `update docs set d = json_remove(d, '$.b[0]', '$.b[1].c'), e = json_set(e, '$[10]', 'end') where id = 1`,
      `update docs set d = json_set(d, '$."k e.y\\\\"s"."é"', json_object('deep', cast('2024-02-29 01:02:03.000004' as datetime(6))), '$.zähler', 1) where id = 1`,
      `update docs set d = json_replace(d, '$.b[last]', cast(1.2345678901234567890123456789 as decimal(60,28))) where id = 1`,
      `update docs set d = json_set(d, '$.bin', cast(x'00ff10' as binary), '$.t', cast('-12:34:56' as time), '$.y', cast('2024-01-02' as date)) where id = 1`,
      `update docs set d = json_set(d, '$.big', repeat('y', 70000)) where id = 1`,
      `update docs set d = json_set(d, '$.small', -5, '$.m', 70000, '$.n', -3000000000, '$.o', 4000000000, '$.f', 1e300) where id = 1`,
      `update docs set d = json_remove(d, '$.big'), n = 9, pad = null where id = 1`,
      `update docs set e = json_array_insert(e, '$[1]', 'x'), d = json_set(d, '$.a[1]', 'wrapped') where id = 1`,
      `update docs set d = json_set(d, '$[0]', 'in an array') where id = 3`,
      `update docs set d = json_set(d, '$[last]', 'first', '$[3]', 1.0) where id = 3`,
      `update docs set e = json_set(e, '$.x', 1) where id = 2`,
      `update docs set e = null, d = '{"a": 1}' where id = 2`,
      `update docs set d = json_remove(d, '$.a') where id = 2`,
      `update docs set n = n + 1, d = json_set(d, '$.x', id)`,
      `update docs set id = 7 where id = 3`,
    ])
    const { rows, partial } = await replayed(names, 'docs')
    expect(partial).toBeGreaterThan(15)
    const wanted = await selected('docs', ['id', 'n', 'd', 'pad', 'e', 'u', 'b'])
    const byId = new Map(rows.map(row => [row[0], row]))
    for (const row of wanted) {
      row[6] = row[6] === '\\N' ? '\\N' : Buffer.from(row[6]!).toString('base64')
      expect(byId.get(row[0])).toEqual(row)
    }
  })

  test('random documents under random changes end as SELECT shows them', async () => {
    const seed = Number(process.env.SEED ?? 20_261_121)
    const random = new RandomJson(new Random(seed))
    const rows = 40
    const statements = ['create table rnd (id int primary key, n int, a json, b json)', ON]
    for (let id = 0; id < rows; id++)
      statements.push(`insert into rnd values (${id}, 0, ${random.document()}, ${random.document()})`)
    for (let i = 0; i < 600; i++) statements.push(random.update('rnd', rows))
    for (let i = 0; i < 20; i++) statements.push(random.update('rnd', rows, 'id % 3 = 1'))
    const names = await written(server, statements)
    const { rows: found, partial } = await replayed(names, 'rnd')
    expect({ seed, rows: found }).toEqual({ seed, rows: await selected('rnd', ['id', 'n', 'a', 'b']) })
    expect(partial).toBeGreaterThan(100)
  }, 120_000)

  test('inside compressed transactions, and with names in the table map', async () => {
    const names = await written(server, [
      'create table packed (id int primary key, d json)',
      `insert into packed values (1, '{"a": "${'x'.repeat(100)}", "b": 1}')`,
      ON,
      'set session binlog_transaction_compression = 1',
      'set global binlog_row_metadata = FULL',
      `update packed set d = json_set(d, '$.b', 2)`,
      'set global binlog_row_metadata = MINIMAL',
    ])
    const { rows, partial } = await replayed(names, 'packed')
    expect(partial).toBe(1)
    expect(rows).toEqual(await selected('packed', ['id', 'd']))
  })

  test('with binlog_row_image = NOBLOB the document before the change is in the binlog all the same', async () => {
    const names = await written(server, [
      'create table noblob (id int primary key, d json)',
      `insert into noblob values (1, '{"a": "${'x'.repeat(100)}", "b": 1}')`,
      ON,
      'set session binlog_row_image = NOBLOB',
      `update noblob set d = json_set(d, '$.b', 2)`,
    ])
    const { rows, partial } = await replayed(names, 'noblob')
    expect(partial).toBe(1)
    expect(rows).toEqual(await selected('noblob', ['id', 'd']))
  })

  test('with binlog_row_image = MINIMAL it is said that the document is missing; tables nobody wants are passed over', async () => {
    const names = await written(server, [
      'create table lacking (id int primary key, d json)',
      `insert into lacking values (1, '{"a": "${'x'.repeat(100)}", "b": 1}')`,
      ON,
      'set session binlog_row_image = MINIMAL',
      `update lacking set d = json_set(d, '$.b', 2)`,
    ])
    await expect(readBinlogs(server, names, () => {})).rejects.toMatchObject({
      kind: 'rowImageIncomplete',
      message: expect.stringMatching(/PARTIAL_UPDATE_ROWS event that ends at .* changes parts of t\.lacking, column /),
      advice: expect.stringContaining('binlog_row_value_options'),
    })
    await readBinlogs(
      server,
      names,
      () => {},
      () => false,
    )
  })
})
