import { SnapshotState } from './checkpoint/snapshot-state.js'
import { deliveryWish } from './config/delivery-wish.js'
import type { Config } from './config/options.js'
import { chooseDelivery } from './delivery-choice.js'
import type { Sink } from './dispatch/sink.js'
import { Failure } from './model/failure.js'
import type { Observer } from './model/observer.js'
import { type TableSchema, tableName } from './model/schema.js'
import { listTables, readTableSchema } from './mysql/catalog.js'
import { verifyServer } from './mysql/preflight/server-settings.js'
import { readServerFacts } from './mysql/server-facts.js'
import { SourceSession } from './mysql/session.js'
import { resolveZone } from './mysql/time-zone.js'
import { createSink, routerOptions, ruleBookOf, sourceAddress } from './registry.js'
import { Router } from './rules/router.js'
import type { RuleBook } from './rules/rule-book.js'
import { TargetModes } from './rules/target-modes.js'
import { SharedTargets } from './shared-targets.js'
import { freshRecord } from './snapshot/copy-list.js'
import { describeTable } from './snapshot/described-table.js'
import { refuseFilledTargets } from './snapshot/filled-targets.js'
import { type Lessons, ownTables, targetDatabases } from './stream-scope.js'
import { compareTables, type TableChange } from './table-changes.js'
import type { TableShare } from './table-share.js'
import { loadTransforms } from './transform-modules.js'

export interface CheckParts {
  readonly old: Config
  readonly next: Config
  readonly task: string
  readonly dataDir: string
  readonly share: TableShare
  readonly lessons: Lessons
  readonly signal: AbortSignal
  /** Told of what is no reason to refuse. */
  readonly warn: (message: string) => void
}

/** What a configuration would change, found to be possible. */
export interface Checked {
  readonly tables: readonly TableChange[]
  /** Makes the targets that are missing, and keeps ready what the next pipeline would ask StarRocks for. */
  prepare(): Promise<void>
  close(): Promise<void>
}

/**
 * Asks source and StarRocks whether the next configuration can be carried out, as a start would, while the old one is; makes
 * nothing. Tables whose rules stay as they are are not looked at. Rejects with the Failure that a start would end with.
 */
export async function checkReload(parts: CheckParts): Promise<Checked> {
  const { next, share, lessons, warn } = parts
  await loadTransforms(next)
  const sink = createSink(next)
  const session = await SourceSession.connect(sourceAddress(next))
  try {
    const facts = await readServerFacts(session)
    verifyServer(facts, next.flavor)
    const rowImage = facts.variables.get('binlog_row_image') ?? null
    const zone = await resolveZone(next.time_zone, session)
    const all = await listTables(session)
    const book = ruleBookOf(next)
    for (const gap of book.gaps(all)) warn(gap)
    const tables = compareTables(ruleBookOf(parts.old), book, all)
    claimTargets(book, all)
    const known: TableSchema[] = []
    const shared = new SharedTargets({
      book,
      sink,
      skipTablesWithoutKey: next.skip_no_pk_table,
      evolves: next.on_ddl === 'evolve',
      names: () => all,
      known: () => known,
      held: () => [],
      observer: happening => {
        if (happening.kind === 'warning') warn(happening.message)
      },
      signal: parts.signal,
    })
    const router = new Router(routerOptions(next, zone, { rowImage, mariadb: facts.mariadb }), book, {
      schemaFor: map => {
        throw new Failure('internal', `no rows of ${tableName(map)} are read while a configuration is checked`)
      },
      prepare: async wish => {
        const target = await shared.prepare(wish)
        lessons.carried.noteTarget(wish, target)
        return target
      },
      inspect: wish => shared.inspect(wish),
      observer: happening => {
        if (happening.kind === 'warning') warn(happening.message)
        if (happening.kind === 'tableIgnored') warn(`${happening.source} is not synced: ${happening.reason}`)
      },
    })
    const written = ownTables(
      tables.filter(({ kind }) => kind !== 'goes'),
      book,
      share,
    )
    const schemas = await readSchemas(session, written, next)
    known.push(...schemas)
    // Their columns must be no other rule's: the router is to know those first.
    for (const schema of await readSchemas(session, partnersOf(written, all, book), next))
      await router.judge(schema, false)
    for (const schema of schemas) await router.judge(schema, true)
    await judgeCopies(parts, schemas, book, sink)
    return {
      tables,
      prepare: async () => {
        await chooseAhead(parts, sink, targetDatabases(all, book, share), rowImage)
        for (const schema of schemas) await router.learn(schema)
      },
      close: () => sink.close(),
    }
  } catch (error) {
    await sink.close()
    throw error
  } finally {
    await session.close()
  }
}

type TableRef = { readonly schema: string; readonly table: string }

/** @throws Failure ruleInvalid where two rules write one target in two ways */
function claimTargets(book: RuleBook, tables: readonly { readonly schema: string; readonly table: string }[]): void {
  const modes = new TargetModes()
  for (const { schema, table } of tables)
    if (book.wanted(schema, table)) for (const matched of book.match(schema, table)) modes.claim(matched)
}

/** Tables that come are copied: rejects where rows would count twice, before anything is changed. */
async function judgeCopies(
  { dataDir, next, warn }: CheckParts,
  schemas: readonly TableSchema[],
  book: RuleBook,
  sink: Sink,
): Promise<void> {
  const state = await SnapshotState.open(dataDir)
  if (next.snapshot.mode === 'never' || !state.known) return
  const about = { state: 'waiting', reason: 'added', deadRows: false, nowMs: Date.now() } as const
  const fresh = schemas
    .filter(schema => state.find(schema) === null)
    .map(schema => describeTable(schema, book, next.skip_no_pk_table))
    .filter(described => described !== null)
    .map(described => freshRecord(described, about))
  const observer: Observer = happening => happening.kind === 'warning' && warn(happening.message)
  await refuseFilledTargets(fresh, { book, sink, records: state.tables, observer })
}

/** The other tables that make rows together with one of these (mode = "partial"). */
function partnersOf(written: readonly TableRef[], all: readonly TableRef[], book: RuleBook): TableRef[] {
  const fused = written.flatMap(({ schema, table }) =>
    book.match(schema, table).filter(({ rule }) => rule.shape.partial),
  )
  const isWritten = (one: TableRef) => written.some(({ schema, table }) => one.schema === schema && one.table === table)
  const partners = fused.flatMap(target => book.writersOf(target, all)).filter(one => !isWritten(one))
  return [...new Map(partners.map(one => [tableName(one), one])).values()]
}

async function readSchemas(
  session: SourceSession,
  tables: readonly TableRef[],
  { mysql_user }: Config,
): Promise<TableSchema[]> {
  const schemas: TableSchema[] = []
  for (const { schema, table } of tables) {
    const found = await readTableSchema(session, schema, table)
    if (found === null) throw new Failure('sourceDenied', `${schema}.${table} is not visible to ${mysql_user}`)
    schemas.push(found)
  }
  return schemas
}

async function chooseAhead(
  { next, task, lessons, signal }: CheckParts,
  sink: Sink,
  databases: readonly string[],
  rowImage: string | null,
): Promise<void> {
  const { transactionsUnfit, carried } = lessons
  const { partialRule } = ruleBookOf(next)
  const facts = { wish: deliveryWish(next), databases, task, rowImage, partialRule, transactionsUnfit }
  await carried.chooseAhead(facts, () => chooseDelivery(facts, sink, signal))
}
