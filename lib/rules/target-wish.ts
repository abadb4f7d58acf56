import { undecodableType } from '../binlog/decodable.js'
import { CHANGE_COLUMNS } from '../model/change-columns.js'
import { Failure } from '../model/failure.js'
import { isSameName } from '../model/same-name.js'
import { type SourceColumn, type TableSchema, type TargetModel, tableName } from '../model/schema.js'
import { chooseType, type KeyRole } from '../starrocks/chosen-type.js'
import { parseTargetType } from '../starrocks/target-type.js'
import { COUNT_TYPE, mapSum, valueKind } from '../starrocks/type-map.js'
import type { ColumnPlan } from './column-plan.js'
import type { PlannedMeasure } from './planned-measures.js'
import type { MatchedRule } from './rule-book.js'

export type MissingColumns = 'refuse' | 'add' | 'leaveOut'

/** The target a rule needs: what `prepare` of the sink takes. */
export interface TargetWish {
  readonly database: string
  readonly table: string
  readonly model: TargetModel
  readonly columns: readonly WishedColumn[]
  readonly key: readonly string[]
  readonly comment: string
  readonly orderBy: readonly string[] | null
  readonly partitionBy: string | null
  readonly distributedBy?: readonly string[] | null
  readonly buckets?: number | null
  readonly properties?: Readonly<Record<string, string>>
  /** What to do about columns an existing target lacks. */
  readonly missingColumns: MissingColumns
}

interface WishedColumn {
  readonly name: string
  readonly type: string
  readonly nullable: boolean
  readonly comment: string
  readonly aggregate?: 'sum' | 'min' | 'max'
}

const CONSTANT_TYPE = 'varchar(1024)'
const MODELS = { upsert: 'primary', append: 'duplicate', aggregate: 'aggregate' } as const
/** Of a merge condition (StarRocks: `Merge condition column has invalid type`). */
const UNMERGED_TYPES = new Set(['char', 'varchar', 'json', 'varbinary'])

/** The model of a rule's target. */
export function modelOf({ mode, load }: MatchedRule['rule']): TargetModel {
  return load.model ?? MODELS[mode]
}

/**
 * The target as it would be created for this table. `upsert`: mapped types, the source's key; `append`: the change id in
 * front as key, every value nullable; `aggregate`: the group columns and constants as key, a sum for each measure.
 */
export function requestTarget(
  schema: TableSchema,
  plan: ColumnPlan,
  matched: MatchedRule,
  missingColumns: MissingColumns,
): TargetWish {
  const { mode } = matched.rule
  const change = CHANGE_COLUMNS.map(({ name, type, isKey, comment }) => ({ name, type, nullable: !isKey, comment }))
  const columns = schema.columns.flatMap((column, i) => {
    const name = plan.targets[i]
    return name == null ? [] : [wishColumn(column, name, schema, plan, matched)]
  })
  const constants = plan.constants.map(({ name }) => ({
    name,
    type: CONSTANT_TYPE,
    nullable: !plan.key.includes(name),
    comment: '',
  }))
  const wished = [
    ...(mode === 'append' ? change : []),
    ...columns.filter(({ aggregate }) => aggregate === undefined),
    ...constants,
    ...columns.filter(({ aggregate }) => aggregate !== undefined),
    ...plan.measures.map(measure => wishMeasure(measure, schema, matched)),
  ]
  checkCondition(wished, plan, matched)
  checkSortKey(plan, matched)
  const { load } = matched.rule
  return {
    database: matched.database,
    table: matched.table,
    model: modelOf(matched.rule),
    columns: wished,
    key: plan.key,
    comment: schema.comment,
    orderBy: matched.rule.orderBy,
    partitionBy: matched.rule.partitionBy,
    ...(load.distributedBy === null ? {} : { distributedBy: load.distributedBy }),
    ...(load.buckets === null ? {} : { buckets: load.buckets }),
    ...(load.properties.size === 0 ? {} : { properties: Object.fromEntries(load.properties) }),
    missingColumns,
  }
}

/**
 * StarRocks takes no partial update (row mode) that lacks a column of the sort key.
 * @throws Failure ruleInvalid where order_by of such a rule names another column than the key's
 */
function checkSortKey(plan: ColumnPlan, { rule, database, table }: MatchedRule): void {
  if (!rule.shape.partial) return
  const isKey = (name: string) => plan.key.some(key => isSameName(key, name))
  const other = rule.orderBy?.find(name => !isKey(name))
  if (other !== undefined)
    throw new Failure(
      'ruleInvalid',
      `${rule.where}: order_by names "${other}", which is no key column of ${database}.${table}: with mode = "partial" rows come without the columns of other rules, and StarRocks needs all of the sort key.`,
    )
}

/** @throws Failure ruleInvalid where merge_condition names a column by which StarRocks compares no rows */
function checkCondition(columns: readonly WishedColumn[], plan: ColumnPlan, { rule, ...target }: MatchedRule): void {
  const name = rule.load.mergeCondition
  if (name === null) return
  const column = columns.find(candidate => isSameName(candidate.name, name))
  const base = column === undefined ? '' : parseTargetType(column.type).base
  const why =
    column === undefined
      ? `it would not have (it has ${columns.map(candidate => candidate.name).join(', ')})`
      : plan.key.some(key => isSameName(key, name))
        ? 'is part of its key'
        : UNMERGED_TYPES.has(base)
          ? `is ${column.type}, which StarRocks compares no rows by`
          : null
  if (why !== null)
    throw new Failure(
      'ruleInvalid',
      `${rule.where}: merge_condition = "${name}" names a column of ${target.database}.${target.table} that ${why}.`,
    )
}

/** Sums of these measures differ in their last digits with the order of the rows; a sentence for each, for the operator. */
export function inexactSums(schema: TableSchema, plan: ColumnPlan, matched: MatchedRule): string[] {
  return plan.measures.flatMap(({ name, column, text }) => {
    const summed = column === null ? null : mapSum(schema.columns[column]!)
    return summed === null || 'unsupported' in summed || summed.exact
      ? []
      : [
          `${matched.database}.${matched.table}.${name} = ${text}: sums of floating point values are not exact, least of all when rows are taken away again.`,
        ]
  })
}

function wishColumn(
  column: SourceColumn,
  name: string,
  schema: TableSchema,
  plan: ColumnPlan,
  matched: MatchedRule,
): WishedColumn {
  const { mode, zeroDate, types, shape } = matched.rule
  const isKey = plan.key.includes(name)
  const undecodable = undecodableType(column)
  if (undecodable !== null) throw unfit(column, schema, matched, undecodable)
  const chosen = chooseType(column, keyRole(matched, isKey), types)
  if ('impossible' in chosen)
    throw invalid(
      column.targetType === undefined
        ? `cast = { ${column.name} = "${types.cast.get(column.name)}" } names column "${column.name}"`
        : `transform_columns = { ${name} = "${column.targetType}" } names column "${name}"`,
      column,
      schema,
      matched,
      chosen.impossible,
    )
  if ('unsupported' in chosen)
    throw mode === 'aggregate'
      ? invalid(`group_by names column "${column.name}"`, column, schema, matched, chosen.unsupported)
      : unfit(column, schema, matched, chosen.unsupported)
  const mayBeNull =
    column.nullable || (zeroDate === 'null' && valueKind(column) === 'date' && /^date/.test(chosen.type))
  const nullable = { upsert: (mayBeNull || shape.partial) && !isKey, append: true, aggregate: column.nullable }[mode]
  const extreme = isKey ? undefined : matched.rule.measures.get(name)?.of
  const aggregate = extreme === 'min' || extreme === 'max' ? { aggregate: extreme } : {}
  return { name, type: chosen.type, nullable, comment: column.comment, ...aggregate }
}

function keyRole({ rule }: MatchedRule, isKey: boolean): KeyRole {
  return isKey ? (rule.mode === 'aggregate' ? 'group' : 'primary') : 'none'
}

/** Casts of the rule by which some values arrive changed; a sentence for each, for the operator. */
export function lossyCasts(schema: TableSchema, plan: ColumnPlan, matched: MatchedRule): string[] {
  return schema.columns.flatMap((column, i) => {
    const name = plan.targets[i]
    if (name == null || !matched.rule.types.cast.has(column.name)) return []
    const chosen = chooseType(column, keyRole(matched, plan.key.includes(name)), matched.rule.types)
    return 'loss' in chosen && chosen.loss !== null
      ? [
          `${matched.database}.${matched.table}.${name} is cast from ${column.columnType} to ${chosen.type}: ${chosen.loss}.`,
        ]
      : []
  })
}

/** Nullable, so that two rules may keep measures of their own in one target. */
function wishMeasure(
  { name, column: index, text }: PlannedMeasure,
  schema: TableSchema,
  matched: MatchedRule,
): WishedColumn {
  const wished = { name, nullable: true, comment: text, aggregate: 'sum' as const }
  if (index === null) return { ...wished, type: COUNT_TYPE }
  const column = schema.columns[index]!
  const mapped = mapSum(column)
  if ('unsupported' in mapped)
    throw invalid(
      `measures.${name} = "${text}" names column "${column.name}"`,
      column,
      schema,
      matched,
      mapped.unsupported,
    )
  return { ...wished, type: mapped.type }
}

function invalid(
  what: string,
  column: SourceColumn,
  schema: TableSchema,
  { rule, database, table }: MatchedRule,
  reason: string,
): Failure {
  return new Failure(
    'ruleInvalid',
    `${rule.where}: ${what} (${column.columnType}) of ${tableName(schema)}, but in ${database}.${table} ${reason}.`,
  )
}

function unfit(column: SourceColumn, schema: TableSchema, matched: MatchedRule, reason: string): Failure {
  return new Failure(
    'notDecodable',
    `Column "${column.name}" (${column.columnType}) of ${tableName(schema)} cannot be synced into ${matched.database}.${matched.table}: ${reason}.`,
    {
      advice: `Leave it out with exclude = ["${column.name}"] in the rule.`,
    },
  )
}
