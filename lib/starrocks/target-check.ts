import type { TargetRequest } from '../dispatch/sink.js'
import { type TargetColumn, type TargetTable, targetName } from '../model/schema.js'
import { quoteIdentifier, quoteTable, renderAddColumns } from './ddl.js'
import { typeFit } from './target-type.js'

/** Something that stands between a target as it is and what is to be loaded into it. */
export interface TargetFault {
  /** `fatal`: loads would fail or lose data silently. `narrow`: some values would be refused by StarRocks. */
  readonly level: 'fatal' | 'narrow'
  readonly message: string
  readonly remedy: string
}

/** The requested columns an existing table lacks; names ignore case, as StarRocks does. */
export function missingColumns(request: TargetRequest, table: TargetTable): TargetRequest['columns'] {
  return request.columns.filter(column => findColumn(table, column.name) === undefined)
}

/** Everything wrong with an existing table but missing columns, which may be added. */
export function checkTarget(request: TargetRequest, table: TargetTable): TargetFault[] {
  const name = targetName(table)
  const fatal = (message: string, remedy: string): TargetFault => ({ level: 'fatal', message, remedy })
  if (table.model !== 'primary')
    return [
      fatal(
        `${name} is a ${table.model.toUpperCase()} KEY table; updates and deletes need a PRIMARY KEY table`,
        `Make ${quoteTable(table)} anew with PRIMARY KEY, or DROP TABLE ${quoteTable(table)} and let schema.auto_create make it.`,
      ),
    ]
  const faults: TargetFault[] = []
  // Further key columns are allowed: then a change of theirs moves the row, which is a delete and an upsert.
  if (!request.key.every(name => table.key.some(other => sameName(name, other))))
    faults.push(
      fatal(
        `${name} has the primary key (${table.key.join(', ')}), its source the key (${request.key.join(', ')})`,
        `Make ${quoteTable(table)} anew with PRIMARY KEY (${request.key.map(quoteIdentifier).join(', ')}).`,
      ),
    )
  for (const column of request.columns) {
    const existing = findColumn(table, column.name)
    if (existing === undefined) continue
    const fit = typeFit(column.type, existing.type)
    const remedy = modifyRemedy(table, existing, column.type)
    const says = `${name}.${existing.name} is ${existing.type} where ${column.type} is wanted`
    if (fit.kind === 'lossy') faults.push(fatal(`${says}: ${fit.reason}`, remedy))
    if (fit.kind === 'narrow') faults.push({ level: 'narrow', message: `${says}: ${fit.reason}`, remedy })
    if (column.nullable && !existing.nullable)
      faults.push({
        level: 'narrow',
        message: `${name}.${existing.name} is NOT NULL, its source column may be NULL`,
        remedy: `ALTER TABLE ${quoteTable(table)} MODIFY COLUMN ${quoteIdentifier(existing.name)} ${existing.type} NULL;`,
      })
  }
  for (const column of table.columns) {
    const requested = request.columns.some(candidate => sameName(candidate.name, column.name))
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

/** The statement that adds the columns, for a remedy. */
export function addColumnsRemedy(table: TargetTable, columns: TargetRequest['columns']): string {
  return `${renderAddColumns(table, columns)};`
}

function modifyRemedy(table: TargetTable, existing: TargetColumn, type: string): string {
  const nullable = existing.nullable ? 'NULL' : 'NOT NULL'
  return `ALTER TABLE ${quoteTable(table)} MODIFY COLUMN ${quoteIdentifier(existing.name)} ${type} ${nullable};`
}

function findColumn(table: TargetTable, name: string): TargetColumn | undefined {
  return table.columns.find(column => sameName(column.name, name))
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
