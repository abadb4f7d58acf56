import { describe, expect, test } from '@jest/globals'
import { type Parking, type SettingAside, setBadRowsAside, supersedeParked } from '../../lib/dispatch/bad-rows.js'
import type { Load } from '../../lib/dispatch/sink.js'
import type { DeadLetter } from '../../lib/model/dead-letter.js'
import { asFailure } from '../../lib/model/failure.js'
import type { Happening } from '../../lib/model/observer.js'
import { readRows, type TracedChange, tracedLoad } from '../support/traced-loads.js'

/** Refuses values longer than three characters. */
const judge = async (load: Load) => {
  const bad = readRows(load).find(([, value]) => value.length > 3)
  return bad === undefined ? null : `"${bad[1]}" is too long`
}

function rig(changes: Partial<SettingAside> = {}) {
  const told: string[] = []
  const letters: DeadLetter[] = []
  const happenings: Happening[] = []
  const parking: Parking = {
    park: async parked => {
      told.push(`park ${parked.map(letter => letter.key.k).join()}`)
      letters.push(...parked)
    },
    supersede: async ids => {
      told.push(`supersede ${ids.map(({ id, by }) => `${id} by ${by}`).join()}`)
    },
    parkedIn: () => false,
    touch: () => [],
    ...changes.parking,
  }
  const parts: SettingAside = {
    judge,
    maxParked: 100,
    server: 'u-1',
    now: () => 5000,
    observer: happening => happenings.push(happening),
    ...changes,
    parking,
  }
  return { told, letters, happenings, parts, parking }
}

const change = (key: string, value: string, binPos: number, more: Partial<TracedChange> = {}): TracedChange => ({
  key,
  value,
  binPos,
  ...more,
})

describe.each(['csv', 'json'] as const)('%s: the bad rows of a load', format => {
  const changes = [
    change('1', 'ok', 10),
    change('22', 'much too long', 20),
    change('333', 'ok', 30, { deletes: true }),
    change('4', 'longer', 40, { source: 's.other' }),
    change('5', 'ok', 50),
  ]

  test('are parked with all that is known of them, and the rest stays in order', async () => {
    const { told, letters, parts } = rig()
    const traced = tracedLoad(changes, format)
    const rest = await setBadRowsAside(traced, 'refused', parts)
    expect(told).toEqual(['park 22,4'])
    expect(readRows({ ...traced.load, ...rest })).toEqual([
      ['1', 'ok', '0'],
      ['333', 'ok', '1'],
      ['5', 'ok', '0'],
    ])
    expect(rest).toMatchObject({ rows: 3, parked: 2, bytes: Buffer.concat(rest.body).length })
    expect([0, 1, 2].map(i => rest.trace.place(i).binPos)).toEqual([10, 30, 50])
    expect(letters[0]).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{16}$/),
      atMs: 5000,
      source: 's.t',
      target: 'd.t',
      rule: 'rule',
      mode: 'upsert',
      op: 'insert',
      server: 'u-1',
      place: { binName: 'b.000001', binPos: 20, event: 0, row: 0, takesAway: false },
      commitMs: 20,
      reason: '"much too long" is too long',
      key: { k: '22' },
      keyHash: 2,
      before: null,
      after: '{"length":13}',
      load: {
        database: 'd',
        table: 't',
        model: 'primary',
        key: ['k'],
        format,
        columns: traced.load.columns,
        columnSeparator: '\\x01',
        rowDelimiter: '\\x02',
        row: Buffer.from(
          format === 'csv' ? '22\x01much too long\x010\x02' : '{"k":"22","v":"much too long","__op":"0"}',
        ),
      },
    })
    expect(letters[1]).toMatchObject({ source: 's.other', reason: '"longer" is too long', key: { k: '4' } })
  })

  test('have ids that stay the same, and differ', async () => {
    const [first, second, other] = [rig(), rig(), rig({ server: 'u-2' })]
    for (const { parts } of [first, second, other]) await setBadRowsAside(tracedLoad(changes, format), 'x', parts)
    const ids = (of: typeof first) => of.letters.map(letter => letter.id)
    expect(ids(second)).toEqual(ids(first))
    expect(new Set([...ids(first), ...ids(other)]).size).toBe(4)
  })

  test('are told once for each source table', async () => {
    const { happenings, parts } = rig()
    await setBadRowsAside(tracedLoad([...changes, change('6', 'too long too', 60)], format), 'refused', parts)
    expect(happenings).toEqual([
      { kind: 'parked', target: 'd.t', source: 's.t', rows: 2, reason: '"much too long" is too long' },
      { kind: 'parked', target: 'd.t', source: 's.other', rows: 1, reason: '"longer" is too long' },
    ])
  })

  test('may be all of it', async () => {
    const rest = await setBadRowsAside(tracedLoad([change('1', 'much too long', 10)], format), 'x', rig().parts)
    expect(rest).toMatchObject({ rows: 0, parked: 1 })
  })
})

test('too many: nothing is parked', async () => {
  const { told, parts } = rig({ maxParked: 1 })
  const changes = [change('1', 'too long', 1), change('2', 'ok', 2), change('3', 'too long', 3)]
  expect(await setBadRowsAside(tracedLoad(changes), 'x', parts).catch(asFailure)).toMatchObject({ kind: 'rowRejected' })
  expect(told).toEqual([])
})

test('the load waits until what it supersedes is on disk, and its happening until the rows are parked', async () => {
  const steps: string[] = []
  const parking: Partial<Parking> = {
    park: async () => {
      await new Promise(resolve => setImmediate(resolve))
      steps.push('parked')
    },
    parkedIn: () => true,
    touch: (_target, hash, row) => (hash === 1 && row().key === '["1"]' ? ['a'] : []),
    supersede: async ids => {
      await new Promise(resolve => setImmediate(resolve))
      steps.push(`superseded ${ids.map(({ id, by }) => `${id} by ${by}`)}`)
    },
  }
  const { parts } = rig({ parking: parking as Parking, observer: () => steps.push('told') })
  const traced = tracedLoad([change('1', 'ok', 10), change('4', 'too long', 20)])
  await supersedeParked(traced, parts.parking)
  steps.push('loads')
  await setBadRowsAside(traced, 'x', parts)
  expect(steps).toEqual([
    'superseded a by b.000001:10, event 0, row 0',
    'loads',
    'parked',
    'superseded a by b.000001:10, event 0, row 0',
    'told',
  ])
})
