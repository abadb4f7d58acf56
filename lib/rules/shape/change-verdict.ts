import type { RouteMode } from '../../model/rule-mode.js'
import type { Operation, RuleShape } from '../../model/rule-shape.js'

/** One change of a row, as a rule's filter sees it. */
export interface FilteredChange {
  /** Which images there are: `insert` has the one behind the change, `delete` the one before, `update` both. */
  readonly op: Operation
  /** What was done at the source: half of an update is an update. */
  readonly operation: Operation
  /** Whether the row was, and is, one of those in the target. Of images that are not there: false. */
  readonly wasIn: boolean
  readonly isIn: boolean
  /** The target may hold an older row of this key that nothing else tells of. */
  readonly reconciles: boolean
  /** A key that a copy did not find: its image tells nothing but the key. */
  readonly isVanished: boolean
}

/**
 * What is written of a change. `insert`: the row behind it; `update`: both; `delete`: the row before it leaves, or, of an
 * insert, the row of that key; `mark`: the deleted row, as one that is marked so.
 */
export type Verdict = 'nothing' | 'insert' | 'update' | 'delete' | 'mark'

/**
 * What becomes of a change in the target. A row that leaves the filter leaves the target, one that enters it is written;
 * `on_delete` is for rows that are deleted at the source, not for those that leave or have another key.
 */
export function judgeChange(
  { operations, onDelete, partial }: Pick<RuleShape, 'operations' | 'onDelete' | 'partial'>,
  mode: RouteMode,
  change: FilteredChange,
): Verdict {
  const { op, operation, wasIn, isIn } = change
  if (!operations.includes(operation)) return 'nothing'
  // A delete of a row that is not there harms nothing where rows have keys.
  const reconciles = change.reconciles && mode === 'upsert'
  // Where updates are passed over, the target may have the row as it was when it was in the filter.
  const isUnseen = mode === 'upsert' && !partial && !operations.includes('update')
  switch (op) {
    case 'insert':
      return isIn ? 'insert' : reconciles ? 'delete' : 'nothing'
    case 'delete':
      if (operation === 'delete' && onDelete === 'ignore') return 'nothing'
      if (operation === 'delete' && onDelete === 'soft') {
        // What the row was is not known any more, so it stays as it is in the target.
        if (change.isVanished) return 'nothing'
        if (wasIn) return 'mark'
      }
      return wasIn || reconciles || isUnseen ? 'delete' : 'nothing'
    case 'update':
      if (isIn) return wasIn || reconciles ? 'update' : 'insert'
      return wasIn || reconciles ? 'delete' : 'nothing'
  }
}
