import { expect, test } from '@jest/globals'
import { CarriedFacts } from '../lib/carried-facts.js'
import type { Config } from '../lib/config/options.js'
import { Failure } from '../lib/model/failure.js'
import type { Happening } from '../lib/model/observer.js'
import { Reload, type Reloaded, type ReloadWish } from '../lib/reload.js'
import type { Checked } from '../lib/reload-check.js'
import type { TableShare } from '../lib/table-share.js'
import { load, MINIMAL } from './support/config-text.js'
import { positionAt } from './support/happenings.js'

const OLD = load(MINIMAL)
const NEW = load(`flush_rows = 7\n${MINIMAL}`)
const CONNECTED: Happening = { kind: 'connected', server: 'MySQL 9.7.0', position: positionAt(4) }
const WISH: ReloadWish = { dryRun: false, file: null }

/** A reload whose check finds what `checked` says. */
function rig(next: Config, checked: Partial<Checked> = {}) {
  const told: string[] = []
  const happened: Happening[] = []
  const carried = new CarriedFacts()
  const prepared: string[] = []
  const reload = new Reload(OLD, {
    read: () => ({ config: next, file: '/etc/sync.toml' }),
    task: 't',
    share: () => ({}) as TableShare,
    lessons: { jsonTargets: new Set(), transactionsUnfit: null, serverIdAsked: true, carried },
    check: async () => ({
      tables: [],
      prepare: async () => {
        prepared.push('prepared')
      },
      close: async () => {
        prepared.push('closed')
      },
      ...checked,
    }),
    observer: happening => happened.push(happening),
  })
  const request = (wish = WISH): Promise<Reloaded> =>
    reload.request(wish, line => told.push(line), new AbortController().signal)
  /** Resolves when the pipeline is told to end. */
  const due = async (): Promise<void> => {
    while (!reload.due.aborted) await new Promise(resolve => setImmediate(resolve))
  }
  return { reload, request, due, told, happened, prepared }
}

test('the pipeline is told to end, the next one has the new configuration, its first connection is the answer', async () => {
  const { reload, request, due, told, happened, prepared } = rig(NEW)
  expect(reload.take()).toBe(false)
  const answer = request()
  await due()
  expect([reload.config, told, prepared]).toEqual([OLD, ['flush_rows: 500000 -> 7'], ['prepared', 'closed']])
  expect(reload.take()).toBe(true)
  expect(reload.due.aborted).toBe(false)
  reload.observe(CONNECTED)
  expect(await answer).toMatchObject({ applied: true, changes: ['flush_rows: 500000 -> 7'] })
  expect(reload.config).toBe(NEW)
  expect(happened.map(({ kind }) => kind)).toEqual(['reloading', 'reloaded'])
  expect(reload.turnsBack(new Failure('valueUnfit', 'later'))).toBe(false)
  expect(reload.config).toBe(NEW)
})

test('connections of the old pipeline are no answer', async () => {
  const { reload, request, due } = rig(NEW)
  const answer = request()
  await due()
  reload.observe(CONNECTED)
  expect(reload.config).toBe(OLD)
  reload.take()
  reload.observe(CONNECTED)
  expect((await answer).applied).toBe(true)
})

test('what fails before it streams gives way to the old configuration; what passes by itself does not', async () => {
  const { reload, request, due, happened } = rig(NEW)
  const answer = request()
  answer.catch(() => undefined)
  await due()
  reload.take()
  expect(reload.turnsBack(new Failure('targetUnreachable', 'away'))).toBe(false)
  await expect(answer).rejects.toMatchObject({ message: expect.stringMatching(/the new one is in force.*away/) })
  expect(reload.config).toBe(NEW)
  expect(reload.turnsBack(new Failure('targetUnfit', 'no such column'))).toBe(true)
  expect(reload.config).toBe(OLD)
  expect(happened.at(-1)).toMatchObject({ kind: 'warning', message: expect.stringContaining('old one is in force') })
  const again = request()
  await due()
  reload.take()
  expect(reload.turnsBack(new Failure('ruleInvalid', 'twice'))).toBe(true)
  await expect(again).rejects.toMatchObject({ kind: 'ruleInvalid' })
})

test('a pipeline that fails while it ends leaves the old configuration, and the next reload is taken', async () => {
  const { reload, request, due } = rig(NEW)
  const answer = request()
  answer.catch(() => undefined)
  await due()
  expect(reload.turnsBack(new Failure('targetUnreachable', 'away'))).toBe(false)
  await expect(answer).rejects.toMatchObject({ message: expect.stringContaining('the old one goes on') })
  expect([reload.config, reload.take()]).toEqual([OLD, false])
  const again = request()
  await due()
  expect(reload.take()).toBe(true)
  reload.observe(CONNECTED)
  expect((await again).applied).toBe(true)
})

test('nothing happens where nothing differs, with --dry-run, for another file, for a key that is kept, behind a failed check', async () => {
  const same = rig(load(`# comment\n${MINIMAL}`))
  expect(await same.request()).toMatchObject({ applied: false, changes: [] })
  const dry = rig(NEW)
  expect(await dry.request({ dryRun: true, file: '/etc/sync.toml' })).toMatchObject({ applied: false })
  await expect(dry.request({ dryRun: false, file: '/etc/other.toml' })).rejects.toMatchObject({
    kind: 'requestRefused',
  })
  const kept = rig(load(`server_id = 9\n${MINIMAL}`))
  await expect(kept.request()).rejects.toMatchObject({ kind: 'requestRefused' })
  const unfit = rig(NEW, { prepare: () => Promise.reject(new Failure('targetUnfit', 'no')) })
  await expect(unfit.request()).rejects.toMatchObject({ kind: 'targetUnfit' })
  expect([dry.prepared, unfit.prepared]).toEqual([['closed'], ['closed']])
  for (const { reload } of [same, dry, kept, unfit]) expect([reload.config, reload.due.aborted]).toEqual([OLD, false])
})

test('one at a time, and none is left waiting when the engine ends', async () => {
  const { reload, request, due } = rig(NEW)
  const answer = request()
  await expect(request()).rejects.toMatchObject({ kind: 'requestRefused' })
  await expect(reload.goOver()).rejects.toMatchObject({ kind: 'requestRefused' })
  await due()
  reload.end()
  await expect(answer).rejects.toMatchObject({ kind: 'answerLost' })
})

test('the next pipeline may begin with the same configuration', async () => {
  const { reload } = rig(NEW)
  const over = reload.goOver()
  expect(reload.take()).toBe(true)
  expect(reload.config).toBe(OLD)
  reload.observe(CONNECTED)
  await over
})

test('the operator is told which tables need another copy, and which are not copied', async () => {
  const table = (name: string, kind: 'comes' | 'changes', stale: boolean) =>
    ({ schema: 'shop', table: name, kind, targets: [`demo.${name}`], stale, what: 'exclude of demo.x' }) as const
  const tables = [table('a', 'changes', true), table('b', 'changes', false), table('c', 'comes', false)]
  const { notes } = await rig(NEW, { tables }).request({ dryRun: true, file: null })
  expect(notes).toEqual([
    expect.stringMatching(/^shop\.a: .*mysql-sr-sync recopy shop\.a$/),
    expect.stringMatching(/^shop\.c: .*not copied \(snapshot.mode = "never"\)$/),
  ])
  const copies = load(`${MINIMAL}\n[snapshot]\nmode = "initial"\n`)
  expect((await rig(copies, { tables }).request({ dryRun: true, file: null })).notes).toHaveLength(1)
})
