import { expect, test } from '@jest/globals'
import type { FaultName } from '../../lib/sandbox/fault-names.js'
import type { FaultSetting } from '../../lib/sandbox/faults.js'
import { KillRun } from '../support/kill-run.js'
import { Random } from '../support/random.js'

const ROUNDS = 45
const NOBODY = '127.0.0.1:9'

interface Round {
  /** The fault that must strike. */
  readonly fault: FaultName
  readonly settings: (times: number) => Partial<Record<FaultName, FaultSetting>>
  /** Only where there are transactions over several tables. */
  readonly multi?: true
}

const plain = (fault: FaultName): Round => ({ fault, settings: times => ({ [fault]: times }) })
const hold = (fault: FaultName): Round => ({ fault, settings: () => ({ [fault]: { times: 1 } }) })

const FAULTS: readonly Round[] = [
  plain('noBackendAlive'),
  plain('unauthorized'),
  plain('followerRedirect'),
  { fault: 'redirectTo', settings: times => ({ redirectTo: { times, value: NOBODY } }) },
  plain('feError'),
  { fault: 'stateUnknown', settings: times => ({ stateUnknown: times, answerLost: 1 }) },
  { fault: 'leaderChange', settings: times => ({ leaderChange: times }), multi: true },
  { fault: 'commitOkButAborted', settings: times => ({ commitOkButAborted: times }), multi: true },
  { fault: 'slowContinueMs', settings: times => ({ slowContinueMs: { times, value: 300 } }) },
  plain('cutBody'),
  plain('runningTxnLimit'),
  plain('tooManyVersions'),
  { fault: 'failedWith200', settings: times => ({ failedWith200: { times, value: 'the disk is on fire' } }) },
  plain('publishTimeout'),
  plain('answerLost'),
  plain('garbageReply'),
  hold('holdBegin'),
  hold('holdContinue'),
  hold('holdBody'),
  hold('holdCommit'),
  hold('holdAnswer'),
]

test.each([
  ['labels', 'mariadb'],
  ['atomic', 'mysql'],
] as const)(
  'every fault of the sandbox under traffic with delivery = "%s" from %s',
  async (delivery, source) => {
    const random = new Random(4711)
    const faults = FAULTS.filter(round => delivery === 'atomic' || round.multi !== true)
    const run = await KillRun.create(source, delivery, random)
    const { faults: board } = run.sandbox
    const ended = new Map<string, number>()
    let last = ''
    /** What only an operator can mend stops the engine; it is started again as by one. */
    const again = () => {
      if (run.engine.alive) return
      const times = (ended.get(last) ?? 0) + 1
      if (times > ROUNDS) throw new Error(`ended again and again after ${last}: ${run.engine.output}`)
      ended.set(last, times)
      run.run()
    }
    try {
      run.run()
      await run.caughtUp()
      run.traffic.start()
      for (let n = 0; n < ROUNDS; n++) {
        const { fault, settings } = faults[n < faults.length ? n : random.below(faults.length)]!
        const before = board.struck(fault)
        board.set(settings(1 + random.below(3)) as Record<string, FaultSetting>)
        await run.until(`${fault} at work`, () => board.struck(fault) > before, again)
        last = fault
        await run.traffic.more(20)
        board.clear()
        again()
      }
      const verdict = await run.verify()
      expect(verdict.differences).toEqual([])
      expect(verdict.rows).toBeGreaterThan(run.traffic.itemChanges)
      expect(faults.filter(({ fault }) => board.struck(fault) === 0)).toEqual([])
      expect([...ended.keys()].filter(fault => fault !== 'unauthorized' && fault !== 'failedWith200')).toEqual([])
      process.stderr.write(
        `${delivery}: ${ROUNDS} rounds, stopped by ${JSON.stringify([...ended])}, ${verdict.rows} rows equal\n`,
      )
    } finally {
      await run.close()
    }
  },
  600_000,
)
