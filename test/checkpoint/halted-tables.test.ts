import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { HaltedTables } from '../../lib/checkpoint/halted-tables.js'
import { Failure } from '../../lib/model/failure.js'
import { obstacleOf } from '../../lib/model/halted-table.js'
import { positionAt } from '../support/happenings.js'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'halted-'))
})
afterEach(() => rm(folder, { recursive: true }))

const unseen = new Failure('ddlUnsupported', 'rows went away')
const halt = (table: string, binPos: number, after: string | null = null) => ({
  schema: 's',
  table,
  obstacle: obstacleOf(unseen, `s.${table}`, positionAt(binPos), 'ALTER TABLE x', 1000),
  after,
})

test('what is halted, accepted, dropped and removed comes back as it was, in the order of the places', async () => {
  const file = await HaltedTables.open(folder)
  expect(file.tables).toEqual([])
  const b = await file.halt(halt('b', 700))
  const a = await file.halt(halt('a', 500, b.id))
  expect(a.id).not.toBe(b.id)
  await file.accept(b.id)
  await file.obstruct(b.id, obstacleOf(unseen, 's.b', positionAt(900), 'ALTER TABLE y', 2000))
  await file.accept(b.id)
  await file.drop(a.id)
  const again = await HaltedTables.open(folder)
  expect(again.tables).toEqual(file.tables)
  expect(again.tables.map(({ table }) => table)).toEqual(['a', 'b'])
  expect(again.find('s', 'a')).toMatchObject({ dropped: true, after: b.id, from: positionAt(500), accepted: [] })
  const place = (binPos: number) => ({ binName: 'mysql-bin.000005', binPos, serverUuid: 'u-1' })
  expect(again.find('s', 'b')).toMatchObject({
    from: positionAt(700),
    obstacle: { position: positionAt(900), statement: 'ALTER TABLE y', atMs: 2000 },
    accepted: [place(700), place(900)],
    dropped: false,
  })
  expect(again.find('S', 'b')).toBeNull()
  await again.remove(a.id)
  await again.remove(b.id)
  expect((await HaltedTables.open(folder)).tables).toEqual([])
  expect(await readdir(folder)).toEqual(['halted.json'])
})

test('a change that cannot be written is no change', async () => {
  await writeFile(join(folder, 'plain'), '')
  const file = await HaltedTables.open(join(folder, 'plain'))
  await expect(file.halt(halt('a', 500))).rejects.toMatchObject({ kind: 'positionUnsaved' })
  expect(file.tables).toEqual([])
})

test.each([
  ['cut', (text: string) => text.slice(0, -20)],
  ['of another format', (text: string) => text.replace('"format": 1', '"format": 2')],
  ['without a place', (text: string) => text.replaceAll('"binPos": 500', '"binPos": "x"')],
  ['empty', () => ''],
])(
  'a file that is %s stops the start: the tables in it must not be followed as if nothing were held',
  async (_, damage) => {
    const file = await HaltedTables.open(folder)
    await file.halt(halt('a', 500))
    await writeFile(file.path, damage(await readFile(file.path, 'utf8')))
    await expect(HaltedTables.open(folder)).rejects.toMatchObject({
      kind: 'positionUnreadable',
      advice: expect.stringMatching(/copy these tables again/),
    })
  },
)
