import { describe, expect, test } from '@jest/globals'
import type { CopyRecord } from '../../lib/model/copy-record.js'
import type { TableSchema } from '../../lib/model/schema.js'
import type { NamedChange, TableChange } from '../../lib/model/schema-change.js'
import type { RuledTable } from '../../lib/snapshot/copy-list.js'
import { recordsBehind } from '../../lib/snapshot/followed-changes.js'
import { copyRecord } from '../support/copy-records.js'

const SCHEMA = { schema: 'shop', table: 'orders', columns: [], key: [], comment: '' } as TableSchema

function change(kind: TableChange['kind'], names: string[], after: string | null): NamedChange {
  const schema = after === null ? null : { ...SCHEMA, table: after }
  const none = { renamedColumns: new Map(), fills: new Map(), unseenRows: null }
  return {
    names: names.map(table => ({ schema: 'shop', table })),
    change: { kind, before: SCHEMA, after: schema, ...none },
  }
}

function edit(named: NamedChange, records: CopyRecord[], about: Partial<RuledTable> & { renames?: boolean } = {}) {
  const { renames = false, ...described } = about
  return recordsBehind(named, {
    find: (_, table) => records.find(record => record.table === table) ?? null,
    describe: schema =>
      schema === null || schema.table.startsWith('_')
        ? null
        : {
            schema: 'shop',
            table: schema.table,
            targets: [`demo.${schema.table}`],
            key: ['id int '],
            strict: false,
            ...described,
          },
    renamesTargets: renames,
    nowMs: 5,
  })
}

const COPYING = copyRecord('orders', { state: 'copying', frontier: ['7'], rows: 7 })

describe('a copy', () => {
  test('is not made of a table that is created in the binlog, and one under way ends', () => {
    for (const records of [[], [COPYING]])
      expect(edit(change('create', ['orders'], 'orders'), records).put).toEqual([
        expect.objectContaining({ table: 'orders', state: 'followed', reason: 'created' }),
      ])
  })

  test('ends with its table', () => {
    expect(edit(change('drop', ['orders'], null), [COPYING])).toEqual({
      put: [],
      remove: [{ schema: 'shop', table: 'orders' }],
    })
    expect(edit(change('rename', ['orders', '_orders_old'], '_orders_old'), [COPYING]).remove).toHaveLength(1)
  })

  test('goes on behind an ALTER that leaves the key as it was', () => {
    expect(edit(change('alter', ['orders'], 'orders'), [COPYING]).put).toEqual([COPYING])
  })

  test('begins anew behind one that changes the key; where rows would be counted twice it stops', () => {
    const alter = change('alter', ['orders'], 'orders')
    expect(edit(alter, [COPYING], { key: ['id bigint '] }).put).toEqual([
      expect.objectContaining({ state: 'waiting', frontier: null, rows: 0, key: ['id bigint '] }),
    ])
    expect(() => edit(alter, [COPYING], { key: ['id bigint '], strict: true })).toThrow(/The key of shop.orders/)
  })

  test('begins anew under another name that has another target', () => {
    expect(edit(change('rename', ['orders', 'bills'], 'bills'), [COPYING])).toEqual({
      put: [expect.objectContaining({ table: 'bills', state: 'waiting', reason: 'renamed', frontier: null })],
      remove: [{ schema: 'shop', table: 'orders' }],
    })
  })

  test('goes on under another name where its target is the same, or is renamed with it', () => {
    const rename = change('rename', ['orders', 'bills'], 'bills')
    const moved = { table: 'bills', state: 'copying', frontier: ['7'] }
    expect(edit(rename, [COPYING], { targets: ['demo.orders'] }).put).toEqual([expect.objectContaining(moved)])
    expect(edit(rename, [COPYING], { renames: true }).put).toEqual([expect.objectContaining(moved)])
  })

  test('is the same when a rename is read again behind a crash', () => {
    const moved = copyRecord('bills', { state: 'copying', frontier: ['7'] })
    expect(edit(change('rename', ['orders', 'bills'], 'bills'), [moved], { renames: true })).toEqual({
      put: [],
      remove: [],
    })
  })
})
