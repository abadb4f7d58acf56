import { describe, expect, test } from '@jest/globals'
import { PLAIN_SHAPE } from '../../lib/model/rule-shape.js'
import type { RuleSpec } from '../../lib/rules/rule-book.js'
import { failureOf } from '../support/failure-of.js'
import { sourceColumn, sourceTable } from '../support/source-column.js'
import { type Altering, evolution, evolve } from '../support/table-change.js'

const a = sourceColumn('a', 'int')
const b = sourceColumn('b', 'varchar(10)')
const steps = (parts: Altering) => evolution(parts).steps
const refused = (parts: Altering) => failureOf(() => evolve(parts))

describe('changes of a table whose changes, or sums, are kept', () => {
  test('the value before a change gets a column beside it; both are renamed and widened together', () => {
    const spec = (before: readonly string[], more: Partial<RuleSpec> = {}) => ({
      rule: { mode: 'append' as const, shape: { ...PLAIN_SHAPE, before }, ...more },
    })
    const named = (parts: Altering) => steps(parts).map(step => ('name' in step ? `${step.kind} ${step.name}` : step))
    expect(named({ before: [a], after: [a, b], ...spec(['*']) })).toEqual(['addColumn b', 'addColumn _before_b'])
    expect(named({ before: [a], after: [a, b], ...spec(['a']) })).toEqual(['addColumn b'])
    const wide = sourceColumn('a', 'bigint')
    expect(named({ before: [a], after: [wide], ...spec(['*']) })).toEqual(['modifyColumn a', 'modifyColumn _before_a'])
    const c = { ...a, name: 'c' }
    expect(steps({ before: [a], after: [c], renamed: { a: 'c' }, ...spec(['*']) })).toMatchObject([
      { kind: 'renameColumn', from: 'a', to: 'c' },
      { kind: 'renameColumn', from: '_before_a', to: '_before_c' },
    ])
    const rename = { rename: new Map([['b', 'remark']]) }
    expect(
      named({
        before: { ...sourceTable([sourceColumn('id', 'int')]), laterColumns: ['b'] },
        after: [b],
        ...spec(['*'], rename),
      }),
    ).toEqual(['addColumn remark', 'addColumn _before_remark'])
    expect(named({ before: [b], after: [], ...spec(['*']) })).toEqual(['leaveColumn b', 'leaveColumn _before_b'])
  })

  test('a sum of an expression follows its type, and is no more when its values were others', () => {
    const measures = new Map([['worth', { of: 'sumOf', text: 'sum(a * 2)' } as const]])
    const spec = { mode: 'aggregate' as const, groupBy: ['id'], measures }
    const [narrow, wide] = [sourceColumn('a', 'decimal(6,2)'), sourceColumn('a', 'decimal(9,2)')]
    expect(steps({ before: [narrow], after: [wide], rule: spec })).toEqual([])
    const [whole, large] = [sourceColumn('a', 'int'), sourceColumn('a', 'bigint')]
    expect(steps({ before: [whole], after: [large], rule: spec })).toEqual([])
    expect(refused({ before: [wide], after: [whole], rule: spec })).toMatchObject({
      kind: 'ddlUnsupported',
      message: expect.stringContaining('the rule decides or computes by a, which'),
    })
    expect(steps({ before: [narrow], after: [narrow, b], rule: spec })).toEqual([])
  })
})
