import { expect, test } from '@jest/globals'
import { Random } from '../support/random.js'
import { sharedServer } from '../support/servers.js'
import { SnapshotRun } from '../support/snapshot-run.js'

const ROWS = Number(process.env.SNAPSHOT_ROWS ?? 20_000)
const KILLS = Number(process.env.KILLS ?? 6)
const SEED = Number(process.env.SEED ?? 20_260_105)

test.each([
  ['labels', 'mysql'],
  ['atomic', 'mariadb'],
] as const)(
  'rows that were there and traffic, with delivery = "%s" from %s, killed again and again: equal, each change once, sums exact',
  async (delivery, source) => {
    const chunk = Math.max(200, Math.round(ROWS / 60))
    const random = new Random(SEED)
    // So slow that each life of the engine ends before the copy does.
    const rate = Math.round(ROWS / (5 * KILLS))
    const snapshot = `mode = "initial"\nconnections = 2\nchunk_rows = ${chunk}\nrate_rows = ${rate}`
    const run = await SnapshotRun.create(await sharedServer(source), delivery, ROWS, random, snapshot)
    try {
      run.tables.start()
      const began = Date.now()
      const kills: string[] = []
      while (kills.length < KILLS) {
        const rows = Math.round((ROWS * kills.length) / (KILLS + 1))
        kills.push(await run.killBehind(rows, kills.length % 2 === 1))
      }
      expect(run.engine.isCopied).toBe(false)
      await run.finish()
      const seconds = (Date.now() - began) / 1000
      await run.tables.stop()
      await run.engine.caughtUp(120)
      const verdict = await run.tables.judge(run.sandbox.mysqlPort)
      expect(verdict.differences).toEqual([])
      expect(verdict.rows).toBeGreaterThan(ROWS * 0.8)
      process.stderr.write(
        `${delivery} from ${source}: ${ROWS} rows copied in ${seconds.toFixed(1)} s through ${kills.length} kills (${kills.join(', ')}), ${run.tables.transactions} transactions meanwhile, ${verdict.rows} rows compared\n`,
      )
    } finally {
      await run.close()
    }
  },
  900_000,
)
