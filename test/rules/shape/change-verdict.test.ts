import { describe, expect, test } from '@jest/globals'
import type { RouteMode } from '../../../lib/model/rule-mode.js'
import type { OnDelete, Operation } from '../../../lib/model/rule-shape.js'
import { type FilteredChange, judgeChange } from '../../../lib/rules/shape/change-verdict.js'

const ALL: readonly Operation[] = ['insert', 'update', 'delete']
const CHANGE: FilteredChange = {
  op: 'insert',
  operation: 'insert',
  wasIn: false,
  isIn: false,
  reconciles: false,
  isVanished: false,
}

function verdict(
  change: Partial<FilteredChange>,
  { operations = ALL, onDelete = 'delete' as OnDelete, mode = 'upsert' as RouteMode, partial = false } = {},
) {
  const op = change.op ?? 'insert'
  return judgeChange({ operations, onDelete, partial }, mode, { ...CHANGE, operation: op, ...change })
}

describe('a filter', () => {
  const modes: RouteMode[] = ['upsert', 'append', 'aggregate']
  test.each(modes)('%s: what enters is written, what leaves is deleted, what is outside is nothing', mode => {
    const seen = ALL.flatMap(op =>
      [false, true].flatMap(wasIn =>
        [false, true].map(isIn => {
          const images = { wasIn: op !== 'insert' && wasIn, isIn: op !== 'delete' && isIn }
          return `${op} ${images.wasIn ? 'in' : 'out'} ${images.isIn ? 'in' : 'out'}: ${verdict({ op, ...images }, { mode })}`
        }),
      ),
    )
    expect([...new Set(seen)]).toEqual([
      'insert out out: nothing',
      'insert out in: insert',
      'update out out: nothing',
      'update out in: insert',
      'update in out: delete',
      'update in in: update',
      'delete out out: nothing',
      'delete in out: delete',
    ])
  })
})

describe('where the target may hold older rows', () => {
  test('upserts delete what is outside, and what is inside replaces the row before it', () => {
    expect(verdict({ op: 'insert', reconciles: true })).toBe('delete')
    expect(verdict({ op: 'update', reconciles: true })).toBe('delete')
    expect(verdict({ op: 'update', isIn: true, reconciles: true })).toBe('update')
    expect(verdict({ op: 'delete', reconciles: true })).toBe('delete')
  })

  test.each(['append', 'aggregate'] as const)('%s never: a row that was not there cannot be taken away', mode => {
    for (const op of ALL) expect(verdict({ op, reconciles: true }, { mode })).toBe('nothing')
  })

  test('operations that are not wanted are no reason to delete', () => {
    expect(verdict({ op: 'insert', reconciles: true }, { operations: ['update', 'delete'] })).toBe('nothing')
  })
})

describe('operations', () => {
  test.each(ALL)('without %s', left => {
    const operations = ALL.filter(operation => operation !== left)
    const written = ALL.filter(
      op => verdict({ op, wasIn: op !== 'insert', isIn: op !== 'delete' }, { operations }) !== 'nothing',
    )
    expect(written).toEqual(operations)
  })

  test('where updates are passed over, a row that is deleted may be in the target although it left the filter', () => {
    const gone = { op: 'delete', wasIn: false } as const
    const operations = ['insert', 'delete'] as const
    expect(verdict(gone, { operations })).toBe('delete')
    expect(verdict(gone, { operations, onDelete: 'soft' })).toBe('delete')
    expect(verdict(gone, { operations, onDelete: 'ignore' })).toBe('nothing')
    expect(verdict(gone, { operations, mode: 'append' })).toBe('nothing')
    // Of rows that others write too, a delete could make one.
    expect(verdict(gone, { operations, partial: true })).toBe('nothing')
    expect(verdict(gone)).toBe('nothing')
  })

  test('half of an update is an update', () => {
    const half = { op: 'delete', operation: 'update', wasIn: true } as const
    expect(verdict(half, { operations: ['insert', 'update'] })).toBe('delete')
    expect(verdict(half, { operations: ['insert', 'delete'] })).toBe('nothing')
  })
})

describe('deletes at the source', () => {
  const deleted = { op: 'delete', wasIn: true } as const

  test.each([
    ['delete', 'delete'],
    ['soft', 'mark'],
    ['ignore', 'nothing'],
  ] as const)('on_delete = "%s"', (onDelete, expected) => {
    expect(verdict(deleted, { onDelete })).toBe(expected)
  })

  test.each(['soft', 'ignore'] as const)(
    'on_delete = "%s": rows that leave the filter, or have another key, are deleted',
    onDelete => {
      expect(verdict({ op: 'update', wasIn: true }, { onDelete })).toBe('delete')
      expect(verdict({ op: 'delete', operation: 'update', wasIn: true }, { onDelete })).toBe('delete')
    },
  )

  test('keys that a copy did not find are deleted, and stay where deletes are marked or passed over', () => {
    const vanished = { op: 'delete', reconciles: true, isVanished: true } as const
    expect(verdict(vanished)).toBe('delete')
    expect(verdict(vanished, { onDelete: 'soft' })).toBe('nothing')
    expect(verdict(vanished, { onDelete: 'ignore' })).toBe('nothing')
  })

  test('a row that was not in the filter is not marked', () => {
    expect(verdict({ op: 'delete' }, { onDelete: 'soft' })).toBe('nothing')
  })
})
