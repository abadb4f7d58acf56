import { expect, test } from '@jest/globals'
import type { CopyRecord } from '../../lib/model/copy-record.js'
import { Failure } from '../../lib/model/failure.js'
import { ruleBookOf } from '../../lib/registry.js'
import { refuseFilledTargets } from '../../lib/snapshot/filled-targets.js'
import { load, MINIMAL } from '../support/config-text.js'
import { copyRecord } from '../support/copy-records.js'

const rule = (table: string, lines: string) => `[[rule]]\nschema = "shop"\ntable = "${table}"\n${lines}\n`
const BOOK = ruleBookOf(
  load(`${MINIMAL}
${rule('orders', '')}
${rule('/^log_[0-9]+$/', 'sr_table = "logs"\nmode = "append"')}
${rule('/^named_[0-9]+$/', 'sr_table = "named"\nmode = "append"\nconstants = { shard = "$table" }')}
${rule('/^alike_[0-9]+$/', 'sr_table = "alike"\nmode = "append"\nconstants = { shard = "one" }')}
${rule('lines', 'transform = "m.mjs"\ntransform_key = ["id", "no"]')}
${rule('/^side_([0-9]+)$/', 'sr_table = "sides"\nmode = "partial"\nconstants = { in_side = "1" }\non_delete = "nullify"')}
${rule('sums', 'group_by = ["day"]\nmeasures = { n = "count(*)" }')}`),
)
const TARGETS: Readonly<Record<string, string>> = {
  log: 'demo.logs',
  named: 'demo.named',
  alike: 'demo.alike',
  side: 'demo.sides',
}

function record(table: string, about: Partial<CopyRecord> = {}): CopyRecord {
  return copyRecord(table, { targets: [TARGETS[table.split('_')[0]!] ?? `demo.${table}`], ...about })
}

/** What a start that begins these copies says, where these targets have rows: names, or names with their constants. */
async function begin(begun: readonly CopyRecord[], rows: readonly string[], records: readonly CopyRecord[] = []) {
  const told: string[] = []
  const failure = await refuseFilledTargets(begun, {
    book: BOOK,
    records,
    sink: {
      holdsRows: async ({ table }, constants) => rows.includes([table, ...constants.map(({ text }) => text)].join(' ')),
    },
    observer: happening => happening.kind === 'warning' && told.push(happening.message),
  }).then(
    () => null,
    (error: Failure) => error,
  )
  return { failure, told }
}

test.each(['log_1', 'sums', 'lines'])(
  '%s is not copied into a target of changes or sums that has rows',
  async table => {
    expect(await begin([record(table)], [])).toEqual({ failure: null, told: [] })
    const target = record(table).targets[0]!
    const { failure } = await begin([record('orders'), record(table)], [target.split('.')[1]!])
    expect(failure).toBeInstanceOf(Failure)
    expect(failure).toMatchObject({
      kind: 'snapshotUnfit',
      message: expect.stringContaining(`shop.${table} would be copied into ${target}`),
      advice: expect.stringMatching(new RegExp(`data_dir.*TRUNCATE TABLE ${target}.*"never"`)),
    })
  },
)

test('a target of rows by key may have rows; that they are there is told', async () => {
  const { failure, told } = await begin([record('orders')], ['orders'])
  expect(failure).toBeNull()
  expect(told).toEqual([expect.stringContaining('demo.orders had rows before the copy began')])
  expect(await begin([record('orders', { deadRows: true })], ['orders'])).toEqual({ failure: null, told: [] })
})

test('a side of a fused row comes to rows that another side made: nothing is to be told', async () => {
  const rows = ['sides']
  for (const state of ['waiting', 'copying', 'copied'] as const)
    expect(await begin([record('side_2')], rows, [record('side_1', { state })])).toEqual({ failure: null, told: [] })
  const { failure, told } = await begin([record('side_1'), record('side_2')], rows)
  expect([failure, told]).toEqual([null, [expect.stringContaining('demo.sides had rows before the copy began')]])
})

test('a copy that was begun goes on, and nothing is asked of its target', async () => {
  const going = record('log_1', { state: 'copying', frontier: ['7'], rows: 7 })
  const followed = record('log_2', { state: 'followed', reason: 'before' })
  expect(await begin([going, followed], ['logs'])).toEqual({ failure: null, told: [] })
})

test('tables that begin together in one target need it empty', async () => {
  const both = [record('log_1'), record('log_2')]
  expect((await begin(both, [])).failure).toBeNull()
  expect((await begin(both, ['logs'], both)).failure).toMatchObject({ kind: 'snapshotUnfit' })
})

test('a table comes to a target that others fill: constants tell whose rows are there, else it is told', async () => {
  const copied = (table: string) => [record(table, { state: 'copied', frontier: ['9'], rows: 9 })]
  const named = (rows: string[]) => begin([record('named_2')], ['named', ...rows], copied('named_1'))
  expect(await named(['named named_1'])).toEqual({ failure: null, told: [] })
  expect((await named(['named named_2'])).failure).toMatchObject({ kind: 'snapshotUnfit' })
  for (const [table, other] of [
    ['log_2', 'log_1'],
    ['alike_2', 'alike_1'],
  ] as const) {
    const { failure, told } = await begin([record(table)], ['logs', 'alike', 'alike one'], copied(other))
    expect([failure, told]).toEqual([null, [expect.stringContaining(`Rows of shop.${table} that an earlier run`)]])
  }
})

test('a table comes while the first chunks of another are on their way into the target: they are taken for whose they are', async () => {
  for (const state of ['waiting', 'copying'] as const) {
    const going = [record('named_1', { state })]
    expect(await begin([record('named_2')], ['named', 'named named_1'], going)).toEqual({ failure: null, told: [] })
    const { failure } = await begin([record('named_2')], ['named', 'named named_2'], going)
    expect(failure).toMatchObject({ kind: 'snapshotUnfit' })
    expect(await begin([record('log_2')], ['logs'], [record('log_1', { state })])).toEqual({
      failure: null,
      told: [expect.stringContaining('where rows of shop.log_1 are')],
    })
    // Its own record says nothing of others.
    expect((await begin([record('log_2')], ['logs'], [record('log_2', { state })])).failure).not.toBeNull()
  }
})

test('a table that shares its target and has no rule any more may have left any rows', async () => {
  const gone = record('gone', { state: 'copied', frontier: ['9'], targets: ['demo.named'] })
  const { failure, told } = await begin([record('named_2')], ['named named_2'], [gone])
  expect([failure, told]).toEqual([null, [expect.stringContaining('where rows of shop.gone are')]])
})
