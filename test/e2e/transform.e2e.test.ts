import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { FAILURES } from '../../lib/model/failure.js'
import { SyncBench } from '../support/sync-bench.js'

describe('rows that a module fails with', () => {
  let bench: SyncBench
  beforeAll(async () => {
    bench = await SyncBench.shared('mysql')
  })
  afterAll(() => bench?.close())
  beforeEach(async () => {
    await bench.renew()
    await bench.server.sql([`create table ${bench.schema}.t (id int primary key, v varchar(20), phone varchar(20))`])
  })

  const STRICT =
    'export default ({ row }) => {\n  if (row.v === "bad") throw new Error("no " + row.phone)\n  return { row }\n}\n'
  const MILD = 'export default ({ row }) => ({ row: { ...row, v: row.v.toUpperCase() } })\n'
  const lines = 'transform = "rows.mjs"\nmask = { phone = "keep(1,1)" }'
  const module = (text: string) => writeFile(join(bench.engine.folder, 'rows.mjs'), text)
  const configure = (on_bad_row: string) => bench.configure({ top: { on_bad_row }, blocks: bench.blocks({ t: lines }) })
  const rows = () => bench.target(`select id, v, phone from ${bench.schema}.t order by id`)

  test('are parked, masked, with the stream going on; behind a reload with another text they are copied again', async () => {
    const { engine, schema } = bench
    await module(STRICT)
    await configure('dead_letter')
    engine.start()
    await engine.caughtUp()
    await bench.server.sql([
      `insert into ${schema}.t values (1, 'a', '1secret9'), (2, 'bad', '2secret8'), (3, 'c', null)`,
    ])
    await engine.caughtUp()
    expect((await rows()).map(({ id }) => id)).toEqual([1, 3])
    const [letter] = JSON.parse((await engine.cli('dlq', 'list', '--json')).stdout)
    expect(letter).toMatchObject({ target: `${schema}.t`, op: 'insert' })
    expect(letter.reason).toContain('(rows.mjs:2) throws: no 2******8, in the row with key {"id":"2"}')
    const { stdout } = await engine.cli('dlq', 'show', letter.id)
    expect(stdout).toContain('"phone":"2******8"')
    expect(stdout).not.toContain('secret')

    await module(MILD)
    const reloaded = await engine.cli('reload')
    expect([reloaded.code, reloaded.stdout]).toEqual([0, expect.stringMatching(/transform: "rows\.mjs \(\w+\)" -> /)])
    await engine.cli('recopy', `${schema}.t`, '--where', 'id = 2')
    await engine.caughtUp()
    while ((await rows()).length < 3) await delay(50)
    expect(await rows()).toEqual([
      { id: 1, v: 'a', phone: '1******9' },
      { id: 2, v: 'BAD', phone: '2******8' },
      { id: 3, v: 'c', phone: null },
    ])
    await engine.stop()
    const replayed = await engine.cli('dlq', 'replay', '--all')
    expect([replayed.code, replayed.stderr]).toEqual([1, expect.stringContaining('the rule made no row of it')])
  }, 240_000)

  test('stop the stream before the row; a mended module goes on there', async () => {
    const { engine, schema } = bench
    await module(STRICT)
    await configure('stop')
    engine.start()
    await engine.caughtUp()
    await bench.server.sql([`insert into ${schema}.t values (1, 'a', '1secret9')`])
    await bench.server.sql([`insert into ${schema}.t values (2, 'bad', '2secret8')`])
    expect(await engine.ended()).toBe(FAILURES.ruleFailed.exitCode)
    expect(engine.output).toContain('(rows.mjs:2) throws: no 2******8')
    expect(engine.output).not.toContain('secret')
    await module(MILD)
    engine.start()
    await engine.caughtUp()
    expect((await rows()).map(({ id, v }) => [id, v]).at(-1)).toEqual([2, 'BAD'])
  }, 240_000)

  test('a reload with a module that cannot be loaded is refused, and the old one goes on', async () => {
    const { engine, schema } = bench
    await module(MILD)
    await configure('stop')
    engine.start()
    await engine.caughtUp()
    await module('export default () => {\n  return (\n}\n')
    const refused = await engine.cli('reload')
    expect(refused.code).not.toBe(0)
    expect(refused.stdout + refused.stderr).toContain('rows.mjs, line 3, is no JavaScript module')
    await module('export default ({ row }) => null\n')
    await bench.server.sql([`insert into ${schema}.t values (1, 'a', null)`])
    await engine.caughtUp()
    expect(await rows()).toEqual([{ id: 1, v: 'A', phone: null }])
  }, 240_000)
})
