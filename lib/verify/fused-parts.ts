import type { TableSchema } from '../model/schema.js'
import type { MatchedRule } from '../rules/rule-book.js'
import type { PlannedSource, PlannedTarget } from '../schema-plan.js'

/** A target, or the part of it that the tables of one rule make. */
export interface ComparedTarget extends PlannedTarget {
  /** Rules with other columns of its rows delete these whole: what this rule has put there goes too. */
  readonly isTaken?: boolean
}

/**
 * Comparisons of a target: one, but where rules own some columns of its rows each. Then each rule is compared by itself, over its
 * own columns and the rows that its own tables make.
 */
export function comparisonsOf(planned: PlannedTarget): ComparedTarget[] {
  const { sources } = planned
  if (!isFused(planned)) return [planned]
  const rules = [...new Set(sources.map(({ matched }) => matched.rule))]
  return rules.map(rule => {
    const [first, ...others] = sources.filter(({ matched }) => matched.rule === rule)
    const isTaken = rules.some(other => other !== rule && other.shape.onDelete === 'delete')
    return { ...planned, sources: [first!, ...others], isTaken }
  })
}

/** Rules own some columns each of the rows of this target. */
export function isFused({ sources }: PlannedTarget): boolean {
  return sources[0].matched.rule.shape.partial
}

/** Columns of the table, by name, that are the key of the target, in its order. */
export function keyColumns({ key }: TableSchema, { rule: { shape } }: MatchedRule): readonly string[] {
  return shape.partial && shape.key.size > 0 ? [...shape.key.values()] : key
}

/** The target's key is the table's own, so that a row can be asked for by it. */
export function isOwnKey({ table, matched }: PlannedSource): boolean {
  const columns = keyColumns(table, matched)
  return columns.length === table.key.length && columns.every((name, n) => name === table.key[n])
}
