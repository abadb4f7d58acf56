import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import type { PositionMark, SinkTransaction } from '../../lib/dispatch/sink.js'
import { asFailure } from '../../lib/model/failure.js'
import { FAULTS, type FaultName, type FaultOp } from '../../lib/sandbox/fault-names.js'
import type { FaultRule } from '../../lib/sandbox/faults.js'
import { positionTable } from '../../lib/starrocks/sync-position.js'
import { TargetBench } from '../support/target-bench.js'
import { csvLoad } from './fixtures.js'

const NEVER = new AbortController().signal
const OPS: readonly FaultOp[] = ['begin', 'load', 'commit', 'rollback', 'state']
const VALUES: Partial<Record<FaultName, string | number>> = {
  redirectTo: '127.0.0.1:1',
  slowContinueMs: 1,
  failedWith200: 'Service is shutting down, please retry later!',
}

let bench: TargetBench
beforeAll(async () => {
  bench = await TargetBench.start({ emulatedVersion: '4.1.0' }, { loadTimeoutMs: 3000 })
  await bench.sink.prepare(positionTable('app'))
  // Rows that are loaded twice stay two rows here.
  for (const table of ['a', 'b'])
    await bench.session.execute(`CREATE TABLE app.${table} (id BIGINT) DUPLICATE KEY (id) DISTRIBUTED BY HASH(id)`)
})
afterAll(() => bench?.close())
afterEach(() => bench.sandbox.faults.clear())

let epoch = 0

/** One epoch of two tables, tried under one label after the other until it is known to be in; which labels were taken. */
async function deliver(): Promise<readonly string[]> {
  epoch += 1
  const start = { binName: 'b.000001', binPos: epoch, gtidSet: '', serverUuid: 'u' }
  const mark: PositionMark = { task: 't', epoch, start, end: { ...start, binPos: epoch + 1 }, databases: ['app'] }
  const labels: string[] = []
  while (labels.length < 12) {
    const label = `e-${epoch}-${labels.length}`
    labels.push(label)
    let transaction: SinkTransaction | null = null
    try {
      transaction = await bench.sink.begin('app', label, NEVER)
      for (const table of ['a', 'b', 'a']) await transaction.load(rowFor(table), NEVER)
      await transaction.commit(mark, NEVER)
      return labels
    } catch (error) {
      const failure = asFailure(error)
      if (failure.kind === 'internal') throw failure
      await transaction?.rollback()
      if (transaction !== null && (await settled(label)) === 'committed') return labels
    }
  }
  throw new Error('it never went through')
}

async function settled(label: string): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await bench.sink.settleTransaction('app', label, NEVER)
    } catch (error) {
      if (attempt === 12) throw error
    }
  }
}

function rowFor(table: string) {
  const target = { database: 'app', table, model: 'duplicate', columns: [], key: ['id'] } as const
  return csvLoad([`${epoch}\x02`], { target, columns: '`id`' })
}

/** A transaction over several tables is begun by the FE alone. */
const NEVER_STRIKE = ['noBackendAlive begin', 'redirectTo begin']

const CASES = Object.entries(FAULTS).flatMap(([name, { usual, also = [] }]) =>
  name.startsWith('hold')
    ? []
    : [...usual, ...also]
        .filter(op => OPS.includes(op) && !NEVER_STRIKE.includes(`${name} ${op}`))
        .map(op => [name as FaultName, op] as const),
)

test.each(CASES)('%s at %s, once and three times: the epoch is in exactly once', async (name, op) => {
  for (const times of [1, 3]) {
    const value = VALUES[name]
    const rule: FaultRule = { times, op, ...(value === undefined ? {} : { value }) }
    // A rollback is asked for when something else went wrong.
    const faults = op === 'rollback' ? { [name]: rule, cutBody: 1 } : { [name]: rule }
    bench.sandbox.faults.set(faults)
    await deliver()
    bench.sandbox.faults.clear()
    for (const [table, count] of [
      ['a', '2'],
      ['b', '1'],
    ]) {
      const [row] = await bench.session.query(`SELECT COUNT(*) AS n FROM app.${table} WHERE id = ${epoch}`)
      expect([table, row!.get('n')]).toEqual([table, count])
    }
    expect((await bench.sink.readMarks(['app'], 't')).get('app')).toMatchObject({ epoch })
  }
  expect(bench.sandbox.faults.struck(name)).toBeGreaterThan(0)
})

test('there are faults to try', () => {
  expect(CASES.length).toBeGreaterThan(30)
})
