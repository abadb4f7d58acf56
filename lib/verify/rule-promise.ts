import type { RuleShape } from '../model/rule-shape.js'
import type { RuleSpec } from '../rules/rule-book.js'
import { softDeleteNames } from '../rules/shape/soft-delete.js'
import type { PlannedTarget } from '../schema-plan.js'
import { quoteIdentifier } from '../starrocks/ddl.js'
import type { ComparedTarget } from './fused-parts.js'
import type { SuspectKind } from './verdict.js'

/** Rows that one side alone may have, since the rules of a target pass over changes; a sentence where no row is sure to be the same. */
export function tolerated({ sources, isTaken }: ComparedTarget): ReadonlySet<SuspectKind> | string {
  const kinds = new Set<SuspectKind>(isTaken === true ? ['missing'] : [])
  for (const { matched } of sources) {
    const found = toleratedBy(matched.rule)
    if (typeof found === 'string') return found
    for (const kind of found) kinds.add(kind)
  }
  return kinds
}

/** The condition for rows of the target that are not marked as deleted; null: none are. */
export function unmarked({ sources }: PlannedTarget): string | null {
  const conditions = new Set<string>()
  for (const { matched } of sources) {
    const { flag, time } = softDeleteNames(matched.rule.shape)
    if (flag !== null) conditions.add(`(${quoteIdentifier(flag)} IS NULL OR ${quoteIdentifier(flag)} <> 1)`)
    else if (time !== null) conditions.add(`${quoteIdentifier(time)} IS NULL`)
  }
  return conditions.size === 0 ? null : [...conditions].join(' AND ')
}

function toleratedBy({ shape, mode }: RuleSpec): readonly SuspectKind[] | string {
  if (mode === 'append') return 'each of its rows is a change: the source keeps nothing to compare them with'
  const passed = passedOver(shape)
  if (passed.length === 0) return []
  const are = `changes of kind ${passed.join(' and ')} are passed over`
  if (mode === 'aggregate') return `${are}, so its sums are none of the source's rows`
  // What was written once may have another value by now, or its key from another row; and what was deleted may have come back.
  if (passed.includes('UPDATE') || passed.length === 2) return `${are}, so no row has to be what it is at the source`
  return passed[0] === 'INSERT' ? ['missing'] : ['extra']
}

function passedOver({ operations, onDelete }: RuleShape): string[] {
  const isPassed = (one: 'insert' | 'update' | 'delete') =>
    !operations.includes(one) || (one === 'delete' && onDelete === 'ignore')
  return (['insert', 'update', 'delete'] as const).filter(isPassed).map(one => one.toUpperCase())
}
