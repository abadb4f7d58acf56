import { expect, test } from '@jest/globals'
import { RuleBook } from '../../lib/rules/rule-book.js'
import type { PlannedTarget } from '../../lib/schema-plan.js'
import type { SchemaFinding } from '../../lib/schema-report.js'
import { chooseTargets, missingSource } from '../../lib/snapshot/batch-targets.js'
import { failureOf } from '../support/failure-of.js'
import { rule } from '../support/rule-spec.js'

const planned = (table: string, ...sources: string[]) =>
  ({
    request: { database: 'd', table },
    sources: sources.map(name => ({ table: { schema: 's', table: name } })),
  }) as unknown as PlannedTarget

const ALL = [planned('orders', 'orders_0', 'orders_1'), planned('notes', 'notes'), planned('log', 'orders_1')]

test('targets are chosen by any of their source tables', () => {
  const chosen = (...names: string[]) => chooseTargets(ALL, names).map(({ request }) => request.table)
  expect(chosen()).toEqual(['orders', 'notes', 'log'])
  expect(chosen('s.orders_0')).toEqual(['orders'])
  expect(chosen('s.orders_1', 's.notes')).toEqual(['orders', 'notes', 'log'])
  expect(failureOf(() => chosen('s.notes', 's.nosuch'))).toMatchObject({
    kind: 'configInvalid',
    message: expect.stringContaining('s.nosuch'),
  })
})

test('a target is not copied without a table whose rows belong into it', () => {
  const book = new RuleBook(
    [{ schema: 's', tables: ['/./'] }],
    [rule({ table: '/^orders_\\d+$/', targetTable: 'orders' })],
    'd',
  )
  const tables = ['orders_0', 'orders_1', 'orders_2', 'notes'].map(table => ({ schema: 's', table }))
  const finding = (table: string, level: 'error' | 'warning'): SchemaFinding => ({
    check: 'rules.table',
    level,
    table,
    message: 'has a column of an unknown type',
    remedy: 'exclude it',
  })
  const obstacle = (...findings: SchemaFinding[]) => missingSource(ALL[0]!, findings, tables, book)
  expect(obstacle(finding('s.orders_2', 'error'))).toMatchObject({
    kind: 'ruleInvalid',
    message: 'd.orders would lack the rows of s.orders_2: has a column of an unknown type',
    advice: 'exclude it',
  })
  // Tables without a key may be passed over, with a warning; other tables are none of its business.
  expect(obstacle(finding('s.orders_2', 'warning'), finding('s.notes', 'error'))).toBeNull()
})
