import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { lockDataDir } from '../../lib/checkpoint/data-dir.js'
import { MasterInfoFile } from '../../lib/checkpoint/master-info.js'
import { main } from '../../lib/cli/main.js'
import { LetterFolder } from '../../lib/dead-letter/letter-folder.js'
import { renderChange, renderLetter } from '../../lib/dead-letter/letter-line.js'
import type { DeadLetter } from '../../lib/model/dead-letter.js'
import { letterOf } from '../support/dead-letters.js'
import { TargetBench } from '../support/target-bench.js'

let bench: TargetBench
let folder: string
let dataDir: string
let tables = 0

beforeAll(async () => {
  bench = await TargetBench.start({ password: '' }, { password: '' })
  await bench.session.execute('CREATE DATABASE d')
})
afterAll(() => bench?.close())
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dlq-'))
  dataDir = join(folder, 'var')
  mkdirSync(dataDir)
  writeFileSync(
    join(folder, 'sync.toml'),
    `mysql_addr = "127.0.0.1:1"
mysql_user = "sync"
sr_host = "127.0.0.1"
sr_port = ${bench.sandbox.mysqlPort}
sr_http_port = ${bench.sandbox.feHttpPort}
sr_user = "sync"
sr_dbname = "d"
[[source]]
schema = "s"
tables = ["t"]
`,
  )
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function dlq(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', '']
  const code = await main(['dlq', ...args, '-c', join(folder, 'sync.toml')], {
    out: text => {
      out += `${text}\n`
    },
    err: text => {
      err += `${text}\n`
    },
  })
  return { code, out, err }
}

async function park(...letters: readonly DeadLetter[]): Promise<LetterFolder> {
  const opened = await LetterFolder.open(dataDir, () => undefined)
  for (const letter of letters) await opened.append(letter.target, [renderLetter(letter)])
  return opened
}

/** A new target with v VARCHAR(5), and how letters for it are made. */
async function target(): Promise<{ name: string; parked: (id: string, key: string, value: string) => DeadLetter }> {
  const name = `t${++tables}`
  await bench.session.execute(
    `CREATE TABLE d.${name} (k VARCHAR(5) NOT NULL, v VARCHAR(5)) PRIMARY KEY (k) DISTRIBUTED BY HASH(k)`,
  )
  const parked = (id: string, key: string, value: string) =>
    letterOf(id, {
      target: `d.${name}`,
      key: { k: key },
      load: { table: name, row: Buffer.from(`${key}\x01${value}\x010\x02`) },
    })
  return { name, parked }
}

async function rowsOf(name: string): Promise<(string | null)[][]> {
  return (await bench.session.query(`SELECT k, v FROM d.${name} ORDER BY k`)).map(row => [...row.values()])
}

describe('replay', () => {
  test('loads what fits; the rest stays with the new reason until the target is mended', async () => {
    const { name, parked } = await target()
    await park(parked('aa', '1', 'fine'), parked('bb', '2', 'much-too-long'), parked('cc', '3', 'good'))
    const first = await dlq('replay', '--all')
    expect(first).toMatchObject({ code: 1, out: 'replayed: 2; refused again: 1\n' })
    expect(first.err).toMatch(/^bb is refused again: .*column v/)
    expect(await rowsOf(name)).toEqual([
      ['1', 'fine'],
      ['3', 'good'],
    ])
    const listed = JSON.parse((await dlq('list', '--json')).out)
    expect(listed).toEqual([expect.objectContaining({ id: 'bb', state: 'open', by: 'replay', key: { k: '2' } })])
    expect(listed[0].reason).toContain('much-too-long')
    await bench.session.execute(`ALTER TABLE d.${name} MODIFY COLUMN v VARCHAR(50)`)
    expect(await dlq('replay', 'bb')).toEqual({ code: 0, out: 'replayed: 1; refused again: 0\n', err: '' })
    expect(await rowsOf(name)).toContainEqual(['2', 'much-too-long'])
    expect(await dlq('list')).toMatchObject({ code: 0, out: 'no parked rows\n' })
    expect(await dlq('replay', '--all')).toMatchObject({ code: 0, out: 'replayed: 0; refused again: 0\n' })
  })

  test('cut short after its load, does not load again what has changed since', async () => {
    const { name, parked } = await target()
    await park(parked('aa', '1', 'old'))
    await dlq('replay', 'aa')
    await bench.session.execute(`DELETE FROM d.${name} WHERE k = '1'`)
    // As if the process had ended before it could record the replay.
    await park(parked('aa', '1', 'old'))
    expect(await dlq('replay', 'aa')).toMatchObject({ code: 0 })
    expect(await rowsOf(name)).toEqual([])
  })

  test('rows that must not be loaded twice wait while the engine would read them again', async () => {
    const { name, parked } = await target()
    const once = (id: string, binPos: number): DeadLetter => {
      const letter = parked(id, id, id)
      return { ...letter, mode: 'append', place: { ...letter.place, binPos } }
    }
    await park(once('aa', 699), once('bb', 700))
    expect(await dlq('replay', '--all')).toMatchObject({ code: 1, out: 'replayed: 0; refused again: 0\n' })
    const position = { binName: 'b.000001', binPos: 700, gtidSet: '', serverUuid: 'u-1' }
    await new MasterInfoFile(dataDir).save({ position, epoch: 1 })
    const { code, out, err } = await dlq('replay', '--all')
    expect({ code, out }).toEqual({ code: 1, out: 'replayed: 1; refused again: 0\n' })
    expect(err).toMatch(/^bb is left: /)
    expect(await rowsOf(name)).toEqual([['aa', 'aa']])
  })

  test.each([
    ['replay', '--all'],
    ['drop', '--all'],
  ])('%s %s needs the engine stopped, and says so', async (...args) => {
    await park(letterOf('aa'))
    const lock = lockDataDir(dataDir)
    const { code, err } = await dlq(...args)
    lock.release()
    expect(code).toBe(3)
    expect(err).toMatch(/only while it is stopped\nStop the engine with \.\/stop\.sh/)
    expect((await dlq('list')).out).toContain('aa')
  })

  test('the data_dir is free afterwards, whatever came of it', async () => {
    await park(letterOf('aa', { target: 'd.none', load: { table: 'none' } }))
    expect((await dlq('replay', '--all')).code).not.toBe(0)
    lockDataDir(dataDir).release()
  })
})

test('list shows what waits; --all-states all of it', async () => {
  const opened = await park(
    letterOf('aaaa', {
      atMs: Date.now() - 7_200_000,
      key: { k: '1', tenant: null },
      reason: `too\nlong ${'x'.repeat(200)}`,
    }),
    letterOf('bbbb', { target: 'd.u', op: 'delete' }),
  )
  await opened.append('d.u', [renderChange({ id: 'bbbb', state: 'superseded', atMs: 1, by: 'later', reason: null })])
  const { out } = await dlq('list')
  const lines = out.trimEnd().split('\n')
  expect(lines[0]).toMatch(/^ID +TARGET +KEY +OP +POSITION +AGE +STATE +REASON$/)
  expect(lines[1]).toMatch(
    /^aaaa {2}d\.t {5}k=1,tenant=NULL {2}update {2}b\.000001:4, event 0, row 0 {2}2h {3}open {3}too long x{90}…$/,
  )
  expect(lines).toHaveLength(2)
  const all = JSON.parse((await dlq('list', '--json', '--all-states')).out)
  expect(all.map((letter: { id: string; state: string }) => `${letter.id} ${letter.state}`)).toEqual([
    'aaaa open',
    'bbbb superseded',
  ])
})

test('show tells all', async () => {
  await park(letterOf('aaaa'))
  const { code, out } = await dlq('show', 'aaaa')
  expect(code).toBe(0)
  for (const line of [
    /^state {6}open$/m,
    /^rule {7}\[\[rule\]\] in sync\.toml, line 7$/m,
    /^position {3}b\.000001:4, event 0, row 0, server u-1$/m,
    /^before {5}\{"k":"1","v":"a"\}$/m,
    /^after {6}\{"k":"1","v":"b"\}$/m,
    /^row {8}csv "1\\u0001b\\u00010\\u0002"$/m,
  ])
    expect(out).toMatch(line)
})

test('drop gives rows up, and only those named', async () => {
  await park(letterOf('aa'), letterOf('bb'), letterOf('cc', { target: 'd.u' }))
  expect(await dlq('drop', 'bb', 'cc')).toEqual({ code: 0, out: 'dropped: 2\n', err: '' })
  const again = await dlq('drop', 'bb')
  expect(again).toEqual({ code: 1, out: 'dropped: 0\n', err: 'bb is dropped, by drop\n' })
  expect(JSON.parse((await dlq('list', '--json')).out).map((letter: { id: string }) => letter.id)).toEqual(['aa'])
  expect(await dlq('drop', '--all')).toMatchObject({ code: 0, out: 'dropped: 1\n' })
})

test.each([
  [[], /^dlq needs one of list, show, replay, drop\n/],
  [['lst'], /^dlq needs one of list, show, replay, drop, not "lst"\n/],
  [['list', 'aa'], /^unexpected argument "aa"\n/],
  [['show'], /^dlq show needs one ID\n/],
  [['replay'], /^dlq replay needs IDs, or --all\n/],
  [['drop', 'aa', '--all'], /^dlq drop needs IDs, or --all\n/],
  [['drop', 'zz'], /^there is no parked row zz; /],
  [['show', 'zz'], /^there is no parked row zz; /],
])('%j is a usage error', async (args, message) => {
  const { code, err } = await dlq(...args)
  expect(code).toBe(2)
  expect(err).toMatch(message)
})
