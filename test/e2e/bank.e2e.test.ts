import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { TOTAL } from '../support/bank-traffic.js'
import { killSchedule } from '../support/kill-points.js'
import { KillRun } from '../support/kill-run.js'
import { Random } from '../support/random.js'

const KILLS = 12
const FAULTS = ['answerLost', 'publishTimeout', 'cutBody', 'leaderChange', 'feError', 'commitOkButAborted'] as const

/** Reads the money of both tables in one statement, over and over; how often each total was seen. */
async function watchTotal(run: KillRun, signal: AbortSignal): Promise<Map<number, number>> {
  const seen = new Map<number, number>()
  const connection = await createConnection({ host: '127.0.0.1', port: run.sandbox.mysqlPort, user: 'root' })
  try {
    while (!signal.aborted) {
      const [rows] = await connection.query<RowDataPacket[]>(
        `select sum(balance) as total from (select balance from ${run.schema}.accounts_a union all select balance from ${run.schema}.accounts_b) accounts`,
      )
      const total = Number(rows[0]?.total)
      seen.set(total, (seen.get(total) ?? 0) + 1)
      // Looking all the time would take the processor from what is looked at.
      await delay(5)
    }
    return seen
  } finally {
    connection.destroy()
  }
}

test('money that moves between two tables is never seen half moved with delivery = "atomic"', async () => {
  const random = new Random(99)
  const run = await KillRun.create('mysql', 'atomic', random)
  const done = new AbortController()
  try {
    run.run()
    await run.caughtUp()
    const watching = watchTotal(run, done.signal)
    run.traffic.start()
    for (const fault of FAULTS) {
      const before = run.sandbox.faults.struck(fault)
      run.run()
      run.sandbox.faults.set({ [fault]: 2 })
      await run.until(`${fault} at work`, () => run.sandbox.faults.struck(fault) > before)
      await run.traffic.more(30)
    }
    for (const point of killSchedule('atomic', KILLS, random)) await run.kill(point)
    const verdict = await run.verify()
    done.abort()
    const seen = await watching
    expect([...seen.keys()]).toEqual([TOTAL])
    expect(seen.get(TOTAL)).toBeGreaterThan(100)
    expect(verdict.differences).toEqual([])
    process.stderr.write(`bank: ${seen.get(TOTAL)} reads of ${TOTAL}\n`)
  } finally {
    done.abort()
    await run.close()
  }
}, 300_000)
