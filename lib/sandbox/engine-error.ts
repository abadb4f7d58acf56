import { analyzingError, SqlError } from './sql-error.js'

/** Any error of running a statement as one that the client understands. DuckDB's texts begin with their kind. */
export function asSqlError(error: unknown): SqlError {
  if (error instanceof SqlError) return error
  const text = error instanceof Error ? error.message : String(error)
  const [first = text] = text.split('\n')
  const column = /Referenced column "(.*?)" (?:not found|was not found)|does not have a column named "(.*?)"/.exec(text)
  if (column !== null) return analyzingError(`Column '${column[1] ?? column[2]}' cannot be resolved`)
  const name = /Function with name (\S+) does not exist/.exec(text)?.[1]
  if (name !== undefined) return analyzingError(`No matching function with signature: ${name}(...)`)
  if (/INTERRUPT/i.test(first)) return new SqlError(1064, 'Cancelled by user', '70100')
  if (/^Parser Error/.test(first)) return new SqlError(1064, `Getting syntax error. Detail message: ${first}.`, '42000')
  if (/^(Binder|Catalog) Error/.test(first)) return analyzingError(first.replace(/^\w+ Error: /, ''))
  return new SqlError(1064, first.replace(/^[A-Z][\w ]* Error: /, ''))
}
