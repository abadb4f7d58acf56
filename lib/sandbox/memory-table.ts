import { quoteName, quoteText } from './store.js'

/** A small table made up on the spot (SHOW, information_schema). Types are DuckDB's. */
export interface MemoryTable {
  readonly columns: readonly { readonly name: string; readonly type: 'VARCHAR' | 'BIGINT' | 'TIMESTAMP' }[]
  readonly rows: readonly (readonly (string | number | null)[])[]
}

/** Columns by name; those without `:type` are VARCHAR. */
export function memoryTable(columns: readonly string[], rows: MemoryTable['rows']): MemoryTable {
  return {
    columns: columns.map(column => {
      const [name, type] = column.split(':')
      return { name: name ?? '', type: type === 'BIGINT' || type === 'TIMESTAMP' ? type : 'VARCHAR' }
    }),
    rows,
  }
}

/** The table as a DuckDB subquery in parentheses. */
export function renderMemoryTable(table: MemoryTable): string {
  // Positional keys, since column names of one SHOW may differ in case only.
  const types = Object.fromEntries(table.columns.map((column, at) => [`c${at}`, column.type]))
  const rows = table.rows.map(row => Object.fromEntries(row.map((value, at) => [`c${at}`, value])))
  const json = `from_json(${quoteText(JSON.stringify(rows))}, ${quoteText(JSON.stringify([types]))})`
  const names = table.columns.map((column, at) => `c${at} AS ${quoteName(column.name)}`)
  return `(SELECT ${names.join(', ')} FROM (SELECT unnest(${json}, recursive := true)))`
}
