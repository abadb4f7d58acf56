import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { SnapshotState } from '../../lib/checkpoint/snapshot-state.js'
import { admittedChunk, copyRecord } from '../support/copy-records.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'snapshot-state-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

const ORDERS = { schema: 'shop', table: 'orders' }

describe('what a later run finds', () => {
  test('nothing, before anything was written down', async () => {
    const state = await SnapshotState.open(folder)
    expect([state.known, state.tables, state.admitted]).toEqual([false, [], []])
  })

  test('every change whose promise has resolved', async () => {
    const state = await SnapshotState.open(folder)
    await state.put(copyRecord('orders'), copyRecord('items'))
    await state.admit(admittedChunk('orders', 3, 10))
    await state.remove({ schema: 'shop', table: 'items' })
    const later = await SnapshotState.open(folder)
    expect(later.known).toBe(true)
    expect(later.tables).toEqual([copyRecord('orders')])
    expect(later.admitted).toEqual([admittedChunk('orders', 3, 10)])
  })

  test('changes made together are all there when the last of them has resolved', async () => {
    const state = await SnapshotState.open(folder)
    await Promise.all([state.put(copyRecord('a')), state.put(copyRecord('b')), state.admit(admittedChunk('a', 1, 5))])
    const later = await SnapshotState.open(folder)
    expect(later.tables.map(({ table }) => table)).toEqual(['a', 'b'])
    expect(later.admitted).toHaveLength(1)
  })

  test('a write that failed is told, and the next one holds what it did not', async () => {
    const state = await SnapshotState.open(folder)
    await writeFile(join(folder, 'snapshot'), 'in the way')
    await expect(state.put(copyRecord('orders'))).rejects.toMatchObject({ kind: 'positionUnsaved' })
    await rm(join(folder, 'snapshot'))
    await state.admit(admittedChunk('orders', 1, 5))
    const later = await SnapshotState.open(folder)
    expect([later.tables.length, later.admitted.length]).toEqual([1, 1])
  })

  test.each([
    ['no JSON', 'x'],
    ['another format', '{"format":2,"tables":[],"admitted":[]}'],
    [
      'a table without its key',
      JSON.stringify({ format: 1, tables: [{ ...copyRecord('a'), key: null }], admitted: [] }),
    ],
    [
      'a chunk without its epoch',
      JSON.stringify({ format: 1, tables: [], admitted: [{ ...admittedChunk('a', 1, 1), epoch: -1 }] }),
    ],
  ])('%s: snapshotUnreadable', async (_, text) => {
    await mkdir(join(folder, 'snapshot'))
    await writeFile(join(folder, 'snapshot', 'state.json'), text)
    await expect(SnapshotState.open(folder)).rejects.toMatchObject({ kind: 'snapshotUnreadable' })
  })

  test('a file that cannot be read is not taken for none', async () => {
    await mkdir(join(folder, 'snapshot', 'state.json'), { recursive: true })
    await chmod(join(folder, 'snapshot'), 0o700)
    await expect(SnapshotState.open(folder)).rejects.toMatchObject({ kind: 'snapshotUnreadable' })
  })
})

describe('the frontier', () => {
  test('moves over the chunks of epochs that are durable, and over no others', async () => {
    const state = await SnapshotState.open(folder)
    await state.put(copyRecord('orders'))
    await state.admit(admittedChunk('orders', 3, 10))
    await state.admit(admittedChunk('orders', 4, 20))
    expect(state.durable(3)).toBe(true)
    expect(state.find(ORDERS)).toMatchObject({ state: 'copying', frontier: ['10'], rows: 10, bytes: 100, epoch: 3 })
    expect(state.frontierOf(ORDERS)).toEqual({ frontier: ['20'], ended: false })
    expect(state.rowsOf(ORDERS)).toEqual({ rows: 20, bytes: 200 })
    expect(state.durable(3)).toBe(false)
  })

  test('the chunk without an upper bound is the last', async () => {
    const state = await SnapshotState.open(folder)
    await state.put(copyRecord('orders'))
    await state.admit(admittedChunk('orders', 3, 10))
    await state.admit(admittedChunk('orders', 4, null))
    expect(state.frontierOf(ORDERS).ended).toBe(true)
    state.durable(4)
    expect(state.find(ORDERS)).toMatchObject({ state: 'copied', frontier: ['10'], rows: 20 })
  })

  test('settling counts what is in, keeps what goes in again, and forgets the rest on disk', async () => {
    const state = await SnapshotState.open(folder)
    await state.put(copyRecord('orders'), copyRecord('items'))
    const [done, again, lost] = [
      admittedChunk('orders', 3, 10),
      admittedChunk('orders', 4, 20, { spool: '4-1' }),
      admittedChunk('items', 4, 7),
    ]
    for (const chunk of [done, again, lost]) await state.admit(chunk)
    await state.settle({ done: [done], again: [again] })
    const later = await SnapshotState.open(folder)
    expect(later.find(ORDERS)).toMatchObject({ frontier: ['10'], rows: 10 })
    expect(later.admitted).toEqual([again])
    expect(later.frontierOf({ schema: 'shop', table: 'items' }).frontier).toBeNull()
  })

  test('how changes are judged is on disk, and chunks on their way stay', async () => {
    const state = await SnapshotState.open(folder)
    await state.put(copyRecord('orders'))
    await state.admit(admittedChunk('orders', 3, 10))
    await state.judge(ORDERS, 'behindFrontier')
    const later = await SnapshotState.open(folder)
    expect([later.find(ORDERS)?.mode, later.admitted.length]).toEqual(['behindFrontier', 1])
  })

  test('a copy that begins anew forgets the chunks on their way', async () => {
    const state = await SnapshotState.open(folder)
    await state.put(copyRecord('orders', { state: 'copying', frontier: ['5'], rows: 9 }))
    await state.admit(admittedChunk('orders', 3, 10))
    await state.put(copyRecord('orders'))
    state.durable(3)
    expect(state.find(ORDERS)).toEqual(copyRecord('orders'))
    expect(JSON.parse(await readFile(state.path, 'utf8'))).toMatchObject({ format: 1, admitted: [] })
  })
})
