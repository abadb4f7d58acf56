import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { startSandbox } from '../../lib/sandbox/sandbox.js'
import { Engine } from '../support/engine.js'
import { Random } from '../support/random.js'
import { freshSchema, sharedServer } from '../support/servers.js'
import { ShapedTables } from '../support/shaped-tables.js'

const KILLED_ENGINE = resolve('dist/test/support/killed-engine.js')
const STEPS = ['sealed', 'planned', 'sending', 'sent', 'committed', 'saving', 'fsync'] as const
const ROWS = Number(process.env.SHAPED_ROWS ?? 4000)
const KILLS = Number(process.env.KILLS ?? 2)
const SEED = Number(process.env.SEED ?? 20_261_121)
/** How long something that must happen may take; how fast it happens decides nothing. */
const PATIENCE_MS = 120_000

test.each([
  ['labels', 'mysql', '3.3.0'],
  ['atomic', 'mariadb', '4.1.0'],
] as const)(
  'filters, computed columns, sums and marked deletes with delivery = "%s" from %s, copied and killed under traffic: as SELECT says',
  async (delivery, source, emulatedVersion) => {
    const server = await sharedServer(source)
    const random = new Random(SEED)
    const schema = await freshSchema(server)
    const tables = await ShapedTables.create(server, schema, ROWS, random)
    const ports = { feHttpPort: 0, beHttpPort: 0, mysqlPort: 0 }
    const sandbox = await startSandbox({ ...ports, dataDir: null, user: 'root', password: '', emulatedVersion })
    const engine = await Engine.create('shaped-')
    const isCopied = () => engine.copies.length === 2 && engine.copies.every(({ state }) => state === 'copied')
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
      await engine.configure({
        mysqlPort: server.port,
        fePort: sandbox.mysqlPort,
        feHttpPort: sandbox.feHttpPort,
        flavor: server.kind,
        schema,
        top: { delivery, flush_interval_ms: 100, concurrent_size: 3, load_timeout_ms: 20_000 },
        blocks: `[snapshot]\nmode = "initial"\nconnections = 2\nchunk_rows = ${Math.round(ROWS / 30)}\nrate_rows = ${Math.round(ROWS / 4)}\n\n${tables.rules}`,
      })
      tables.start()
      for (let kills = 0; kills < KILLS; kills++) await killAtStep()
      engine.start()
      await until('end of the copy', isCopied)
      // From here on every row that goes is marked.
      const known = await tables.ids('items')
      await engine.stop('SIGKILL')
      for (let kills = 0; kills < KILLS; kills++) await killAtStep()
      engine.start()
      await delay(500)
      await tables.stop()
      await engine.caughtUp(120)
      expect(await tables.judge(sandbox.mysqlPort, known)).toEqual([])
      const account = (await engine.status()).tables[`${schema}.orders`]?.[`${schema}.large_orders`]
      expect(account?.filtered).toBeGreaterThan(0)
      expect(account?.decoded).toBe(account!.filtered + account!.collapsed + account!.loaded)
    } finally {
      await tables.stop().finally(() => engine.destroy().finally(() => sandbox.close()))
    }
  },
  600_000,
)
