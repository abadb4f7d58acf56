import { analyzingError, SqlError } from './sql-error.js'

const UNKNOWN_COLUMN = [
  /Referenced column "(.*?)" (?:was )?not found/,
  /does not have a column named "(.*?)"/,
  /Column "(.*?)" referenced that exists in the SELECT clause/,
]

/** Any error of running a statement as one that the client understands. DuckDB's texts begin with their kind. */
export function asSqlError(error: unknown): SqlError {
  if (error instanceof SqlError) return error
  const text = error instanceof Error ? error.message : String(error)
  const [first = text] = text.split('\n')
  for (const pattern of UNKNOWN_COLUMN) {
    const column = pattern.exec(text)?.[1]
    if (column !== undefined) return analyzingError(`Column '${column}' cannot be resolved`)
  }
  const name = /Function with name (\S+) does not exist/.exec(text)?.[1]
  if (name !== undefined) return analyzingError(`No matching function with signature: ${name}(...)`)
  if (/INTERRUPT/i.test(first)) return new SqlError(1064, 'Cancelled by user', '70100')
  if (/^Parser Error/.test(first)) return new SqlError(1064, `Getting syntax error. Detail message: ${first}.`, '42000')
  if (/^(Binder|Catalog) Error/.test(first)) return analyzingError(first.replace(/^\w+ Error: /, ''))
  return new SqlError(1064, first.replace(/^[A-Z][\w ]* Error: /, ''))
}
