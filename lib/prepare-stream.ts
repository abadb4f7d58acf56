import type { EpochJournal } from './checkpoint/epoch-journal.js'
import type { MasterInfo, MasterInfoFile } from './checkpoint/master-info.js'
import type { SnapshotState } from './checkpoint/snapshot-state.js'
import { CollisionGuard } from './collision-guard.js'
import { deliveryWish } from './config/delivery-wish.js'
import type { Config } from './config/options.js'
import { chooseDelivery, refuseForeignNames } from './delivery-choice.js'
import { transactionLabel } from './dispatch/atomic-delivery.js'
import type { Sink } from './dispatch/sink.js'
import { collisionQuestion, refuseCollisions, untaggedTargets } from './key-collisions.js'
import type { AdmittedChunk } from './model/copy-record.js'
import type { Observer } from './model/observer.js'
import { logsWholeRows } from './model/row-image.js'
import { tableName } from './model/schema.js'
import type { Zone } from './model/zone.js'
import { listTables, readTableSchema } from './mysql/catalog.js'
import { findKeyNow } from './mysql/key-overlap.js'
import { warnOfServerId } from './mysql/preflight/server-id.js'
import { verifyServer } from './mysql/preflight/server-settings.js'
import { readServerFacts } from './mysql/server-facts.js'
import { SourceSession } from './mysql/session.js'
import type { StartPoint } from './mysql/start-position.js'
import { resolveZone } from './mysql/time-zone.js'
import { routerOptions, sourceAddress } from './registry.js'
import { type Resumption, resume } from './resume.js'
import { Router } from './rules/router.js'
import type { RuleBook } from './rules/rule-book.js'
import { SharedTargets } from './shared-targets.js'
import { carryOutOrders } from './snapshot/ordered-copies.js'
import { beginSnapshot, findStart } from './snapshot/snapshot-start.js'
import { openSourceSchemas, type SourceSchemas } from './source-schemas.js'
import { type Lessons, ownTables, type Scope, targetDatabases } from './stream-scope.js'

/** A stream that may begin: everything that could be known to be wrong before has been looked at. */
export interface PreparedStream {
  /** All tables of the source, whether they are followed or not. */
  readonly tables: readonly { readonly schema: string; readonly table: string }[]
  readonly start: StartPoint
  readonly router: Router
  readonly shared: SharedTargets
  readonly guard: CollisionGuard
  readonly schemas: SourceSchemas
  readonly databases: readonly string[]
  readonly delivery: 'atomic' | 'labels'
  readonly resumed: Resumption
  /** Chunks of a snapshot that go in again with epochs that are read again. */
  readonly replays: readonly AdmittedChunk[]
  /** Row images hold every column, as far as sessions keep to the global setting. */
  readonly wholeImages: boolean
  readonly zone: Zone
}

export interface PrepareParts {
  readonly config: Config
  readonly dataDir: string
  readonly scope: Scope
  readonly masterInfo: MasterInfoFile
  readonly snapshot: SnapshotState
  readonly book: RuleBook
  readonly sink: Sink
  readonly journal: EpochJournal
  readonly lessons: Lessons
  readonly observer: Observer
}

/** Settles what earlier runs left, finds where the stream begins, and says everything that can be known to be wrong before the first event is read. */
export async function prepareStream(parts: PrepareParts, signal: AbortSignal): Promise<PreparedStream> {
  const { config, dataDir, scope, masterInfo, snapshot, book, sink, journal, lessons, observer } = parts
  const { share, until, task, stateDir } = scope
  const session = await SourceSession.connect(sourceAddress(config))
  try {
    const facts = await readServerFacts(session)
    verifyServer(facts, config.flavor)
    const clash = lessons.serverIdAsked ? null : await warnOfServerId(session, facts, config.server_id)
    if (clash) observer({ kind: 'warning', ...clash })
    lessons.serverIdAsked = true
    const saved: MasterInfo | null = await masterInfo.load()
    const rowImage = facts.variables.get('binlog_row_image') ?? null
    const logged = { rowImage, mariadb: facts.mariadb }
    const { transactionsUnfit, carried } = lessons
    const zone = await carried.zone(config.time_zone, () => resolveZone(config.time_zone, session))
    const tables = await listTables(session)
    for (const gap of until === null ? book.gaps(tables) : [])
      observer({ kind: 'warning', message: gap, advice: 'Add or correct the [[source]] or [[rule]] block.' })
    const databases = targetDatabases(tables, book, share)
    const deliveryFacts = {
      wish: deliveryWish(config),
      databases,
      task,
      rowImage,
      partialRule: book.partialRule,
      transactionsUnfit,
    }
    const { mode: delivery, reason } = await carried.delivery(deliveryFacts, () =>
      chooseDelivery(deliveryFacts, sink, signal),
    )
    observer({ kind: 'delivery', mode: delivery, reason })
    const past = { saved, plans: journal.epochs, task, databases, delivery, serverUuid: facts.serverUuid }
    const left = await resume(past, sink, observer, transactionLabel, signal)
    const isMain = stateDir === dataDir
    const mode = isMain ? config.snapshot.mode : 'never'
    const { start, kind, resumed } = await findStart({ session, facts, config, mode, observer }, left, saved, signal)
    const trusted = kind === 'known' || kind === 'forgotten'
    const schemaParts = { config, book, share, stateDir, dataDir, session, facts, zone, observer }
    const schemas = await openSourceSchemas(schemaParts, start, trusted, signal)
    const shared = new SharedTargets({
      book,
      sink,
      skipTablesWithoutKey: config.skip_no_pk_table,
      evolves: config.on_ddl === 'evolve',
      names: () => [...tables, ...schemas.follower.tables],
      known: () => schemas.follower.tables,
      // What a catch-up knows of the other tables is of a place that the main stream has left.
      held: () => (until === null ? share.halted : [...tables, ...schemas.follower.tables]),
      observer,
      signal,
    })
    const guard = new CollisionGuard({
      shared,
      sink,
      askSource: (others, keys) =>
        SourceSession.during(sourceAddress(config), async asking => {
          const known = schemas.follower.tables.filter(one => others.some(other => tableName(other) === tableName(one)))
          return findKeyNow(
            asking,
            known,
            keys.map(({ literals }) => literals),
          )
        }),
      observer,
    })
    const router = new Router(routerOptions(config, zone, logged), book, {
      schemaFor: map => schemas.follower.schemaFor(map),
      prepare: wish => carried.target(wish, () => shared.prepare(wish)),
      inspect: wish => shared.inspect(wish),
      listen: (schema, matched, target) => guard.listen(schema, matched, target),
      observer,
    })
    // A run that ended while it followed a statement may have changed the targets of tables that are about to change.
    const present = ownTables(schemas.follower.tables, book, share).filter(schemas.isAsNow)
    for (const schema of present) await router.learn(schema)
    // Tables that come to be further on: what is wrong with them is said before anything is read all the same. A run before
    // this one may have made their targets as they are to be at first.
    for (const { schema, table } of ownTables(tables, book, share)) {
      if (schemas.follower.knows(schema, table)) continue
      const now = await readTableSchema(session, schema, table)
      if (now === null) continue
      present.push(now)
      await router.judge(now, !trusted)
    }
    const untagged = untaggedTargets(book, present)
    // Asked once by a process: a start must not wait for it again and again.
    if (untagged.length > 0 && lessons.collisionsAsked !== collisionQuestion(untagged)) {
      await refuseCollisions(session, untagged, facts.mariadb, observer)
      lessons.collisionsAsked = collisionQuestion(untagged)
    }
    if (delivery === 'atomic') refuseForeignNames(router.targets)
    if (resumed.scripts.length === 0) await journal.forgetAll()
    // What is to be copied is known on disk before a position is: without it, what lies before the position would be taken for copied.
    const known = schemas.follower.tables
    const replays = isMain
      ? await beginSnapshot({ config, state: snapshot, book, known, sink, observer }, kind, resumed)
      : []
    if (isMain && resumed.scripts.length === 0)
      await carryOutOrders({ config, dataDir, state: snapshot, book, known, router, sink, observer })
    // With it the position is known before the first load, an order by hand is taken, and marks may go.
    await masterInfo.save({ position: start.position, epoch: resumed.epoch })
    for (const database of resumed.retired) await sink.removeMark(database, task)
    carried.used()
    observer({ kind: 'starting', version: facts.version, position: start.position })
    const wholeImages = logsWholeRows(rowImage)
    return { tables, start, router, shared, guard, schemas, databases, delivery, resumed, replays, wholeImages, zone }
  } finally {
    await session.close()
  }
}
