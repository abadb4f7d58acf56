import type { TargetRequest } from '../dispatch/sink.js'
import { parsePartitionBy, renderPartitionBy } from '../model/partition-by.js'
import { type TargetTable, targetName } from '../model/schema.js'
import { quoteIdentifier, quoteTable } from './ddl.js'
import type { TableText } from './table-text.js'
import type { TargetDifference } from './target-difference.js'

/** How sort key and partitions of a table differ from those the rule gives; where it gives none, any will do. */
export function layoutDifferences(
  request: TargetRequest,
  table: TargetTable,
  text: TableText,
  anew: string,
): TargetDifference[] {
  const base = { level: 'warning', column: null, statement: null, otherwise: anew } as const
  const differences: TargetDifference[] = []
  const sorted = text.orderBy ?? table.key
  if (request.orderBy != null && folded(sorted) !== folded(request.orderBy)) {
    const message = `${targetName(table)} is sorted by (${sorted.join(', ')}) where (${request.orderBy.join(', ')}) is wanted`
    differences.push({ ...base, kind: 'sortKey', message, ...resort(request.orderBy, table, anew) })
  }
  const wanted = canonical(request.partitionBy ?? null)
  const existing = canonical(text.partitionBy)
  if (wanted !== null && wanted !== existing) {
    const is = existing === null ? 'not partitioned' : `partitioned by ${existing}`
    const message = `${targetName(table)} is ${is} where ${wanted} is wanted; the partitioning of a table cannot be changed`
    differences.push({ ...base, kind: 'partition', message })
  }
  return differences
}

function resort(
  orderBy: readonly string[],
  table: TargetTable,
  anew: string,
): Pick<TargetDifference, 'statement' | 'otherwise'> {
  const names = new Set(table.columns.map(column => column.name.toLowerCase()))
  const lacking = orderBy.filter(name => !names.has(name.toLowerCase()))
  if (lacking.length > 0) return { statement: null, otherwise: `Add ${lacking.join(', ')} first, then look again.` }
  // Tables that merge rows of one key are sorted by that key.
  if (table.model === 'aggregate' || table.model === 'unique')
    return { statement: null, otherwise: `The sort key of such a table cannot be changed. ${anew}` }
  const columns = orderBy.map(quoteIdentifier).join(', ')
  return { statement: `ALTER TABLE ${quoteTable(table)} ORDER BY (${columns})`, otherwise: '' }
}

function canonical(partitionBy: string | null): string | null {
  if (partitionBy === null) return null
  const terms = parsePartitionBy(partitionBy)
  return typeof terms === 'string' ? partitionBy : renderPartitionBy(terms, name => quoteIdentifier(name.toLowerCase()))
}

function folded(names: readonly string[]): string {
  return names.map(name => name.toLowerCase()).join('\0')
}
