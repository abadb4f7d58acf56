import { readFileSync } from 'node:fs'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { FAILURES } from '../../lib/model/failure.js'
import { startSandbox } from '../../lib/sandbox/sandbox.js'
import { Engine } from '../support/engine.js'
import { OrderTraffic } from '../support/order-traffic.js'
import { Random } from '../support/random.js'
import { freshSchema, sharedServer } from '../support/servers.js'
import { SyncBench } from '../support/sync-bench.js'

const KILLED_ENGINE = resolve('dist/test/support/killed-engine.js')
const EXAMPLES = resolve('rules/examples')
const STEPS = ['sealed', 'planned', 'sending', 'sent', 'committed', 'saving', 'fsync'] as const
const ROWS = Number(process.env.TRANSFORM_ROWS ?? 1500)
const KILLS = Number(process.env.KILLS ?? 2)
const SEED = Number(process.env.SEED ?? 20_261_121)
/** How long something that must happen may take; how fast it happens decides nothing. */
const PATIENCE_MS = 120_000

test.each([
  ['labels', 'mysql', '3.3.0'],
  ['atomic', 'mariadb', '4.1.0'],
] as const)(
  'the example module with delivery = "%s" from %s, copied and killed under traffic: its rows are those of JSON_TABLE',
  async (delivery, source, emulatedVersion) => {
    const server = await sharedServer(source)
    const random = new Random(SEED)
    const schema = await freshSchema(server)
    const traffic = await OrderTraffic.create(server, schema, ROWS, random)
    const ports = { feHttpPort: 0, beHttpPort: 0, mysqlPort: 0 }
    const sandbox = await startSandbox({ ...ports, dataDir: null, user: 'root', password: '', emulatedVersion })
    const engine = await Engine.create('transform-')
    const isCopied = () => {
      try {
        const { tables } = JSON.parse(readFileSync(`${engine.dataDir}/snapshot/state.json`, 'utf8'))
        return tables.length === 1 && tables[0].state === 'copied'
      } catch {
        return false
      }
    }
    const until = async (what: string, there: () => boolean) => {
      for (const deadline = Date.now() + PATIENCE_MS; !there(); await delay(10))
        if (Date.now() > deadline) throw new Error(`no ${what}: ${engine.output.slice(-2000)}`)
    }
    const killAtStep = async () => {
      const step = `${STEPS[random.below(STEPS.length)]!}:${1 + random.below(5)}`
      engine.start({ KILL_AT: step }, [KILLED_ENGINE])
      await until(`step ${step}`, () => !engine.alive)
      if (engine.signal !== 'SIGKILL')
        throw new Error(`the engine has ended before ${step}: ${engine.output.slice(-3000)}`)
    }
    try {
      await copyFile(join(EXAMPLES, 'orders.mjs'), join(engine.folder, 'orders.mjs'))
      const rules = (await readFile(join(EXAMPLES, 'transform.toml'), 'utf8')).replaceAll('"shop"', `"${schema}"`)
      await engine.configure({
        mysqlPort: server.port,
        fePort: sandbox.mysqlPort,
        feHttpPort: sandbox.feHttpPort,
        flavor: server.kind,
        schema,
        top: { delivery, flush_interval_ms: 100, concurrent_size: 3, load_timeout_ms: 20_000 },
        blocks: `[snapshot]\nmode = "initial"\nconnections = 2\nchunk_rows = ${Math.round(ROWS / 30)}\nrate_rows = ${Math.round(ROWS / 4)}\n\n${rules}`,
      })
      traffic.start()
      for (let kills = 0; kills < KILLS; kills++) await killAtStep()
      engine.start()
      await until('end of the copy', isCopied)
      await engine.stop('SIGKILL')
      await killAtStep()
      engine.start()
      await delay(500)
      await traffic.stop()
      await engine.caughtUp(120)
      expect(await traffic.judge(sandbox.mysqlPort)).toEqual([])
    } finally {
      await traffic.stop().finally(() => engine.destroy().finally(() => sandbox.close()))
    }
  },
  600_000,
)

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
