import { tableName, targetName } from './model/schema.js'
import type { MatchedRule, RuleBook } from './rules/rule-book.js'

interface TableId {
  readonly schema: string
  readonly table: string
}

/** What other rules make of one table. */
export interface TableChange extends TableId {
  readonly kind: 'comes' | 'goes' | 'changes'
  /** "database.table" of its targets: from now on, or until now where it goes. */
  readonly targets: readonly string[]
  /** Rows that are in its targets already are not as the rules say now: only another copy mends that. */
  readonly stale: boolean
  /** What differs, for the operator. */
  readonly what: string
}

/** The tables that come, go, or have other rules. Throws ruleInvalid as `match` does. */
export function compareTables(old: RuleBook, next: RuleBook, tables: readonly TableId[]): TableChange[] {
  return tables.flatMap(({ schema, table }): TableChange[] => {
    const before = old.wanted(schema, table) ? old.match(schema, table) : []
    const after = next.wanted(schema, table) ? next.match(schema, table) : []
    const id = { schema, table }
    if (before.length === 0 && after.length === 0) return []
    if (before.length === 0) return [{ ...id, kind: 'comes', targets: after.map(targetName), stale: false, what: '' }]
    if (after.length === 0) return [{ ...id, kind: 'goes', targets: before.map(targetName), stale: false, what: '' }]
    const differences = compareWays(before, after)
    if (differences.length === 0) return []
    const what = [...new Set(differences.map(({ text }) => text))].join(', ')
    const stale = differences.some(difference => difference.stale)
    return [{ ...id, kind: 'changes', targets: after.map(targetName), stale, what }]
  })
}

/** One line for the operator. */
export function renderTableChange({ kind, targets, what, ...table }: TableChange): string {
  const into = targets.join(', ')
  if (kind === 'comes') return `${tableName(table)} comes: into ${into}`
  if (kind === 'goes') return `${tableName(table)} goes: ${into} keeps its rows and gets no more`
  return `${tableName(table)} changes: ${what}`
}

interface Difference {
  readonly text: string
  readonly stale: boolean
}

function compareWays(before: readonly MatchedRule[], after: readonly MatchedRule[]): Difference[] {
  const differences: Difference[] = []
  for (const way of before)
    if (!after.some(other => targetName(other) === targetName(way)))
      differences.push({ text: `no more into ${targetName(way)}`, stale: false })
  for (const way of after) {
    const old = before.find(other => targetName(other) === targetName(way))
    if (old === undefined) differences.push({ text: `into ${targetName(way)}`, stale: true })
    else differences.push(...compareRules(old, way))
  }
  return differences
}

/** How rows get to StarRocks, and what a target that is made looks like: all else changes what is written. */
const NOT_OF_ROWS: ReadonlySet<string> = new Set([
  'flushIntervalMs',
  'flushRows',
  'flushBytes',
  'loadFormat',
  'orderBy',
  'partitionBy',
])
/** Whether two rules write the same rows in the same way, wherever they stand. */
export function isSameRule(before: MatchedRule, after: MatchedRule): boolean {
  return compareRules(before, after).length === 0
}

/** The names that are matched are known by then, and where the rule stands makes no difference. */
const NOT_COMPARED: ReadonlySet<string> = new Set(['where', 'schema', 'table', 'targetDatabase', 'targetTable'])

function compareRules(before: MatchedRule, after: MatchedRule): Difference[] {
  const [old, next] = [propertiesOf(before), propertiesOf(after)]
  return [...next.keys()]
    .filter(name => render(old.get(name)) !== render(next.get(name)))
    .map(name => ({ text: `${keyOf(name)} of ${targetName(after)}`, stale: !NOT_OF_ROWS.has(name) }))
}

/** Those of its shape stand beside the others, as they do in the file. */
function propertiesOf({ rule }: MatchedRule): Map<string, unknown> {
  const { shape, ...others } = rule
  return new Map([...Object.entries(others).filter(([name]) => !NOT_COMPARED.has(name)), ...Object.entries(shape)])
}

function render(value: unknown): string {
  return JSON.stringify(value, (_, item) => (item instanceof Map ? [...item] : item)) ?? ''
}

/** A rule's property as the operator writes it. */
function keyOf(property: string): string {
  if (property === 'salt') return 'mask_salt'
  return property.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)
}
