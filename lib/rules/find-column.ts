import type { TableSchema } from '../model/schema.js'

/** Index of a column by a name in any case, as the server finds it; -1: there is none. Columns that are summed only have no name. */
export function findColumn({ columns }: TableSchema, name: string): number {
  const exact = columns.findIndex(column => column.added !== 'sum' && column.name === name)
  if (exact >= 0) return exact
  const folded = name.toLowerCase()
  return columns.findIndex(column => column.added !== 'sum' && column.name.toLowerCase() === folded)
}
