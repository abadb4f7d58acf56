import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { tableCrc32 } from '../../lib/binlog/checksum.js'
import { XaEvents } from '../support/xa-events.js'
import { START, XaLife } from '../support/xa-life.js'

const X = `X'78',X'',1`
const Y = `X'00ff27',X'622772',4294967295`

let folder: string

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'xa-')), 'xa')
})

afterEach(async () => {
  await rm(join(folder, '..'), { recursive: true })
})

const files = () => readdir(folder).catch(() => [])

describe.each(['mysql', 'mariadb'] as const)('%s: XA transactions', flavor => {
  const xa = () => new XaEvents(flavor)
  const begin = (changes = {}) => XaLife.begin(folder, START, { flavor, ...changes })

  test('rows come at XA COMMIT, with a place of that transaction; those of XA ROLLBACK never', async () => {
    const life = await begin()
    const { events } = xa()
      .start(X)
      .rows([1, 2])
      .prepare(X)
      .start(Y)
      .rows([3])
      .prepare(Y)
      .plain([4])
      .decide('ROLLBACK', Y)
      .plain([5])
      .decide('COMMIT', X)
      .plain([6])
    await life.read(events)
    expect(life.rows).toEqual([4, 5, 1, 2, 6])
    const [, , first, second] = life.notes.filter(note => note.row !== undefined)
    const before = life.commits.at(-3)!
    expect(first!.place).toBe(`mysql-bin.000005:${before.binPos}:0`)
    expect(second!.place).toBe(`mysql-bin.000005:${before.binPos}:1`)
    expect(life.reader.inTransaction).toBe(false)
    await life.prepared.saved([before])
    expect((await files()).filter(name => name.endsWith('.xa'))).toHaveLength(1)
    await life.prepared.saved([life.commits.at(-1)!])
    expect(await files()).toEqual([])
  })

  test('killed anywhere, started from any place saved before: every row once', async () => {
    const { events } = xa()
      .plain([1])
      .start(X)
      .rows([2, 3])
      .rows([90], 'other', 8)
      .prepare(X)
      .start(Y)
      .rows([4])
      .prepare(Y)
      .decide('COMMIT', X)
      .decide('ROLLBACK', Y)
      .start(X)
      .rows([5])
      .prepare(X)
      .start(Y)
      .rows([91], 'other', 8)
      .prepare(Y)
      .decide('COMMIT', Y)
      .decide('COMMIT', X)
      .plain([6])
    const expected = [1, 2, 3, 5, 6]
    let lives = 0
    for (let killedAt = 0; killedAt <= events.length; killedAt += 3) {
      const commits = (await probe(events.slice(0, killedAt))).commits
      // The place saved last, one at some distance, and the beginning.
      for (const saved of new Set([START, commits.at(-(1 + (killedAt % 5))) ?? START, commits.at(-1) ?? START])) {
        await rm(folder, { recursive: true, force: true })
        const life = await begin()
        await life.read(events.slice(0, killedAt))
        if (killedAt % 2 === 0) await life.prepared.saved([saved])
        const next = await XaLife.begin(folder, saved, { flavor })
        await next.read(events, saved)
        const rows = [...life.rowsUpTo(saved.binPos), ...next.rows]
        expect({ killedAt, from: saved.binPos, rows }).toEqual({ killedAt, from: saved.binPos, rows: expected })
        await next.prepared.saved([next.commits.at(-1)!])
        expect(await files()).toEqual([])
        lives++
      }
    }
    expect(lives).toBeGreaterThan(30)
  }, 120_000)

  async function probe(events: readonly Buffer[]) {
    await rm(folder, { recursive: true, force: true })
    const life = await begin()
    await life.read(events)
    return life
  }

  test('the connection breaks while the rows are handed on: each comes once', async () => {
    const { events } = xa().start(X).rows([1, 2, 3]).prepare(X).decide('COMMIT', X).plain([4])
    for (const failsAtRoom of [1, 2, 3, 4, 5, 6]) {
      await rm(folder, { recursive: true, force: true })
      const life = await begin({ failsAtRoom })
      await expect(life.read(events)).rejects.toMatchObject({ cut: true })
      expect(life.reader.inTransaction).toBe(true)
      life.reader.reconnected()
      await life.read(events, life.commits.at(-1))
      expect(life.rows).toEqual([1, 2, 3, 4])
    }
  })

  test('the connection breaks before XA PREPARE: the rows are kept once', async () => {
    const { events } = xa().start(X).rows([1, 2]).prepare(X).decide('COMMIT', X)
    for (let cut = 0; cut < events.length; cut++) {
      await rm(folder, { recursive: true, force: true })
      const life = await begin()
      await life.read(events.slice(0, cut))
      life.reader.reconnected()
      await life.read(events, life.commits.at(-1))
      expect([cut, ...life.rows]).toEqual([cut, 1, 2])
    }
  })

  test('a commit whose prepare was never read stops; a rollback does not', async () => {
    const life = await begin()
    await life.read(xa().decide('ROLLBACK', X).events)
    await expect(life.read(xa().plain([1]).decide('COMMIT', X).events)).rejects.toMatchObject({
      kind: 'preparedRowsLost',
      message: expect.stringContaining(X),
    })
    expect(life.reader.inTransaction).toBe(true)
  })

  test('a table that is halted between prepare and commit: its catch-up finds the rows, and they are kept so long', async () => {
    const { events } = xa().start(X).rows([1, 2]).prepare(X).plain([3]).decide('COMMIT', X)
    const main = await begin()
    await main.read(events)
    const [from, end] = [main.commits.at(-2)!, main.commits.at(-1)!]
    await main.prepared.saved([end, from])
    const own = join(folder, '..', 'catchup', 'xa')
    const catchUp = await XaLife.begin(own, from, { flavor, others: folder })
    await catchUp.read(events, from)
    expect(catchUp.rows).toEqual([1, 2])
    await catchUp.prepared.saved([catchUp.commits.at(-1)!])
    expect((await files()).filter(name => name.endsWith('.xa'))).toHaveLength(1)
    await main.prepared.saved([end])
    expect(await files()).toEqual([])
  })

  test('a failover between prepare and commit: the id alone leads to the rows', async () => {
    const { events } = xa().start(X).rows([1, 2]).prepare(X)
    const life = await begin()
    await life.read(events)
    const elsewhere = { ...START, serverUuid: 'u-2' }
    const next = await XaLife.begin(folder, elsewhere, { flavor })
    await next.read(xa().plain([3]).decide('COMMIT', X).events, elsewhere)
    expect(next.rows).toEqual([3, 1, 2])
    await next.prepared.saved([next.commits.at(-1)!])
    expect(await files()).toEqual([])
  })

  test('a damaged event in it is refused when it is read, not at its commit', async () => {
    const { events } = xa().start(X).rows([1, 2]).prepare(X).decide('COMMIT', X)
    // One byte of the second rows event: how many columns it has.
    const rows = events.filter(bytes => bytes[4] === 30)[1]!
    rows[29] = 9
    rows.writeUInt32LE(tableCrc32(rows, 0, rows.length - 4), rows.length - 4)
    const life = await begin({ wanted: () => true })
    await expect(life.read(events)).rejects.toMatchObject({
      kind: 'notDecodable',
      message: expect.stringMatching(/WRITE_ROWS event .*mysql-bin\.000005/),
    })
  })

  test('one without wanted rows is known, and a table wanted since then is named', async () => {
    const { events } = xa().start(X).rows([1]).rows([9], 'other', 8).prepare(X).decide('COMMIT', X)
    const first = await begin()
    await first.read(events.slice(0, -2))
    const same = await XaLife.begin(folder, first.commits.at(-1)!, { flavor })
    await same.read(events, first.commits.at(-1))
    expect(same.rows).toEqual([1])
    const other = await XaLife.begin(folder, first.commits.at(-1)!, { flavor, wanted: () => true })
    await expect(other.read(events, first.commits.at(-1))).rejects.toMatchObject({
      kind: 'preparedRowsLost',
      message: expect.stringContaining('s.t, other.t'),
    })
  })

  test('a file with any byte changed, or cut anywhere, is a failure', async () => {
    const { events } = xa().start(X).rows([1, 2]).prepare(X).decide('COMMIT', X)
    const first = await begin()
    await first.read(events.slice(0, -2))
    const prepared = first.commits.at(-1)!
    const path = join(folder, (await files())[0]!)
    const whole = await readFile(path)
    const outcome = async (bytes: Buffer) => {
      await writeFile(path, bytes)
      const life = await XaLife.begin(folder, prepared, { flavor })
      await life.read(events, prepared)
      return life.commits.at(-1)!.binPos
    }
    expect(await outcome(whole)).toBeGreaterThan(prepared.binPos)
    await rm(`${path}.decided`)
    for (let at = 0; at < whole.length; at += 5) {
      const flipped = Buffer.from(whole)
      flipped[at]! ^= 1 << (at % 8)
      await expect(outcome(flipped)).rejects.toMatchObject({ kind: 'preparedRowsLost' })
      await expect(outcome(whole.subarray(0, at))).rejects.toMatchObject({ kind: 'preparedRowsLost' })
    }
  }, 60_000)

  test('a large one goes through the file, not through memory', async () => {
    const life = await begin()
    const values = Array.from({ length: 6000 }, (_, i) => i % 100)
    const { events } = xa().start(X).rows(values).prepare(X).decide('COMMIT', X)
    await life.read(events)
    expect(life.rows).toEqual(values)
  })

  test('a disk that is full is tried again', async () => {
    await writeFile(folder, 'not a folder')
    const { events } = xa().start(X).rows([1]).prepare(X).decide('COMMIT', X)
    await expect(begin()).rejects.toMatchObject({ kind: 'preparedRowsUnsaved', retriable: true })
    await rm(folder)
    const life = await begin()
    await writeFile(folder, 'not a folder')
    await expect(life.read(events)).rejects.toMatchObject({ kind: 'preparedRowsUnsaved', retriable: true })
    await rm(folder)
    life.reader.reconnected()
    await life.read(events, life.commits.at(-1))
    expect(life.rows).toEqual([1])
  })
})

test('mysql: XA COMMIT … ONE PHASE is an ordinary commit', async () => {
  const life = await XaLife.begin(folder, START, { flavor: 'mysql' })
  await life.read(new XaEvents('mysql').start(X).rows([1, 2]).prepare(X, true).plain([3]).events)
  expect(life.rows).toEqual([1, 2, 3])
  expect((await files()).filter(name => name.endsWith('.xa'))).toEqual([])
})

test('mysql: what has no clear end stops', async () => {
  const life = await XaLife.begin(folder, START, { flavor: 'mysql' })
  await expect(life.read(new XaEvents('mysql').start(X).rows([1]).query('COMMIT').events)).rejects.toMatchObject({
    kind: 'notDecodable',
  })
  life.reader.reconnected()
  await expect(life.read(new XaEvents('mysql').start(X).rows([1]).decide('ROLLBACK', X).events)).rejects.toMatchObject({
    kind: 'notDecodable',
  })
})
