import { setTimeout as sleep } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import PQueue from 'p-queue'
import type { PlanLog } from '../model/epoch-plan.js'
import { asFailure, backoffMs, Failure } from '../model/failure.js'
import { underSignals } from '../model/linked-signal.js'
import type { Observer } from '../model/observer.js'
import { targetName } from '../model/schema.js'
import { type BadRowPolicy, isBadRows, sift, traceLoad } from './bad-row-policy.js'
import { supersedeParked, type TracedLoad } from './bad-rows.js'
import type { Delivery, DeliverySink, Shipment } from './delivery.js'
import type { Epoch, Settled } from './epoch.js'
import { type Patience, untilDone } from './lane.js'
import type { Load, PositionMark, SinkTransaction } from './sink.js'

export interface AtomicParts {
  readonly task: string
  /** Loads that may be under way at the same time, each of another table. */
  readonly lanes: number
  readonly sink: DeliverySink
  readonly plan: PlanLog
  readonly observer: Observer
  readonly signal: AbortSignal
  readonly busy: Patience['busy']
  readonly badRows: BadRowPolicy | null
  /** Databases that are known to take part in transactions; others are tried out first. */
  readonly databases: readonly string[]
}

/** More labels of one epoch than this are not taken by chance: then it waits like behind any failure. */
const LABEL_TRIES = 20

/** A load on its way, changed when bad rows are taken out, and who waits for it. */
interface Parcel {
  traced: TracedLoad
  readonly parked: Map<string, number>
  collapsed: Settled['collapsed']
  readonly settled: Promise<Settled>
  readonly resolve: (settled: Settled) => void
}

/** What one epoch has for one target database. */
class Share {
  readonly database: string
  readonly parcels: Parcel[] = []
  /** Set when bodies leave before the epoch's end: their memory is given back at once, so they cannot be sent again. */
  transaction: Promise<SinkTransaction> | null = null
  /** How many transactions were begun for it, or refused their label. */
  attempts = 0
  label = ''
  /** Per table, its last load: loads of one table go one after the other. */
  readonly lastOf = new Map<string, Promise<unknown>>()

  constructor(database: string) {
    this.database = database
  }
}

/** The label of an epoch's transaction: unique over databases, as StarRocks keeps these labels in one list. */
export function transactionLabel(task: string, epoch: number, database: string, attempt: number): string {
  return `${task}_${epoch}_${crc32(database).toString(16)}_${attempt}`
}

/**
 * One transaction over several tables for each epoch and target database; with the rows goes the mark of the position behind
 * them. Readers see whole epochs only, and what is in says itself where to go on.
 */
export class AtomicDelivery implements Delivery {
  readonly oneShape = true
  readonly #parts: AtomicParts
  readonly #shares = new Map<Epoch, Map<string, Share>>()
  readonly #tried: Set<string>
  readonly #loads: PQueue

  constructor(parts: AtomicParts) {
    this.#parts = parts
    this.#loads = new PQueue({ concurrency: parts.lanes })
    this.#tried = new Set(parts.databases)
  }

  ship(epoch: Epoch, shipments: readonly Shipment[], _spilled: boolean): Promise<Settled>[] {
    const parcels = shipments.map(shipment => parcelOf(shipment))
    if (epoch.streamed) return parcels.map(parcel => this.#stream(epoch, parcel))
    for (const parcel of parcels) this.#shareOf(epoch, parcel.traced.load.target.database).parcels.push(parcel)
    return parcels.map(parcel => parcel.settled)
  }

  async seal(epoch: Epoch): Promise<void> {
    const shares = this.#shares.get(epoch) ?? new Map<string, Share>()
    const databases = [...shares.keys()]
    const mark = {
      task: this.#parts.task,
      epoch: epoch.ordinal,
      start: epoch.start,
      end: epoch.end!,
      databases: epoch.script?.databases ?? databases,
    }
    // One after the other: behind a crash in between, the first mark tells what the others lack.
    for (const share of shares.values()) {
      if (epoch.streamed) await this.#concludeStreamed(epoch, share, mark)
      else await this.#deliver(epoch, share, mark)
    }
    this.#shares.delete(epoch)
  }

  #shareOf(epoch: Epoch, database: string): Share {
    let shares = this.#shares.get(epoch)
    if (shares === undefined) {
      shares = new Map()
      this.#shares.set(epoch, shares)
    }
    let share = shares.get(database)
    if (share === undefined) {
      share = new Share(database)
      shares.set(database, share)
    }
    return share
  }

  /** Until the transaction is in; what is sent stays in memory meanwhile, so each try sends all of it. */
  async #deliver(epoch: Epoch, share: Share, mark: PositionMark): Promise<void> {
    const { badRows, signal, observer, busy } = this.#parts
    if (badRows !== null) for (const { traced } of share.parcels) await supersedeParked(traced, badRows.parking)
    for (let attempt = 1; ; attempt++) {
      const startedMs = performance.now()
      const failure = await this.#attempt(epoch, share, mark)
      if (failure === null) {
        this.#tellLoaded(share, performance.now() - startedMs)
        return
      }
      signal.throwIfAborted()
      if (badRows !== null && isBadRows(failure)) {
        let found = false
        for (const parcel of share.parcels) if (await this.#siftIfBad(parcel, badRows)) found = true
        if (!found) throw failure
        continue
      }
      if (!failure.retriable) throw failure
      busy(failure)
      const delayMs = backoffMs(attempt)
      for (const { load } of share.parcels.map(parcel => parcel.traced)) {
        const { label, rows, bytes } = load
        observer({ kind: 'retrying', target: targetName(load.target), label, rows, bytes, failure, attempt, delayMs })
      }
      await underSignals([signal], own => sleep(delayMs, undefined, { signal: own }))
    }
  }

  /** One transaction from begin to commit; null when it is in, else why it certainly is not. */
  async #attempt(epoch: Epoch, share: Share, mark: PositionMark): Promise<Failure | null> {
    const { sink, signal } = this.#parts
    let transaction: SinkTransaction | null = null
    try {
      transaction = await this.#begin(epoch, share)
      const open = transaction
      let isRefused = false
      const tables = [...byTable(share.parcels)].map(parcels =>
        this.#loads.add(async () => {
          for (const { traced } of parcels) {
            // Nothing more goes into a transaction that is to be rolled back.
            if (isRefused) return
            if (traced.load.rows > 0)
              await this.#load(epoch, open, traced.load, share.label).catch((error: unknown) => {
                isRefused = true
                throw error
              })
          }
        }),
      )
      const refused = (await Promise.allSettled(tables)).flatMap(r =>
        r.status === 'rejected' ? [asFailure(r.reason)] : [],
      )
      // When one table's refusal ends the transaction, the others can only say that it has ended.
      const cause = refused.find(failure => !failure.retriable) ?? refused[0]
      if (cause !== undefined) throw cause
      await this.#commit(epoch, open, mark, share.label)
      return null
    } catch (error) {
      const failure = asFailure(error)
      signal.throwIfAborted()
      await transaction?.rollback()
      if (failure.kind !== 'loadUnknown' && failure.kind !== 'targetUnreachable') return failure
      const label = share.label
      const outcome = await untilDone(share.parcels[0]!.traced.load, this.#parts, () =>
        sink.settleTransaction(share.database, label, signal),
      )
      return outcome === 'committed' ? null : failure
    }
  }

  async #begin(epoch: Epoch, share: Share): Promise<SinkTransaction> {
    const { task, sink, signal } = this.#parts
    if (!this.#tried.has(share.database)) {
      const lacks = await sink.lacksTransactions([share.database], task, signal)
      if (lacks !== null) throw new Failure('transactionsUnfit', lacks)
      this.#tried.add(share.database)
    }
    for (let tries = 1; ; tries++) {
      try {
        return await this.#beginAs(
          epoch,
          share,
          transactionLabel(task, epoch.ordinal, share.database, share.attempts++),
        )
      } catch (error) {
        // Runs before this one have used the first labels of an epoch that is read again; nothing has been sent yet.
        if (asFailure(error).kind !== 'labelTaken' || tries === LABEL_TRIES) throw error
      }
    }
  }

  async #beginAs(epoch: Epoch, share: Share, label: string): Promise<SinkTransaction> {
    const { task, sink, plan, signal, observer } = this.#parts
    const { ordinal, start } = epoch
    share.label = label
    // Both wait for one write to disk.
    await Promise.all([
      plan.begin({ epoch: ordinal, delivery: 'atomic', labelBase: task, start, witnesses: new Map() }),
      plan.transaction(ordinal, share.database, label),
    ])
    observer({ kind: 'step', step: 'planned', epoch: ordinal, label })
    return sink.begin(share.database, label, signal)
  }

  async #load(epoch: Epoch, transaction: SinkTransaction, load: Load, label: string): Promise<void> {
    const { observer, signal } = this.#parts
    observer({ kind: 'step', step: 'sending', epoch: epoch.ordinal, label })
    await transaction.load({ ...load, label }, signal)
    observer({ kind: 'step', step: 'sent', epoch: epoch.ordinal, label })
  }

  async #commit(epoch: Epoch, transaction: SinkTransaction, mark: PositionMark, label: string): Promise<void> {
    const { observer, signal } = this.#parts
    observer({ kind: 'step', step: 'committing', epoch: epoch.ordinal, label })
    await transaction.commit(mark, signal)
    observer({ kind: 'step', step: 'committed', epoch: epoch.ordinal, label })
  }

  /** Parks the bad rows of a load, if it has any. */
  async #siftIfBad(parcel: Parcel, policy: BadRowPolicy): Promise<boolean> {
    if (parcel.traced.load.rows === 0) return false
    const reason = await this.#judge(parcel.traced.load)
    if (reason === null) return false
    const { observer } = this.#parts
    const { rest, parked } = await sift(parcel.traced, reason, { policy, observer, judge: load => this.#judge(load) })
    parcel.traced = rest
    parcel.collapsed = new Map()
    for (const [source, rows] of parked) parcel.parked.set(source, (parcel.parked.get(source) ?? 0) + rows)
    return true
  }

  #judge(load: Load): Promise<string | null> {
    const { sink, signal } = this.#parts
    return untilDone(load, this.#parts, () => sink.dryRun(load, signal))
  }

  #tellLoaded(share: Share, ms: number): void {
    for (const { traced, parked, collapsed, resolve } of share.parcels) {
      const { load } = traced
      const { rows, bytes } = load
      this.#parts.observer({ kind: 'loaded', target: targetName(load.target), label: share.label, rows, bytes, ms })
      resolve({ loaded: rows, parked, collapsed })
    }
  }

  /** A body of an epoch that is still open: into the transaction, and out of memory. Any failure ends the flow; all is read again then. */
  async #stream(epoch: Epoch, parcel: Parcel): Promise<Settled> {
    const { badRows } = this.#parts
    const share = this.#shareOf(epoch, parcel.traced.load.target.database)
    const name = targetName(parcel.traced.load.target)
    const before = share.lastOf.get(name)
    const sent = (async () => {
      await before
      if (badRows !== null) {
        await supersedeParked(parcel.traced, badRows.parking)
        // There is no second try to leave them out.
        await this.#siftIfBad(parcel, badRows)
      }
      const startedMs = performance.now()
      const { load } = parcel.traced
      const { rows, bytes } = load
      share.transaction ??= this.#begin(epoch, share)
      const transaction = await share.transaction
      if (rows > 0) await this.#loads.add(() => this.#load(epoch, transaction, load, share.label))
      const ms = performance.now() - startedMs
      this.#parts.observer({ kind: 'loaded', target: name, label: share.label, rows, bytes, ms })
      return { loaded: rows, parked: parcel.parked, collapsed: parcel.collapsed }
    })()
    share.lastOf.set(name, sent)
    return sent
  }

  async #concludeStreamed(epoch: Epoch, share: Share, mark: PositionMark): Promise<void> {
    await Promise.all(share.lastOf.values())
    share.transaction ??= this.#begin(epoch, share)
    const transaction = await share.transaction
    try {
      await this.#commit(epoch, transaction, mark, share.label)
    } catch (error) {
      this.#parts.signal.throwIfAborted()
      await transaction.rollback()
      throw error
    }
  }
}

function parcelOf(shipment: Shipment): Parcel {
  const { target, bodies, rows, collapsed } = shipment
  const { route, json, columns } = bodies[0]!
  const body = bodies.flatMap(open => open.body.pieces())
  const bytes = bodies.reduce((sum, open) => sum + open.body.bytes, 0)
  const { columnSeparator, rowDelimiter, semantics } = route
  const format = json ? 'json' : 'csv'
  const plain: Load = { label: '', target, format, columns, body, bytes, rows, columnSeparator, rowDelimiter }
  const load = semantics === undefined ? plain : { ...plain, semantics }
  let resolve: Parcel['resolve'] = () => undefined
  const settled = new Promise<Settled>(done => {
    resolve = done
  })
  return { traced: traceLoad(load, bodies), parked: new Map(), collapsed, settled, resolve }
}

function byTable(parcels: readonly Parcel[]): Iterable<readonly Parcel[]> {
  const tables = new Map<string, Parcel[]>()
  for (const parcel of parcels) {
    const name = targetName(parcel.traced.load.target)
    const others = tables.get(name)
    if (others) others.push(parcel)
    else tables.set(name, [parcel])
  }
  return tables.values()
}
