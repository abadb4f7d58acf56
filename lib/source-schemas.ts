import type { Config } from './config/options.js'
import type { Observer } from './model/observer.js'
import type { TableSchema } from './model/schema.js'
import type { Zone } from './model/zone.js'
import { readColumnNames, readSchemaCharsets } from './mysql/catalog.js'
import { lacksCollations, withToldCollations } from './mysql/known-collations.js'
import { SchemaFollower } from './mysql/schema-follower.js'
import { SchemaHistory } from './mysql/schema-history.js'
import { seedSchemas } from './mysql/schema-seed.js'
import type { ServerFacts } from './mysql/server-facts.js'
import { serverTraits } from './mysql/server-traits.js'
import type { SourceSession } from './mysql/session.js'
import type { StartPoint } from './mysql/start-position.js'
import { scanStatements } from './mysql/statement-scan.js'
import { readingOptions } from './registry.js'
import type { RuleBook } from './rules/rule-book.js'
import type { TableShare } from './table-share.js'

export interface SchemaParts {
  readonly config: Config
  readonly book: RuleBook
  readonly share: TableShare
  /** Where the stream keeps its history, and where the main stream does. */
  readonly stateDir: string
  readonly dataDir: string
  readonly session: SourceSession
  readonly facts: ServerFacts
  readonly zone: Zone
  readonly observer: Observer
}

export interface SourceSchemas {
  readonly follower: SchemaFollower
  readonly history: SchemaHistory
  /** Whether the catalog has a table under this name, with these columns. */
  readonly isAsNow: (schema: TableSchema) => boolean
}

/**
 * The source's tables at the start position: as the history tells them, or the main stream's does; else from the catalog.
 * `trusted`: the position is where an earlier run of this stream left off, not one that somebody wrote.
 */
export async function openSourceSchemas(
  parts: SchemaParts,
  start: StartPoint,
  trusted: boolean,
  signal: AbortSignal,
): Promise<SourceSchemas> {
  const { book, share, stateDir, dataDir, facts, zone, observer } = parts
  const { position } = start
  const server = serverTraits(facts, zone)
  const history = await SchemaHistory.open(stateDir)
  const isKnown = (from: SchemaHistory) => trusted && from.covers(facts.serverUuid, position)
  const main = stateDir === dataDir ? history : await SchemaHistory.open(dataDir)
  const origin = { serverUuid: facts.serverUuid, sources: book.schemas }
  const from = [history, main].find(isKnown)
  if (from === history && history.sources === book.schemas) history.resume(position)
  else if (from !== undefined && from.sources === book.schemas)
    await history.begin(origin, position, from.at(position).whole(), from.stepsBehind(position))
  else {
    const before = from?.at(position).whole() ?? null
    const seed = await seedFrom(parts, start, server, signal)
    // Of schemas that were followed before, the history knows more than the catalog.
    await history.begin(origin, position, before === null ? seed.known : joined(seed.known, before), seed.foreseen)
  }
  const known = history.at(position).whole()
  if (lacksCollations(known)) {
    const told = await seedFrom(parts, start, server, signal)
    await history.begin(origin, position, withToldCollations(known, told.known), history.stepsBehind(position))
  }
  const wanted = (schema: string, table: string): boolean => share.wanted(schema, table) && book.wanted(schema, table)
  const named = (schema: string, table: string): boolean => book.named(schema, table)
  const wantedSchema = (schema: string): boolean => book.wantedSchema(schema)
  const columns = new Map<string, readonly string[]>()
  for (const schema of (await readSchemaCharsets(parts.session)).keys())
    if (wantedSchema(schema))
      for (const [table, names] of await readColumnNames(parts.session, schema))
        columns.set(`${schema}.${table}`, names)
  const columnsNow = (schema: string, table: string): readonly string[] => columns.get(`${schema}.${table}`) ?? []
  const options = { server, wanted, named, wantedSchema, columnsNow }
  const isAsNow = ({ schema, table, columns: known }: TableSchema): boolean =>
    columnsNow(schema, table).join('\n') === known.map(({ name }) => name).join('\n')
  return { follower: new SchemaFollower(options, history, history.at(position), observer), history, isAsNow }
}

type Seed = Awaited<ReturnType<typeof seedSchemas>>

function seedFrom(
  { config, book, session, facts, observer }: SchemaParts,
  start: StartPoint,
  server: ReturnType<typeof serverTraits>,
  signal: AbortSignal,
): Promise<Seed> {
  return seedSchemas(
    session,
    facts,
    server,
    start.position,
    schema => book.wantedSchema(schema),
    (from, to) => {
      // Only the first stretch begins where the stream does.
      const point = from === start.position ? start : { position: from, gtidSetKnown: true, by: 'file' as const }
      return scanStatements(readingOptions(config), point, to, observer, signal)
    },
  )
}

function joined(seed: Seed['known'], known: Seed['known']): Seed['known'] {
  return { tables: [...seed.tables, ...known.tables], schemas: [...seed.schemas, ...known.schemas] }
}
