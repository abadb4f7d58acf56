import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { HaltedTables } from './checkpoint/halted-tables.js'
import { MasterInfoFile } from './checkpoint/master-info.js'
import { syncFolder } from './checkpoint/replace-file.js'
import { SnapshotState } from './checkpoint/snapshot-state.js'
import type { Config } from './config/options.js'
import { isUnfinished } from './model/copy-record.js'
import { asFailure, Failure } from './model/failure.js'
import { type BinlogPlace, type HaltedTable, isFrom, obstacleOf } from './model/halted-table.js'
import type { Happening, Observer } from './model/observer.js'
import { formatPosition, type Position } from './model/position.js'
import { tableName } from './model/schema.js'
import { errorCode } from './model/system-error.js'
import { type CopyParts, Pipeline } from './pipeline.js'
import { createSink, ruleBookOf } from './registry.js'
import { freshRecord, isUntouched } from './snapshot/copy-list.js'
import { judgeAdmitted } from './snapshot/judge-admitted.js'
import type { Lessons } from './stream-scope.js'
import { CatchUpShare } from './table-share.js'

const FOLDER = 'catchup'

export interface CatchUpParts {
  readonly config: Config
  readonly dataDir: string
  /** Of the main stream. */
  readonly task: string
  readonly halted: HaltedTables
  readonly observer: Observer
  readonly lessons: Lessons
  readonly copies: CopyParts
  /** A run of the main stream that ends where `until` lets it, with nothing left in flight. */
  readonly runMain: (until: (place: BinlogPlace) => boolean) => Promise<void>
}

/**
 * Tries every halted table once in the life of a process: has the rows read that the main stream held, and gives the table
 * back to it. Nothing else runs meanwhile. How this loses no row and brings none twice: docs/decisions/0007-halted-tables.md.
 */
export class CatchUp {
  readonly #parts: CatchUpParts
  readonly #tried = new Set<string>()

  constructor(parts: CatchUpParts) {
    this.#parts = parts
  }

  /**
   * Resolves when every halted table has been tried, or the signal fired. A failure that no retry mends leaves its table
   * halted. Rejects with failures that pass, and with those of the main stream; to be called again after the former.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { halted, dataDir, runMain } = this.#parts
    await this.#sweep()
    const waiting = halted.tables.filter(({ id }) => !this.#tried.has(id))
    if (waiting.length === 0) return
    this.#tell(waiting)
    await runMain(place => halted.tables.every(({ from }) => isBehind(place, from) !== false))
    if (signal.aborted) return
    const info = new MasterInfoFile(dataDir)
    const main = await readPosition(info)
    // All that the main stream has admitted is in: what is caught up is judged by how far the copies really are.
    const snapshot = await SnapshotState.open(dataDir)
    await snapshot.settle(judgeAdmitted(snapshot.admitted, { durable: (await info.load())?.epoch ?? 0, scripts: [] }))
    if (main === null) throw new Failure('internal', `the main stream left no position in ${dataDir}`)
    for (const table of waiting) {
      if (signal.aborted) return
      await this.#try(table, main, signal)
      this.#tried.add(table.id)
      this.#tell(waiting)
    }
  }

  #tell(waiting: readonly HaltedTable[]): void {
    const sources = waiting.filter(({ id }) => !this.#tried.has(id)).map(tableName)
    this.#parts.observer({ kind: 'tryingHalted', sources })
  }

  async #try(table: HaltedTable, main: Position, signal: AbortSignal): Promise<void> {
    const { halted, observer } = this.#parts
    if (table.dropped) return this.#rejoin(table, main)
    if (table.after !== null && halted.tables.some(({ id }) => id === table.after))
      return observer({ kind: 'tableHalted', table })
    const stateDir = join(this.#parts.dataDir, FOLDER, table.id)
    const info = new MasterInfoFile(stateDir)
    const share = new CatchUpShare(table, main)
    try {
      if (isFrom(table.from, main) === null) throw incomparable(table, main)
      await this.#seed(stateDir, info, table.from)
      await this.#pipeline(table, share, main).run(signal)
    } catch (error) {
      const failure = asFailure(error)
      if (failure.retriable) throw failure
      return this.#obstruct(table, failure, share, (await readPosition(info)) ?? table.from)
    }
    const reached = await readPosition(info)
    if (reached !== null && isFrom(main, reached) === true) await this.#rejoin(table, main)
    else if (!signal.aborted)
      throw new Failure('internal', `the catch-up of ${tableName(table)} ended before ${formatPosition(main)}`)
  }

  #pipeline(table: HaltedTable, share: CatchUpShare, main: Position): Pipeline {
    const { config, dataDir, observer, lessons, copies } = this.#parts
    const source = tableName(table)
    const watch = (happening: Happening): void => {
      if (happening.kind === 'advanced')
        observer({ kind: 'catchingUp', source, position: happening.position, end: main })
      else if (!OF_THE_MAIN_STREAM.has(happening.kind)) observer(happening)
    }
    observer({ kind: 'catchingUp', source, position: table.obstacle.position, end: main })
    const until = (place: BinlogPlace): boolean => isFrom(main, place) === true
    const stateDir = join(dataDir, FOLDER, table.id)
    return new Pipeline(config, dataDir, { stateDir, task: this.#taskOf(table), share, until }, watch, lessons, copies)
  }

  /** It begins where the main stream ended; folders are durable before anything is loaded of which they hold the plan. */
  async #seed(stateDir: string, info: MasterInfoFile, from: Position): Promise<void> {
    const { dataDir } = this.#parts
    await mkdir(stateDir, { recursive: true })
    await syncFolder(join(dataDir, FOLDER))
    await syncFolder(dataDir)
    if ((await info.load()) === null) await info.save({ position: from, epoch: 0 })
  }

  async #obstruct(table: HaltedTable, failure: Failure, share: CatchUpShare, position: Position): Promise<void> {
    const { halted, observer } = this.#parts
    const obstacle = share.obstacle ?? obstacleOf(failure, tableName(table), position, null, Date.now())
    observer({ kind: 'tableHalted', table: await halted.obstruct(table.id, obstacle) })
    observer({ kind: 'haltedTables', tables: halted.tables })
  }

  async #rejoin(table: HaltedTable, position: Position): Promise<void> {
    const { halted, observer } = this.#parts
    if (table.dropped) await this.#copyAnew(table)
    await halted.remove(table.id)
    observer({ kind: 'tableRejoined', source: tableName(table), position, dropped: table.dropped })
    observer({ kind: 'haltedTables', tables: halted.tables })
    await this.#forget(table)
    await this.#sweep()
  }

  /**
   * What was held of a table is given up: a copy of it that was under way can no longer be told from that, so it begins anew. Where
   * its target must be empty for that, the next stream looks (`refuseFilledTargets`).
   */
  async #copyAnew(table: HaltedTable): Promise<void> {
    const { config, dataDir } = this.#parts
    const snapshot = await SnapshotState.open(dataDir)
    const record = snapshot.find(table)
    if (record === null || !isUnfinished(record) || isUntouched(record)) return
    const strict = ruleBookOf(config)
      .match(table.schema, table.table)
      .some(({ rule }) => rule.mode !== 'upsert')
    if (strict) await snapshot.remove(table)
    else {
      const { reason, where } = record
      await snapshot.put(freshRecord(record, { state: 'waiting', reason, deadRows: true, where, nowMs: Date.now() }))
    }
  }

  /** Marks of a catch-up that is over are never read again: that they are there is untidy, not wrong. */
  async #forget(table: HaltedTable): Promise<void> {
    const { config, observer } = this.#parts
    const sink = createSink(config)
    try {
      const databases = new Set(
        ruleBookOf(config)
          .match(table.schema, table.table)
          .map(({ database }) => database),
      )
      for (const database of databases) await sink.removeMark(database, this.#taskOf(table))
    } catch (error) {
      const { message } = asFailure(error)
      const task = this.#taskOf(table)
      observer({
        kind: 'warning',
        message: `The row of task ${task} in _sync_position could not be removed: ${message}`,
        advice: 'It does no harm; DELETE it by hand.',
      })
    } finally {
      await sink.close()
    }
  }

  /** Removes what catch-ups that are over have left. */
  async #sweep(): Promise<void> {
    const { dataDir, halted } = this.#parts
    const folder = join(dataDir, FOLDER)
    for (const id of await namesIn(folder))
      if (!halted.tables.some(table => table.id === id)) await rm(join(folder, id), { recursive: true, force: true })
  }

  #taskOf({ id }: HaltedTable): string {
    return `${this.#parts.task}_catchup_${id}`
  }
}

async function readPosition(file: MasterInfoFile): Promise<Position | null> {
  const info = await file.load()
  if (info === null) return null
  const { binName, binPos, serverUuid, gtidSet } = info
  if (binName === null || binPos === null || serverUuid === null) return null
  return { binName, binPos, serverUuid, gtidSet: gtidSet ?? '' }
}

function incomparable(table: HaltedTable, main: Position): Failure {
  const { from } = table
  return new Failure(
    'positionOfOtherServer',
    `${tableName(table)} is halted at ${formatPosition(from)} of server ${from.serverUuid}, and the main stream reads ${formatPosition(main)} of server ${main.serverUuid} by now.`,
  )
}

/** Null when they cannot be compared. */
function isBehind(place: BinlogPlace, from: BinlogPlace): boolean | null {
  const reaches = isFrom(from, place)
  return reaches === null ? null : reaches && isFrom(place, from) === false
}

/** What of a catch-up would be taken for news of the main stream: its position, above all. */
const OF_THE_MAIN_STREAM: ReadonlySet<Happening['kind']> = new Set(['starting', 'advanced', 'window', 'delivery'])

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
}
