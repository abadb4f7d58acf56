import { Failure } from '../model/failure.js'
import { isSameName } from '../model/same-name.js'
import { type SourceColumn, type TableSchema, targetName } from '../model/schema.js'
import type { TableChange } from '../model/schema-change.js'
import type { RowTag, TargetFill, TargetStep } from '../model/target-change.js'
import { renderByHand, renderDropColumn, renderRenameColumn } from '../starrocks/alter-text.js'
import { parseTargetType } from '../starrocks/target-type.js'
import { type ColumnPlan, planColumns } from './column-plan.js'
import { targetFill } from './evolution-fill.js'
import { valueChange } from './evolution-values.js'
import { keyColumns } from './partial-key.js'
import type { MatchedRule } from './rule-book.js'
import { beforeName } from './shape/before-values.js'
import { type ColumnMask, columnMasks, maskedFill } from './shape/masks.js'
import { planShape } from './shape/shaped-table.js'
import { requestTarget, type TargetWish } from './target-wish.js'

/** A table as one rule writes it. */
export interface RuleView {
  /** As the rule sees it; see `ShapedTable.schema`. */
  readonly schema: TableSchema
  readonly own: TableSchema
  /** Columns by which the rule decides, or computes. */
  readonly reads: readonly SourceColumn[]
  readonly matched: MatchedRule
  readonly plan: ColumnPlan
  readonly wish: TargetWish
  /** By source name, what stands in place of the column's values. */
  readonly masks: ReadonlyMap<string, ColumnMask>
}

/** Throws what `planColumns` and `requestTarget` throw: ruleInvalid, notDecodable. */
export function ruleView(schema: TableSchema, matched: MatchedRule): RuleView {
  const { schema: shaped, expressed } = planShape(schema, matched)
  const plan = planColumns(shaped, matched)
  const reads = expressed.map(index => schema.columns[index]!)
  const masks = new Map(columnMasks(schema, matched).map(mask => [schema.columns[mask.index]!.name, mask]))
  const wish = requestTarget(shaped, plan, matched, 'add')
  return { schema: shaped, own: schema, reads, matched, plan, wish, masks }
}

/** Why a change cannot be followed, and what an operator does in place of it. */
export interface Obstacle {
  /** A clause about the source table. */
  readonly reason: string
  /** `statements`: these do it. `copy`: the table's values must be copied again besides. `anew`: the target cannot stay. */
  readonly remedy: 'statements' | 'copy' | 'anew'
  readonly statements: readonly string[]
}

type Hinder = (remedy: Obstacle['remedy'], reason: string, ...statements: readonly string[]) => void

export interface ColumnsChange {
  readonly steps: readonly TargetStep[]
  readonly obstacles: readonly Obstacle[]
}

interface Rename {
  readonly from: string
  readonly to: string
}

interface ColumnPair {
  readonly before: SourceColumn
  readonly after: SourceColumn
  readonly formerName: string | null
  readonly name: string | null
}

export interface ColumnOptions {
  readonly onDropColumn: 'keep' | 'drop'
  /** Rows of other source tables are in the target. */
  readonly shared: boolean
  /** Whether other source tables have values for a column of the target. */
  readonly isFilledByOthers: (name: string) => boolean
  /** What tells the table's rows in a shared target; null: nothing does. */
  readonly rows: readonly RowTag[] | null
  /** Other rules make rows too, in which this one's columns are to be NULL. */
  readonly partial: boolean
}

/**
 * What one change of a table's columns makes of a target. `upsert`: everything; `append`: the rows that are there are
 * history, so nothing is filled and no value doubted; `aggregate`: only columns of the groups and measures count.
 */
export function columnsChange(
  change: TableChange,
  before: RuleView,
  after: RuleView,
  options: ColumnOptions,
): ColumnsChange {
  const { mode } = after.matched.rule
  const pairs = pairColumns(change, before, after)
  const paired = new Set(pairs.map(pair => pair.after))
  const found = {
    renamed: [] as TargetStep[],
    exchanged: [] as Rename[],
    doubted: [] as TargetStep[],
    dropped: [] as TargetStep[],
    added: [] as TargetStep[],
    modified: [] as TargetStep[],
    commented: [] as TargetStep[],
  }
  const obstacles: Obstacle[] = []
  const hinder: Hinder = (remedy, reason, ...statements) => {
    obstacles.push({ reason, remedy, statements })
  }
  const { wish } = after
  if (mode === 'upsert') checkKey(change, before, after, hinder)
  for (const { before: old, after: now, formerName, name } of pairs) {
    if (formerName !== null && name === null) found.dropped.push(...droppedColumn(formerName, mode, options))
    if (name === null) continue
    if (formerName === null) {
      const fill =
        mode === 'append'
          ? ({ kind: 'null' } as const)
          : ({ kind: 'unknown', reason: 'has values in the source, where it was left out by the rule' } as const)
      const step = { kind: 'addColumn', name, type: wished(wish, name).type, comment: now.comment, fill } as const
      found.added.push(...addedRows(step, options))
      continue
    }
    if (formerName.toLowerCase() !== name.toLowerCase())
      renameColumn(formerName, name, before, after, options, found, hinder)
    const [was, is] = [wished(before.wish, formerName), wished(wish, name)]
    if (mode !== 'append') {
      const values = valuesOf(readColumn(old, before), readColumn(now, after), was.type, is.type)
      if (values.kind === 'changed')
        hinder('copy', `the values of ${old.name} may have changed without row events: it ${values.reason}`)
      else
        for (const { doubt, reason } of values.unless)
          found.doubted.push({ kind: 'expectNone', name, formerName, doubt, reason })
    }
    if (was.type !== is.type || (is.nullable && !was.nullable))
      found.modified.push({ kind: 'modifyColumn', name, type: is.type, nullable: is.nullable })
    if (was.comment !== is.comment) found.commented.push({ kind: 'commentColumn', name, comment: is.comment })
  }
  if (found.exchanged.length > 0) hinderExchange(found.exchanged, wish, hinder)
  for (const [index, column] of before.schema.columns.entries()) {
    const name = before.plan.targets[index] ?? null
    if (name === null || pairs.some(pair => pair.before === column)) continue
    // Read twice, such a statement would take the new column for the one that was dropped.
    if (targetNames(after).has(name.toLowerCase()))
      hinder(
        'statements',
        `column ${name} is another one now under the same name`,
        renderDropColumn(wish, name),
        ...renderByHand(wish, addedColumn(name, change, after)),
      )
    else found.dropped.push(...droppedColumn(name, mode, options))
  }
  for (const [index, column] of after.schema.columns.entries()) {
    const name = after.plan.targets[index] ?? null
    if (name === null || paired.has(column) || targetNames(before).has(name.toLowerCase())) continue
    if (!wish.key.includes(name)) found.added.push(...addedRows(addedColumn(name, change, after), options))
  }
  if (mode !== 'append') readsChange(change, before, after, hinder)
  if (mode === 'aggregate') measuresChange(pairs, before, after, found.modified, hinder)
  if (before.schema.comment !== after.schema.comment)
    found.commented.push({ kind: 'commentTable', comment: after.schema.comment })
  return {
    steps: [
      ...found.renamed,
      ...found.doubted,
      ...found.dropped,
      ...found.added,
      ...found.modified,
      ...found.commented,
    ],
    obstacles,
  }
}

/** Columns that live on, under the same name or another. */
function pairColumns(change: TableChange, before: RuleView, after: RuleView): ColumnPair[] {
  const renamed = new Map([
    ...change.renamedColumns,
    ...[...change.renamedColumns].map(
      ([from, to]) => [beforeName(from, before.matched.rule), beforeName(to, after.matched.rule)] as const,
    ),
  ])
  return before.schema.columns.flatMap((old, index) => {
    const name = renamed.get(old.name) ?? old.name
    const taken = name === old.name && [...renamed.values()].includes(name)
    const at = after.schema.columns.findIndex(column => column.added === old.added && isSameName(column.name, name))
    const now = after.schema.columns[at]
    if (now === undefined || taken || change.fills.has(now.name)) return []
    const formerName = before.plan.targets[index] ?? null
    return [{ before: old, after: now, formerName, name: after.plan.targets[at] ?? null }]
  })
}

function addedColumn(name: string, change: TableChange, after: RuleView): Extract<TargetStep, { kind: 'addColumn' }> {
  const { type, comment } = wished(after.wish, name)
  const column = after.schema.columns[after.plan.targets.indexOf(name)]!
  const known = change.fills.get(column.name) ?? { kind: 'unknown', reason: 'has values that are not known' }
  const mask = after.masks.get(column.name)
  const given = mask === undefined ? known : maskedFill(known, mask)
  const isHistory = after.matched.rule.mode === 'append'
  const fill = isHistory ? ({ kind: 'null' } as const) : targetFill(given, column, type, after.matched.rule.zeroDate)
  return { kind: 'addColumn', name, type, comment, fill }
}

function checkKey(change: TableChange, before: RuleView, after: RuleView, hinder: Hinder): void {
  const names = (key: readonly string[]) => key.map(name => name.toLowerCase()).sort()
  const [was, is] = [before, after].map(view => keyColumns(view.schema, view.matched))
  const kept = was!.map(name => change.renamedColumns.get(name) ?? name)
  if (names(kept).join('\0') === names(is!).join('\0')) return
  const list = (key: readonly string[]) => (key.length === 0 ? 'none' : `(${key.join(', ')})`)
  hinder('anew', `its key became ${list(is!)}, it was ${list(was!)}, and StarRocks changes no PRIMARY KEY`)
}

function renameColumn(
  from: string,
  to: string,
  before: RuleView,
  after: RuleView,
  { shared }: ColumnOptions,
  found: { readonly renamed: TargetStep[]; readonly exchanged: Rename[] },
  hinder: Hinder,
): void {
  const statement = renderRenameColumn(after.wish, from, to)
  if (shared)
    hinder(
      'statements',
      `${from} became ${to}, and other tables are written to the target under the old name`,
      statement,
    )
  // Looked at again after a crash, the target could not tell whether it was done.
  else if (targetNames(before).has(to.toLowerCase()) || targetNames(after).has(from.toLowerCase()))
    found.exchanged.push({ from, to })
  else found.renamed.push({ kind: 'renameColumn', from, to })
}

/** By way of names that nobody has: StarRocks renames one column at a time. */
function hinderExchange(exchanged: readonly Rename[], wish: TargetWish, hinder: Hinder): void {
  const between = (name: string): string => `_was_${name}`
  hinder(
    'statements',
    `columns took each other's names (${exchanged.map(({ from, to }) => `${from} became ${to}`).join(', ')})`,
    ...exchanged.map(({ from }) => renderRenameColumn(wish, from, between(from))),
    ...exchanged.map(({ from, to }) => renderRenameColumn(wish, between(from), to)),
  )
}

function droppedColumn(
  name: string,
  mode: MatchedRule['rule']['mode'],
  { onDropColumn, isFilledByOthers }: ColumnOptions,
): TargetStep[] {
  if (mode === 'aggregate') return []
  if (onDropColumn === 'drop' && !isFilledByOthers(name)) return [{ kind: 'dropColumn', name }]
  return [{ kind: 'leaveColumn', name, mark: mode === 'upsert' }]
}

/** In a shared target the column may be there already, and rows of others keep what they have. */
function addedRows(
  step: Extract<TargetStep, { kind: 'addColumn' }>,
  { shared, rows, partial }: ColumnOptions,
): readonly TargetStep[] {
  const { fill, name } = step
  if (partial && rows === null && fill.kind === 'value')
    return [{ ...step, fill: { kind: 'unknown', reason: 'has a default, which rows without this table must not get' } }]
  if (!shared || rows === null || fill.kind === 'unknown') return [step]
  const none: TargetFill = { kind: 'null' }
  return [
    { ...step, fill: none },
    { kind: 'fillRows', name, fill, rows },
  ]
}

/** What was summed cannot be asked of the target any more, so a doubt about values is a no. */
function measuresChange(
  pairs: readonly ColumnPair[],
  before: RuleView,
  after: RuleView,
  steps: TargetStep[],
  hinder: Hinder,
): void {
  for (const measure of after.plan.measures) {
    const column = measure.column === null ? undefined : after.schema.columns[measure.column]
    if (column === undefined) continue
    const pair = pairs.find(candidate => candidate.after === column)
    const values = pair && valueChange(pair.before, pair.after)
    if (values === undefined) hinder('copy', `${measure.text} begins anew with the column that is there now`)
    else if (values.kind === 'changed')
      hinder('copy', `${measure.text} was made of other values: ${column.name} ${values.reason}`)
    else if (values.unless.length > 0)
      hinder('copy', `${measure.text} may have been made of other values: ${column.name} ${values.unless[0]!.reason}`)
    const [was, is] = [wished(before.wish, measure.name), wished(after.wish, measure.name)]
    if (was.type !== is.type)
      steps.push({ kind: 'modifyColumn', name: measure.name, type: is.type, nullable: is.nullable })
  }
}

/** What a rule made of a row before cannot be asked of the target any more, so a doubt about values is a no. */
function readsChange(change: TableChange, before: RuleView, after: RuleView, hinder: Hinder): void {
  for (const now of after.reads) {
    const formerName = [...change.renamedColumns].find(([, to]) => to === now.name)?.[0] ?? now.name
    const old = change.fills.has(now.name)
      ? undefined
      : before.own.columns.find(column => isSameName(column.name, formerName))
    const values = old && valueChange(old, now)
    const why =
      values === undefined
        ? 'is another column now'
        : values.kind === 'changed'
          ? values.reason
          : (values.unless[0]?.reason ?? recollated(old!, now))
    if (why !== null) hinder('copy', `the rule decides or computes by ${now.name}, which ${why}`)
  }
}

/** Null: texts of the column are compared as before, as far as is known. */
function recollated({ collation: was }: SourceColumn, { collation: is }: SourceColumn): string | null {
  return was === undefined || is === undefined || was === is ? null : `is compared by ${is} now, no longer by ${was}`
}

/** What the values in the target were made of. */
function readColumn(column: SourceColumn, { masks }: RuleView): SourceColumn {
  const mask = masks.get(column.name)
  return mask?.reads === true ? mask.own : column
}

/** A target of another kind than the source's type keeps less than the type does, or the form as well as the value. */
function valuesOf(old: SourceColumn, now: SourceColumn, was: string, is: string): ReturnType<typeof valueChange> {
  const [from, to] = [parseTargetType(was).base, parseTargetType(is).base]
  if (from === 'boolean' && to !== 'boolean' && old.dataType !== 'bit')
    return { kind: 'changed', reason: `became ${now.columnType}, and the target has kept it as a BOOLEAN` }
  if (from === 'varchar' && old.charset === null && printedForm(old) !== printedForm(now))
    return {
      kind: 'changed',
      reason: `became ${now.columnType}, and the target has kept the text of ${old.columnType}`,
    }
  return valueChange(old, now)
}

function printedForm({ dataType, scale, fractionDigits }: SourceColumn): string {
  const isInteger = scale === 0 && dataType !== 'decimal'
  return isInteger ? 'integer' : `${dataType} ${scale ?? fractionDigits ?? ''}`
}

function targetNames(view: RuleView): ReadonlySet<string> {
  return new Set(view.wish.columns.map(column => column.name.toLowerCase()))
}

function wished(wish: TargetWish, name: string): TargetWish['columns'][number] {
  const column = wish.columns.find(candidate => candidate.name === name)
  if (column === undefined) throw new Failure('internal', `${targetName(wish)} has no column ${name} in its own plan.`)
  return column
}
