import type { QueryEvent } from '../binlog/event.js'
import type { Position } from '../model/position.js'
import { comparePositions, formatPosition } from '../model/position.js'
import { readHeadPosition } from './binlog-files.js'
import { readSchemaCharsets, readTables } from './catalog.js'
import { charsetFacts } from './ddl/charset-choice.js'
import type { Ddl, TableRef } from './ddl/ddl.js'
import { FollowedSchemas, type SchemaEdit, type TableName } from './ddl/followed-schemas.js'
import { parseDdl } from './ddl/parse-ddl.js'
import { originals } from './ddl/shadow-table.js'
import { dialectOf, type ServerTraits } from './ddl/statement-effect.js'
import { undoStatement, unknown } from './ddl/undo-statement.js'
import { UnreadableDdl } from './ddl/unreadable-ddl.js'
import type { BinlogPlace } from './schema-history.js'
import type { ServerFacts } from './server-facts.js'
import type { SourceSession } from './session.js'
import { mentioned } from './statement.js'

/** A DDL statement of a stretch of the binlog, read before the stretch itself is. */
export interface SeenStatement {
  readonly at: BinlogPlace
  readonly sql: string
  readonly defaultSchema: string
  readonly facts: QueryEvent['facts']
}

/** Reads the DDL statements between two positions. */
export type StatementScan = (from: Position, to: Position) => Promise<readonly SeenStatement[]>

export interface Seed {
  /** What is known at the start position. */
  readonly known: SchemaEdit
  /** What is known behind statements that follow it. */
  readonly foreseen: readonly { readonly at: BinlogPlace; readonly edit: SchemaEdit }[]
}

/**
 * The followed tables at a start position that no history tells: the catalog as it is now, taken back over every DDL statement
 * between there and now. Where a statement cannot be taken back, the tables it touched are not known before it.
 */
export async function seedSchemas(
  session: SourceSession,
  facts: ServerFacts,
  server: ServerTraits,
  start: Position,
  wantedSchema: (schema: string) => boolean,
  scan: StatementScan,
): Promise<Seed> {
  const statements: SeenStatement[] = []
  for (let from = start; ; ) {
    const before = await readHeadPosition(session, facts)
    const schemas = await readCatalog(session, wantedSchema)
    const head = await readHeadPosition(session, facts)
    const found = comparePositions(from, head) < 0 ? await scan(from, head) : []
    statements.push(...found)
    from = head
    // The catalog may hold half of what came while it was read.
    if (found.some(({ at }) => comparePositions(at, before) > 0)) continue
    return takeBack(schemas, statements, server)
  }
}

async function readCatalog(
  session: SourceSession,
  wantedSchema: (schema: string) => boolean,
): Promise<FollowedSchemas> {
  const schemas = new FollowedSchemas()
  for (const [schema, charset] of await readSchemaCharsets(session)) {
    if (!wantedSchema(schema)) continue
    const tables = await readTables(session, schema)
    const names = new Set(tables.map(({ table }) => table))
    schemas.take({
      schemas: [{ schema, ...charsetFacts(charset) }],
      tables: tables.map(table => {
        const of = originals(table.table).find(name => names.has(name))
        const shadow = of === undefined ? null : { of, lineage: null }
        return { name: { schema, table: table.table }, state: { table, unknown: null, shadow } }
      }),
    })
  }
  return schemas
}

/** From the newest statement to the oldest; behind each, what the catalog lets know of the tables it names. */
function takeBack(schemas: FollowedSchemas, statements: readonly SeenStatement[], server: ServerTraits): Seed {
  const foreseen: { at: BinlogPlace; edit: SchemaEdit }[] = []
  for (const statement of statements.toReversed()) {
    const { at, sql } = statement
    const why = `${sql.replace(/\s+/g, ' ').slice(0, 200)} (${formatPosition(at)})`
    const nameOf = ({ schema, table }: TableRef): TableName => {
      const fold = (name: string) => (server.lowerCaseNames ? name.toLowerCase() : name)
      return { schema: schema === null ? statement.defaultSchema : fold(schema), table: fold(table) }
    }
    const ddl = readable(statement, server)
    if (ddl === null) continue
    const names = ddl === 'unreadable' ? namesIn(statement, schemas, server) : tablesOf(ddl).map(nameOf)
    const tables = names.flatMap(name => {
      const state = schemas.table(name)
      return state?.table ? [{ name, state }] : []
    })
    if (tables.length > 0) foreseen.unshift({ at, edit: { tables, schemas: [] } })
    if (ddl === 'unreadable')
      schemas.take({ tables: names.map(name => ({ name, state: unknown(`it was changed by ${why}`) })), schemas: [] })
    else undoStatement(ddl, schemas, nameOf, why)
  }
  return { known: schemas.whole(), foreseen }
}

function readable({ sql, facts }: SeenStatement, server: ServerTraits): Ddl | 'unreadable' | null {
  try {
    return parseDdl(sql, dialectOf(server, facts))
  } catch (error) {
    if (error instanceof UnreadableDdl) return 'unreadable'
    throw error
  }
}

function namesIn(
  { sql, facts, defaultSchema }: SeenStatement,
  schemas: FollowedSchemas,
  server: ServerTraits,
): TableName[] {
  const words = mentioned(sql, dialectOf(server, facts))
  return words
    .map((table, i) => ({ schema: words[i - 1] === '.' ? (words[i - 2] ?? '') : defaultSchema, table }))
    .filter(name => schemas.table(name) !== null)
}

/** Tables that are there, or may be, behind a statement. */
function tablesOf(ddl: Ddl): TableRef[] {
  switch (ddl.kind) {
    case 'createTable':
      return [ddl.table]
    case 'alterTable':
      return [
        ddl.table,
        ...ddl.specs.flatMap(spec => {
          if (spec.kind === 'renameTable') return [spec.to]
          return spec.kind === 'unseenRows' && spec.other !== null ? [spec.other] : []
        }),
      ]
    case 'renameTables':
      return ddl.pairs.flatMap(({ from, to }) => [from, to])
    default:
      return []
  }
}
