import { readFileSync } from 'node:fs'
import { copyFile, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { startSandbox } from '../../lib/sandbox/sandbox.js'
import { Engine } from '../support/engine.js'
import { OrderTraffic } from '../support/order-traffic.js'
import { Random } from '../support/random.js'
import { freshSchema, sharedServer } from '../support/servers.js'

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
