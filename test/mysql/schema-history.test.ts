import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { SchemaEdit, TableState } from '../../lib/mysql/ddl/followed-schemas.js'
import { SchemaHistory } from '../../lib/mysql/schema-history.js'

const ORIGIN = { serverUuid: 'u', sources: 's' }
const at = (binPos: number) => ({ binName: 'binlog.000002', binPos })

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'history-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** Table `t`, told apart by its comment. */
function edit(comment: string | null): SchemaEdit {
  const table = { schema: 's', table: 't', columns: [], keys: [], charset: 'utf8mb4', comment: comment ?? '' }
  const state: TableState | null = comment === null ? null : { table, unknown: null, shadow: null }
  return { tables: [{ name: { schema: 's', table: 't' }, state }], schemas: [] }
}

const commentAt = (history: SchemaHistory, binPos: number) =>
  history.at(at(binPos)).table({ schema: 's', table: 't' })?.table?.comment ?? null

async function begun(): Promise<SchemaHistory> {
  const history = await SchemaHistory.open(folder)
  await history.begin(ORIGIN, at(100), edit('first'), [{ at: at(500), edit: edit('foreseen') }])
  await history.append(at(200), edit('second'))
  await history.append(at(300), edit(null))
  return history
}

describe('a history', () => {
  test('tells the tables of every place behind its beginning, also after a restart', async () => {
    for (const history of [await begun(), await SchemaHistory.open(folder)]) {
      expect([100, 199, 200, 299, 300, 900].map(binPos => commentAt(history, binPos))).toEqual([
        'first',
        'first',
        'second',
        'second',
        null,
        null,
      ])
      expect(history.foreseen(at(500))).toEqual(edit('foreseen'))
      expect(history.foreseen(at(501))).toBeNull()
      expect([history.covers('u', at(100)), history.covers('u', at(99)), history.covers('v', at(100))]).toEqual([
        true,
        false,
        false,
      ])
    }
  })

  test('that is read again from an earlier place forgets what it will hear again', async () => {
    const history = await begun()
    history.resume(at(250))
    await history.append(at(300), edit('another'))
    expect(commentAt(history, 300)).toBe('another')
    history.resume(at(150))
    expect(commentAt(history, 900)).toBe('first')
  })

  test('keeps what a start may still need: nothing behind the saved position is folded', async () => {
    const history = await begun()
    history.prune(at(250))
    expect([commentAt(history, 250), commentAt(history, 300)]).toEqual(['second', null])
    expect([history.covers('u', at(250)), history.covers('u', at(199))]).toEqual([true, false])
  })

  test('whose last line was cut goes on from the one before', async () => {
    await begun()
    const path = join(folder, 'schema.history')
    const lines = await readFile(path)
    await writeFile(path, lines.subarray(0, lines.length - 5))
    const history = await SchemaHistory.open(folder)
    expect(commentAt(history, 900)).toBe('second')
    await history.append(at(400), edit('fourth'))
    expect(commentAt(await SchemaHistory.open(folder), 900)).toBe('fourth')
  })

  test('that is damaged elsewhere is refused', async () => {
    await begun()
    const path = join(folder, 'schema.history')
    await writeFile(path, (await readFile(path, 'utf8')).replace('first', 'fIrst'))
    await expect(SchemaHistory.open(folder)).rejects.toMatchObject({ kind: 'positionUnreadable' })
  })

  test('that somebody else has touched is written anew', async () => {
    const history = await begun()
    await appendFile(join(folder, 'schema.history'), 'x\n')
    await history.append(at(400), edit('fourth'))
    expect(commentAt(await SchemaHistory.open(folder), 400)).toBe('fourth')
  })
})
