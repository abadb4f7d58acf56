import { cp, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { KillRun } from '../support/kill-run.js'
import { Random } from '../support/random.js'

let run: KillRun
beforeEach(async () => {
  run = await KillRun.create('mysql', 'atomic', new Random(7))
})
afterEach(() => run?.close())

/** Traffic that the engine has followed, and is then ended in the middle of. */
async function followed(end: NodeJS.Signals): Promise<void> {
  run.run()
  run.traffic.start()
  await run.traffic.more(100)
  await run.caughtUp()
  await run.traffic.more(50)
  await run.engine.stop(end)
}

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'var/ is gone after %s: nothing is lost, nothing is there twice',
  async end => {
    await followed(end)
    await rm(dirname(run.engine.masterInfo), { recursive: true })
    await run.traffic.more(50)
    const verdict = await run.verify()
    expect(verdict.differences).toEqual([])
    expect(verdict.rows).toBeGreaterThan(run.traffic.itemChanges)
  },
  180_000,
)

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'an old master.info is put back after %s: the target knows better',
  async end => {
    await followed('SIGTERM')
    const old = join(run.engine.folder, 'old.info')
    await cp(run.engine.masterInfo, old)
    await followed(end)
    await cp(old, run.engine.masterInfo)
    await run.traffic.more(50)
    expect((await run.verify()).differences).toEqual([])
  },
  180_000,
)
