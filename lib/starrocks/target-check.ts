import type { TargetRequest } from '../dispatch/sink.js'
import { isSameName } from '../model/same-name.js'
import { type TargetColumn, type TargetModel, type TargetTable, targetName } from '../model/schema.js'
import { anKey, quoteIdentifier, quoteTable, renderAddColumns } from './ddl.js'
import { typeFit } from './target-type.js'

/** Something that stands between a target as it is and what is to be loaded into it. */
export interface TargetFault {
  /** `fatal`: loads would fail or lose data silently. `narrow`: some values would be refused by StarRocks. */
  readonly level: 'fatal' | 'narrow'
  readonly message: string
  readonly remedy: string
}

/** What a rule wants of a target of each model, for messages. */
const NEEDS: Readonly<Record<TargetModel, string>> = {
  primary: 'updates and deletes',
  duplicate: 'rows of changes (mode = "append")',
  aggregate: 'sums per group (group_by)',
  unique: 'replaced rows',
}

/** The requested columns an existing table lacks; names ignore case, as StarRocks does. */
export function missingColumns(request: TargetRequest, table: TargetTable): TargetRequest['columns'] {
  return request.columns.filter(column => findColumn(table, column.name) === undefined)
}

/** Why columns that are missing cannot be added to an existing table, however much they may be; null when they can. */
export function missingFault(
  request: TargetRequest,
  table: TargetTable,
  missing: TargetRequest['columns'],
): TargetFault | null {
  const name = targetName(table)
  const key = missing.find(column => request.key.includes(column.name))
  const fault = (message: string): TargetFault => ({
    level: 'fatal',
    message: `${name} ${message}`,
    remedy: `Make ${quoteTable(table)} anew, or give the rule another sr_table.`,
  })
  if (table.model !== request.model) return fault(`is ${anKey(table.model)} table`)
  if (request.model === 'duplicate') return null
  if (key !== undefined) return fault(`lacks the key column ${key.name}`)
  // A sum that begins today lacks all rows of yesterday.
  if (request.model === 'aggregate')
    return fault(
      `lacks the columns ${missing.map(column => column.name).join(', ')}, and sums of earlier rows would be missing in them`,
    )
  return null
}

/** Everything wrong with an existing table but missing columns, which may be added. */
export function checkTarget(request: TargetRequest, table: TargetTable): TargetFault[] {
  const name = targetName(table)
  const fatal = (message: string, remedy: string): TargetFault => ({ level: 'fatal', message, remedy })
  const model = `${request.model.toUpperCase()} KEY`
  const keyList = request.key.map(quoteIdentifier).join(', ')
  if (table.model !== request.model)
    return [
      fatal(
        `${name} is ${anKey(table.model)} table; ${NEEDS[request.model]} need ${anKey(request.model)} table`,
        `Make ${quoteTable(table)} anew with ${model}, or DROP TABLE ${quoteTable(table)} and let schema.auto_create make it.`,
      ),
    ]
  const faults: TargetFault[] = []
  const keyFault = checkKey(request, table)
  if (keyFault !== null) faults.push(fatal(keyFault, `Make ${quoteTable(table)} anew with ${model} (${keyList}).`))
  for (const column of request.columns) {
    const existing = findColumn(table, column.name)
    if (existing === undefined) continue
    if (column.aggregate !== undefined) {
      faults.push(...checkMeasure(table, existing, { type: column.type, aggregate: column.aggregate }))
      continue
    }
    const fit = typeFit(column.type, existing.type)
    const remedy = modifyRemedy(table, existing, column.type)
    const says = `${name}.${existing.name} is ${existing.type} where ${column.type} is wanted`
    if (fit.kind === 'lossy') faults.push(fatal(`${says}: ${fit.reason}`, remedy))
    if (fit.kind === 'narrow') faults.push({ level: 'narrow', message: `${says}: ${fit.reason}`, remedy })
    if (column.nullable && !existing.nullable)
      faults.push({
        level: 'narrow',
        message: `${name}.${existing.name} is NOT NULL where NULL may have to be written`,
        remedy: `ALTER TABLE ${quoteTable(table)} MODIFY COLUMN ${quoteIdentifier(existing.name)} ${existing.type} NULL;`,
      })
  }
  for (const column of table.columns) {
    const requested = request.columns.some(candidate => isSameName(candidate.name, column.name))
    if (!requested && request.model === 'aggregate' && column.aggregate === 'replace')
      faults.push(
        fatal(
          `${name}.${column.name} is a REPLACE column that gets no value, so every load would replace it by NULL`,
          `Make ${quoteTable(table)} anew with REPLACE_IF_NOT_NULL for it, or give the rule another sr_table.`,
        ),
      )
    if (requested || column.nullable || column.hasDefault) continue
    faults.push(
      fatal(
        `${name}.${column.name} is NOT NULL without a default and gets no value`,
        `Give the column a value in the rule (constants), or make the table anew with a default for it.`,
      ),
    )
  }
  return faults
}

/** What value columns of an aggregate table hold, for messages. */
export const KEPT = { sum: 'sums', min: 'least values', max: 'greatest values' } as const

/** What is wrong with an existing table's key, or null. The key of a table of changes only orders it. */
function checkKey(request: TargetRequest, table: TargetTable): string | null {
  const covered = request.key.every(name => table.key.some(other => isSameName(name, other)))
  const has = `${targetName(table)} has the ${request.model} key (${table.key.join(', ')})`
  switch (request.model) {
    case 'duplicate':
      return null
    case 'aggregate':
      return covered && table.key.length === request.key.length
        ? null
        : `${has}, its rule groups by (${request.key.join(', ')})`
    default:
      // Further key columns are allowed: then a change of theirs moves the row, which is a delete and an upsert.
      return covered ? null : `${has}, its source the key (${request.key.join(', ')})`
  }
}

/** Sums in these wrap around soon, without an error. */
const SMALL_SUMS = new Set(['tinyint', 'smallint', 'int'])

/** What is wrong with an existing column that is to hold sums, or least or greatest values. */
function checkMeasure(
  table: TargetTable,
  existing: TargetColumn,
  { type, aggregate }: { readonly type: string; readonly aggregate: keyof typeof KEPT },
): TargetFault[] {
  const column = `${targetName(table)}.${existing.name}`
  const remedy = `Make ${quoteTable(table)} anew with ${quoteIdentifier(existing.name)} ${type.toUpperCase()} ${aggregate.toUpperCase()}, or give the rule another sr_table.`
  if (existing.aggregate !== aggregate) {
    const is = existing.aggregate === undefined ? 'a key column' : `a ${existing.aggregate.toUpperCase()} column`
    return [{ level: 'fatal', message: `${column} is ${is} where ${KEPT[aggregate]} are wanted`, remedy }]
  }
  const fit = typeFit(type, existing.type)
  if (fit.kind === 'fits') return []
  const message = `${column} is ${existing.type} where ${type} is wanted: ${fit.reason}`
  const isFatal = fit.kind === 'lossy' || (aggregate === 'sum' && SMALL_SUMS.has(existing.type))
  return [{ level: isFatal ? 'fatal' : 'narrow', message, remedy }]
}

/** The statement that adds the columns, for a remedy. */
export function addColumnsRemedy(table: TargetTable, columns: TargetRequest['columns']): string {
  return `${renderAddColumns(table, columns)};`
}

function modifyRemedy(table: TargetTable, existing: TargetColumn, type: string): string {
  const nullable = existing.nullable ? 'NULL' : 'NOT NULL'
  return `ALTER TABLE ${quoteTable(table)} MODIFY COLUMN ${quoteIdentifier(existing.name)} ${type} ${nullable};`
}

function findColumn(table: TargetTable, name: string): TargetColumn | undefined {
  return table.columns.find(column => isSameName(column.name, name))
}
