import { expect, test } from '@jest/globals'
import { replay } from '../../lib/dead-letter/replay.js'
import type { Load } from '../../lib/dispatch/sink.js'
import type { DeadLetter, LetterChange } from '../../lib/model/dead-letter.js'
import { asFailure, Failure, type FailureKind } from '../../lib/model/failure.js'
import { letterOf } from '../support/dead-letters.js'
import { readRows } from '../support/traced-loads.js'

const row = (key: string, value: string) => ({ row: Buffer.from(`${key}\x01${value}\x010\x02`) })
const upserts = (...values: string[]) => values.map((value, i) => letterOf(`u${i}`, { load: row(String(i), value) }))

/** A sink that refuses "bad" rows, with what it was given and what was recorded, in order. */
function rig(fail: (load: Load, nth: number) => FailureKind | null = () => null) {
  const story: string[] = []
  const loads: Load[] = []
  const changes: LetterChange[] = []
  const pauses: number[] = []
  const parts = {
    sink: {
      write: async (load: Load) => {
        loads.push(load)
        const kind = fail(load, loads.length)
        const values = readRows(load).map(([, value]) => value)
        story.push(`${kind ?? 'load'} ${values}`)
        if (kind !== null) throw new Failure(kind, `${kind}!`)
        if (values.includes('bad')) throw new Failure('rowRejected', `refused of ${values.length}`)
        return { rows: load.rows }
      },
    },
    record: async (target: string, made: readonly LetterChange[]) => {
      changes.push(...made)
      story.push(`${target}: ${made.map(({ id, state }) => `${id} ${state}`)}`)
    },
    pause: async (ms: number) => pauses.push(ms),
    now: () => 9000,
    signal: new AbortController().signal,
  }
  return { story, loads, changes, pauses, run: (letters: readonly DeadLetter[]) => replay(letters, parts) }
}

test('rows of an upsert target go together, in order, and are recorded when they are in', async () => {
  const { story, loads, changes, run } = rig()
  expect(await run(upserts('a', 'b', 'c'))).toEqual({ loaded: 3, refused: 0 })
  expect(story).toEqual(['load a,b,c', 'd.t: u0 replayed,u1 replayed,u2 replayed'])
  expect(changes[0]).toEqual({ id: 'u0', state: 'replayed', atMs: 9000, by: 'replay', reason: null })
  expect(loads[0]).toMatchObject({
    label: expect.stringMatching(/^mss_dlq_[0-9a-f]{32}$/),
    target: { database: 'd', table: 't', model: 'primary', key: ['k'] },
    format: 'csv',
    columns: '`k`,`v`,__op',
    rows: 3,
    bytes: 18,
    columnSeparator: '\\x01',
    rowDelimiter: '\\x02',
  })
})

test('rows refused again stay open with the new reason, the others go in', async () => {
  const { changes, run } = rig()
  expect(await run(upserts('a', 'bad', 'c', 'd', 'bad'))).toEqual({ loaded: 3, refused: 2 })
  const open = changes.filter(({ state }) => state === 'open')
  expect(open).toEqual(['u1', 'u4'].map(id => expect.objectContaining({ id, reason: 'refused of 1' })))
  expect(changes.map(({ id }) => id)).toEqual(['u0', 'u1', 'u2', 'u3', 'u4'])
})

test('loads hold rows of one frame; JSON rows make an array', async () => {
  const { loads, run } = rig()
  const json = { format: 'json' as const, columns: '`k`,`v`', row: Buffer.from('{"k":"9","v":"j","__op":"0"}') }
  await run([
    ...upserts('a', 'b'),
    letterOf('j1', { load: json }),
    letterOf('j2', { load: json }),
    letterOf('t', { target: 'd.u', load: { table: 'u' } }),
  ])
  expect(loads.map(load => `${load.target.table} ${load.format} ${load.rows}`)).toEqual([
    't csv 2',
    't json 2',
    'u csv 1',
  ])
  expect(Buffer.concat(loads[1]!.body).toString()).toBe(`[${json.row},${json.row}]`)
  expect(loads[1]!.bytes).toBe(2 * json.row.length + 3)
})

test('rows that must not be loaded twice go alone', async () => {
  const { story, run } = rig()
  await run([
    letterOf('x', { mode: 'append' }),
    letterOf('y', { mode: 'append' }),
    letterOf('z', { mode: 'aggregate' }),
  ])
  expect(story.filter(step => step.startsWith('load'))).toHaveLength(3)
})

test('labels: the same rows the same one; parked anew another one for upserts, the same for the others', async () => {
  const labelOf = async (letter: DeadLetter) => {
    const { loads, run } = rig()
    await run([letter])
    return loads[0]!.label
  }
  const label = await labelOf(letterOf('a'))
  expect(await labelOf(letterOf('a', { reason: 'other' }))).toBe(label)
  expect(await labelOf(letterOf('b'))).not.toBe(label)
  expect(await labelOf(letterOf('a', { atMs: 2000 }))).not.toBe(label)
  const append = await labelOf(letterOf('a', { mode: 'append' }))
  expect(await labelOf(letterOf('a', { mode: 'append', atMs: 2000 }))).toBe(append)
})

test('failures that pass are tried again under the same label, a few times', async () => {
  const passing = rig((_, nth) => (nth < 3 ? 'targetBusy' : null))
  expect(await passing.run(upserts('a'))).toEqual({ loaded: 1, refused: 0 })
  expect(new Set(passing.loads.map(load => load.label)).size).toBe(1)
  expect(passing.pauses).toEqual([200, 400])
  const lasting = rig(() => 'targetUnreachable')
  expect(await lasting.run(upserts('a')).catch(asFailure)).toMatchObject({ kind: 'targetUnreachable' })
  expect(lasting.loads).toHaveLength(6)
  expect(lasting.changes).toEqual([])
})

test('what ends it keeps what was recorded', async () => {
  const { story, run } = rig(load => (load.target.table === 'u' ? 'targetDenied' : null))
  const letters = [...upserts('a'), letterOf('t', { target: 'd.u', load: { table: 'u' } })]
  expect(await run(letters).catch(asFailure)).toMatchObject({ kind: 'targetDenied' })
  expect(story[1]).toBe('d.t: u0 replayed')
})

test('a load that is refused as such is not halved', async () => {
  const { story, changes, run } = rig(() => 'loadRejected')
  expect(await run(upserts('a', 'b'))).toEqual({ loaded: 0, refused: 2 })
  expect(story).toHaveLength(2)
  expect(changes.map(({ reason }) => reason)).toEqual(['loadRejected!', 'loadRejected!'])
})
