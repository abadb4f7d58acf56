import { undecodableType } from '../binlog/decodable.js'
import { Failure } from '../model/failure.js'
import {
  type SourceColumn,
  type TableSchema,
  type TargetColumn,
  type TargetModel,
  type TargetTable,
  tableName,
  targetName,
} from '../model/schema.js'
import { type FieldForm, formFor, mapColumn } from '../starrocks/type-map.js'
import type { ColumnPlan } from './column-plan.js'
import type { MatchedRule } from './rule-book.js'

export type MissingColumns = 'refuse' | 'add' | 'leaveOut'

/** The target a rule needs: what `prepare` of the sink takes. */
export interface TargetWish {
  readonly database: string
  readonly table: string
  readonly model: TargetModel
  readonly columns: readonly {
    readonly name: string
    readonly type: string
    readonly nullable: boolean
    readonly comment: string
  }[]
  readonly key: readonly string[]
  readonly comment: string
  /** What to do about columns an existing target lacks. */
  readonly missingColumns: MissingColumns
}

const CONSTANT_TYPE = 'varchar(1024)'

/** The target as it would be created for this table: mapped types, the source's key, constants as text. */
export function requestTarget(
  schema: TableSchema,
  plan: ColumnPlan,
  matched: MatchedRule,
  missingColumns: MissingColumns,
): TargetWish {
  const columns = schema.columns.flatMap((column, i) => {
    const name = plan.targets[i]
    if (name === null || name === undefined) return []
    const isKey = plan.key.includes(name)
    const undecodable = undecodableType(column)
    if (undecodable !== null) throw unfit(column, schema, matched, undecodable)
    const mapped = mapColumn(column, isKey)
    if ('unsupported' in mapped) throw unfit(column, schema, matched, mapped.unsupported)
    return [{ name, type: mapped.type, nullable: column.nullable && !isKey, comment: column.comment }]
  })
  const constants = plan.constants.map(c => ({ name: c.name, type: CONSTANT_TYPE, nullable: true, comment: '' }))
  return {
    database: matched.database,
    table: matched.table,
    model: 'primary',
    columns: [...columns, ...constants],
    key: plan.key,
    comment: schema.comment,
    missingColumns,
  }
}

/** One source column's way into a target column; null when it is left out. `toBinary`: the column holds bytes, not text. */
export type TargetField = { readonly name: string; readonly form: FieldForm; readonly toBinary: boolean } | null

/** How each source column is written into an existing target, and which source columns make its key. */
export interface TargetFit {
  readonly fields: readonly TargetField[]
  readonly key: readonly number[]
}

/**
 * Fits a table to its target as it is. Throws targetUnfit for a column the target lacks (unless they are to be left out) or
 * one it needs and nothing fills, ruleInvalid when a key column of the target is not covered.
 */
export function coverTarget(
  schema: TableSchema,
  plan: ColumnPlan,
  matched: MatchedRule,
  target: TargetTable,
  missingColumns: MissingColumns,
): TargetFit {
  const columns = new Map(target.columns.map(c => [c.name.toLowerCase(), c]))
  const filled = new Set(plan.constants.map(c => c.name.toLowerCase()))
  for (const constant of plan.constants)
    requireColumn(columns, constant.name, `the constant "${constant.name}"`, target)
  const fields = schema.columns.map((column, i) => {
    const name = plan.targets[i]
    if (name === null || name === undefined) return null
    if (missingColumns === 'leaveOut' && !columns.has(name.toLowerCase())) return null
    const found = requireColumn(columns, name, `column "${column.name}" of ${tableName(schema)}`, target)
    filled.add(name.toLowerCase())
    const isKey = target.key.includes(found.name)
    return { name: found.name, form: formFor(column, found.type, isKey), toBinary: found.type.startsWith('varbinary') }
  })
  const unfilled = target.columns.find(c => !filled.has(c.name.toLowerCase()) && !c.nullable && !c.hasDefault)
  const missingKey = target.key.find(name => !filled.has(name.toLowerCase()))
  if (missingKey !== undefined) {
    throw new Failure(
      'ruleInvalid',
      `${matched.rule.where}: key column "${missingKey}" of ${targetName(target)} is filled by no column of ${tableName(schema)}.`,
    )
  }
  if (unfilled) {
    throw new Failure(
      'targetUnfit',
      `Column "${unfilled.name}" of ${targetName(target)} is NOT NULL without a default, and ${tableName(schema)} has no column for it.`,
    )
  }
  const key = target.key.flatMap(name => {
    const index = fields.findIndex(f => f?.name.toLowerCase() === name.toLowerCase())
    return index < 0 ? [] : [index]
  })
  return { fields, key }
}

function requireColumn(
  columns: ReadonlyMap<string, TargetColumn>,
  name: string,
  what: string,
  target: TargetTable,
): TargetColumn {
  const found = columns.get(name.toLowerCase())
  if (!found) {
    throw new Failure('targetUnfit', `${targetName(target)} has no column "${name}" for ${what}.`, {
      advice: `ALTER TABLE ${targetName(target)} ADD COLUMN \`${name}\` …; or leave the column out with exclude = [...], or give its target name with rename.`,
    })
  }
  return found
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
