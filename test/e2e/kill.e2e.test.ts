import { expect, test } from '@jest/globals'
import { killPoints, killSchedule } from '../support/kill-points.js'
import { KillRun } from '../support/kill-run.js'
import { Random } from '../support/random.js'

test.each([
  ['labels', 'mysql'],
  ['atomic', 'mariadb'],
] as const)(
  'killed once at every point under traffic with delivery = "%s" from %s: every change is there, once',
  async (delivery, source) => {
    const random = new Random(20_260_101)
    const schedule = killSchedule(delivery, killPoints(delivery, random).length, random)
    const run = await KillRun.create(source, delivery, random)
    try {
      run.traffic.start()
      for (const point of schedule) await run.kill(point)
      const verdict = await run.verify()
      expect(verdict.differences).toEqual([])
      expect(verdict.rows).toBeGreaterThan(run.traffic.itemChanges)
      expect([...run.hits.keys()].sort()).toEqual(schedule.map(point => point.name).sort())
      expect(schedule.length).toBeGreaterThanOrEqual(10)
      process.stderr.write(
        `${delivery} from ${source}: ${schedule.length} kills, ${run.traffic.transactions} transactions, ${verdict.rows} rows\n`,
      )
    } finally {
      await run.close()
    }
  },
  600_000,
)
