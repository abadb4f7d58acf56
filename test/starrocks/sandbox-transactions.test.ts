import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import type { Load, PositionMark } from '../../lib/dispatch/sink.js'
import type { TargetTable } from '../../lib/model/schema.js'
import { StarRocksSink } from '../../lib/starrocks/starrocks-sink.js'
import { positionTable } from '../../lib/starrocks/sync-position.js'
import { rejectionOf } from '../support/failure-of.js'
import { TargetBench } from '../support/target-bench.js'
import { csvLoad } from './fixtures.js'

const NEVER = new AbortController().signal
const PATIENCE = { loadTimeoutMs: 5000 }
let bench: TargetBench
let a: TargetTable
let b: TargetTable

beforeAll(async () => {
  bench = await TargetBench.start({ emulatedVersion: '4.1.0' }, PATIENCE)
  a = await bench.sink.prepare(request('a'))
  b = await bench.sink.prepare(request('b'))
  await bench.sink.prepare(positionTable('fresh'))
})
afterAll(() => bench?.close())
afterEach(async () => {
  bench.sandbox.faults.clear()
  for (const table of [a, b]) await bench.sink.truncate(table)
  await bench.sink.removeMark('fresh', 'task')
})

function request(table: string) {
  const columns = [
    { name: 'id', type: 'bigint', nullable: false, comment: '' },
    { name: 'name', type: 'varchar(5)', nullable: true, comment: '' },
  ]
  return {
    database: 'fresh',
    table,
    model: 'primary',
    columns,
    key: ['id'],
    comment: '',
    missingColumns: 'add',
  } as const
}

let labels = 0
function label(): string {
  labels += 1
  return `tx-${labels}`
}

function rows(target: TargetTable, values: readonly string[], more: Partial<Load> = {}): Load {
  const body = values.map(value => `${value.replaceAll(',', '\x01')}\x010\x02`)
  return csvLoad(body, { target, label: label(), columns: '`id`,`name`,__op', ...more })
}

function mark(epoch: number): PositionMark {
  const start = { binName: 'b.000001', binPos: 4, gtidSet: '', serverUuid: 'u' }
  return { task: 'task', epoch, start, end: { ...start, binPos: 4 + epoch }, databases: ['fresh'] }
}

async function contents(): Promise<Record<string, string[]>> {
  const read = async (table: string) =>
    (await bench.session.query(`SELECT id, name FROM fresh.${table} ORDER BY id`)).map(row => [...row.values()].join())
  return { a: await read('a'), b: await read('b') }
}

const epochOf = async () => (await bench.sink.readMarks(['fresh'], 'task')).get('fresh')?.epoch

test('several loads of two tables and the mark become visible together', async () => {
  const name = label()
  const transaction = await bench.sink.begin('fresh', name, NEVER)
  await Promise.all([
    transaction.load(rows(a, ['1,ann', '2,bob']), NEVER).then(() => transaction.load(rows(a, ['1,eve']), NEVER)),
    transaction.load(rows(b, ['7,x']), NEVER),
  ])
  expect(await contents()).toEqual({ a: [], b: [] })
  expect(await epochOf()).toBeUndefined()
  await transaction.commit(mark(1), NEVER)
  expect(await contents()).toEqual({ a: ['1,eve', '2,bob'], b: ['7,x'] })
  expect(await bench.sink.readMarks(['fresh'], 'task')).toEqual(new Map([['fresh', mark(1)]]))
  expect(await rejectionOf(bench.sink.begin('fresh', name, NEVER))).toMatchObject({ kind: 'labelTaken' })
  expect(await bench.sink.settleTransaction('fresh', name, NEVER)).toBe('committed')
  expect(await epochOf()).toBe(1)
})

test('an epoch without rows moves the mark alone', async () => {
  for (const epoch of [1, 2]) await (await bench.sink.begin('fresh', label(), NEVER)).commit(mark(epoch), NEVER)
  expect(await epochOf()).toBe(2)
})

test('rolled back, or left behind and settled: nothing of it is there, and the label is free', async () => {
  for (const end of ['rollback', 'settle'] as const) {
    const name = label()
    const transaction = await bench.sink.begin('fresh', name, NEVER)
    await transaction.load(rows(a, ['1,ann']), NEVER)
    if (end === 'rollback') await transaction.rollback()
    else expect(['aborted', 'absent']).toContain(await bench.sink.settleTransaction('fresh', name, NEVER))
    expect(await contents()).toEqual({ a: [], b: [] })
    await (await bench.sink.begin('fresh', label(), NEVER)).commit(mark(1), NEVER)
    expect(await bench.sink.settleTransaction('fresh', name, NEVER)).not.toBe('committed')
  }
})

test('a label nobody has used is absent', async () => {
  expect(await bench.sink.settleTransaction('fresh', 'never', NEVER)).toBe('absent')
  expect(await bench.sink.settleLabel('fresh', 'never', NEVER)).toBe('absent')
  const load = rows(a, ['1,ann'])
  await bench.sink.write(load, NEVER)
  expect(await bench.sink.settleLabel('fresh', load.label, NEVER)).toBe('committed')
})

test('a row that does not fit takes the whole epoch with it; the reason names the column', async () => {
  const transaction = await bench.sink.begin('fresh', label(), NEVER)
  await transaction.load(rows(b, ['7,x']), NEVER)
  const failure = await rejectionOf(
    transaction.load(rows(a, ['1,ann', '2,abcdefg']), NEVER).then(() => transaction.commit(mark(1), NEVER)),
  )
  await transaction.rollback()
  expect(failure).toMatchObject({ kind: 'rowRejected', message: expect.stringMatching(/because of column name/) })
  expect(await contents()).toEqual({ a: [], b: [] })
  expect(await epochOf()).toBeUndefined()
})

describe('dry runs', () => {
  test('tell good rows from bad and keep none', async () => {
    const [good, bad] = [rows(a, ['1,ann', '2,bob']), rows(a, ['1,ann', '2,abcdefg'])]
    expect(await bench.sink.dryRun(good, NEVER)).toBeNull()
    expect(await bench.sink.dryRun(bad, NEVER)).toMatch(/^StarRocks rejected rows because of column name: .*abcdefg/)
    expect(await contents()).toEqual({ a: [], b: [] })
    // The load's own label is still free.
    expect(await bench.sink.write(good, NEVER)).toEqual({ rows: 2 })
  })

  test('leave no transaction open', async () => {
    const seen: string[] = []
    bench.sandbox.faults.set({
      followerRedirect: target => {
        if (target.op === 'begin') seen.push(target.label)
        return false
      },
    })
    await bench.sink.dryRun(rows(a, ['1,ann']), NEVER)
    await bench.sink.dryRun(rows(a, ['1,abcdefg']), NEVER)
    expect(seen.length).toBeGreaterThanOrEqual(2)
    for (const name of seen) expect(await bench.sink.settleLabel('fresh', name, NEVER)).toBe('aborted')
  })

  test('work where BEs are given directly', async () => {
    const direct = new StarRocksSink({ ...bench.options, backends: [`127.0.0.1:${bench.sandbox.beHttpPort}`] })
    try {
      expect(await direct.dryRun(rows(a, ['1,ann']), NEVER)).toBeNull()
      expect(await direct.dryRun(rows(a, ['1,abcdefg']), NEVER)).toMatch(/column name/)
      expect(await contents()).toEqual({ a: [], b: [] })
    } finally {
      await direct.close()
    }
  })
})

describe('whether transactions can be relied on', () => {
  test('they can; the try leaves nothing', async () => {
    expect(await bench.sink.lacksTransactions(['fresh', 'other'], 'task', NEVER)).toBeNull()
    expect(await bench.session.query('SELECT * FROM fresh._sync_position')).toEqual([])
  })

  test('not in 3.5', async () => {
    const old = await TargetBench.start({ emulatedVersion: '3.5.2' }, PATIENCE)
    try {
      expect(await old.sink.lacksTransactions(['fresh'], 'task', NEVER)).toMatch(
        /^StarRocks 3\.5\.2\S* is older than 4\.0\.7/,
      )
      // Told to try all the same, it finds out.
      const why = await old.sink.lacksTransactions(['fresh'], 'task', NEVER, '3.0.0')
      expect(why).not.toBeNull()
    } finally {
      await old.close()
    }
  })
})

describe('faults', () => {
  test('a follower before the leader', async () => {
    let redirected = false
    bench.sandbox.faults.set({
      followerRedirect: () => {
        redirected = !redirected
        return redirected
      },
    })
    const transaction = await bench.sink.begin('fresh', label(), NEVER)
    await transaction.load(rows(a, ['1,ann']), NEVER)
    await transaction.commit(mark(1), NEVER)
    expect(await bench.sink.dryRun(rows(a, ['1,ann']), NEVER)).toBeNull()
    expect(await contents()).toEqual({ a: ['1,ann'], b: [] })
    expect(bench.sandbox.faults.struck('followerRedirect')).toBeGreaterThan(1)
  })

  test.each([
    ['redirectTo', '127.0.0.1:1', 'targetUnreachable'],
    ['cutBody', 1, 'targetUnreachable'],
    ['unauthorized', true, 'targetDenied'],
  ])(
    '%s during a load: rolled back, nothing is there, and the next transaction goes through',
    async (fault, setting, kind) => {
      const transaction = await bench.sink.begin('fresh', label(), NEVER)
      await transaction.load(rows(b, ['7,x']), NEVER)
      bench.sandbox.faults.set({ [fault]: setting })
      expect(await rejectionOf(transaction.load(rows(a, ['1,ann']), NEVER))).toMatchObject({ kind })
      bench.sandbox.faults.clear()
      await transaction.rollback()
      expect(await contents()).toEqual({ a: [], b: [] })
      const next = await bench.sink.begin('fresh', label(), NEVER)
      await next.load(rows(a, ['1,ann']), NEVER)
      await next.commit(mark(1), NEVER)
      expect(await contents()).toEqual({ a: ['1,ann'], b: [] })
    },
  )
})
