import type { TableSchema } from '../model/schema.js'
import { defaultCollation } from '../mysql/ddl/default-collation.js'
import { tableSchemaOf } from '../mysql/ddl/followed-table.js'
import { makeTable } from '../mysql/ddl/make-table.js'
import { parseDdl } from '../mysql/ddl/parse-ddl.js'
import { UnreadableDdl } from '../mysql/ddl/unreadable-ddl.js'
import { FixtureProblem } from './fixture-problem.js'

/** The versions whose defaults a table has that says nothing else. */
const VERSIONS = { mysql: 80_400, mariadb: 101_100 } as const

/** The table that a CREATE TABLE makes, as the server of this flavour would. Throws FixtureProblem. */
export function fixtureTable(statement: string, flavor: 'mysql' | 'mariadb'): TableSchema {
  const dialect = { mariadb: flavor === 'mariadb', version: VERSIONS[flavor], sqlMode: 0 }
  try {
    const ddl = parseDdl(statement, dialect)
    if (ddl?.kind !== 'createTable' || ddl.select || ddl.like !== null)
      throw new FixtureProblem('tables must hold CREATE TABLE statements with their columns')
    const { schema, table } = ddl.table
    const charset = { charset: 'utf8mb4', collation: defaultCollation('utf8mb4', dialect) }
    if (schema === null)
      throw new FixtureProblem(`CREATE TABLE ${table} must name the schema: CREATE TABLE shop.${table}`)
    return tableSchemaOf(makeTable({ schema, table }, ddl, charset, { dialect, explicitTimestamps: true }))
  } catch (error) {
    if (!(error instanceof UnreadableDdl)) throw error
    throw new FixtureProblem(`tables holds a statement that is not understood: ${error.message}`)
  }
}
