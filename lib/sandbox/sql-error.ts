/** What a client of the emulated server is told: a MySQL error number, an SQL state and a text. */
export class SqlError extends Error {
  readonly code: number
  readonly sqlState: string

  constructor(code: number, message: string, sqlState = 'HY000') {
    super(message)
    this.name = 'SqlError'
    this.code = code
    this.sqlState = sqlState
  }
}

/** A statement that reads well but says something the server refuses (StarRocks' SemanticException, number 1064). */
export function analyzingError(detail: string): SqlError {
  return new SqlError(1064, `Getting analyzing error. Detail message: ${detail}.`)
}

/** A refusal of the catalog's DDL layer (StarRocks' DdlException, number 1064, the bare text). */
export function ddlError(detail: string): SqlError {
  return new SqlError(1064, detail)
}

/** A statement that cannot be parsed; `offset` is the character where reading stopped. */
export function syntaxError(source: string, offset: number, detail: string): SqlError {
  const before = source.slice(0, offset)
  const line = before.split('\n').length
  const column = offset - (before.lastIndexOf('\n') + 1) + 1
  return new SqlError(
    1064,
    `Getting syntax error at line ${line}, column ${column}. Detail message: ${detail}.`,
    '42000',
  )
}

/** Number since 3.3 (ErrorCode.ERR_BAD_DB_ERROR). */
export function unknownDatabase(name: string): SqlError {
  return new SqlError(5501, `Unknown database '${name}'`, '3F000')
}

/** Number since 3.3 (ErrorCode.ERR_BAD_TABLE_ERROR). */
export function unknownTable(database: string, name: string): SqlError {
  return new SqlError(5502, `Unknown table '${database}.${name}'`, '42602')
}

export function noDatabaseSelected(): SqlError {
  return new SqlError(1046, 'No database selected', '3D000')
}
