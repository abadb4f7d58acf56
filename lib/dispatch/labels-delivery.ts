import type { PlanLog, PlannedLoad } from '../model/epoch-plan.js'
import { Failure } from '../model/failure.js'
import type { Observer } from '../model/observer.js'
import { formatPosition } from '../model/position.js'
import { targetName } from '../model/schema.js'
import { type BadRowPolicy, isBadRows, sift, traceLoad } from './bad-row-policy.js'
import { supersedeParked } from './bad-rows.js'
import type { Delivery, DeliverySink, Shipment } from './delivery.js'
import type { Epoch, Settled } from './epoch.js'
import { type Replay, reducedLabel } from './epoch-script.js'
import { renderLabel } from './label.js'
import { Lane, type Patience, untilDone } from './lane.js'
import type { Load } from './sink.js'

export interface LabelsOptions {
  /** First part of this run's labels, unique to it; characters `[-\w]` only. */
  readonly labelBase: string
  readonly lanes: number
}

export interface LabelsParts {
  readonly sink: DeliverySink
  readonly plan: PlanLog
  readonly observer: Observer
  readonly signal: AbortSignal
  readonly busy: Patience['busy']
  readonly badRows: BadRowPolicy | null
}

/** A load with what is known of it before it is sent. */
interface Prepared {
  readonly load: Load
  readonly shipment: Shipment
  /** What became of it before; null: to be sent. */
  readonly done: Settled | null
  /** What is to be written down first; null: the plan has it. */
  readonly planned: PlannedLoad | null
}

const NONE: ReadonlyMap<string, number> = new Map()

/**
 * Loads on their own, each under a label that says which rows it holds. The plan of an epoch is on disk before the first byte
 * leaves, so after a crash the same bodies get the same labels, and what has been committed is not loaded again.
 */
export class LabelsDelivery implements Delivery {
  readonly oneShape = false
  readonly #options: LabelsOptions
  readonly #parts: LabelsParts
  readonly #lanes: readonly Lane[]
  readonly #underWay = new Map<Epoch, Promise<Settled>[]>()
  readonly #begun = new WeakSet<Epoch>()
  /** Set when all of an epoch must be read again. */
  #again: Promise<never> | null = null
  readonly #leftOf = new WeakMap<Epoch, Set<string>>()
  /** Per target, the load of the loading epoch that holds rows of several lanes: what follows waits for it. */
  readonly #folded = new Map<string, Promise<unknown>>()
  /** Database -> the label committed there last. */
  readonly #witnesses = new Map<string, string>()

  constructor(options: LabelsOptions, parts: LabelsParts) {
    this.#options = options
    this.#parts = parts
    this.#lanes = Array.from({ length: options.lanes }, () => new Lane())
  }

  ship(epoch: Epoch, shipments: readonly Shipment[], spilled: boolean): Promise<Settled>[] {
    const { plan } = this.#parts
    const again = () => shipments.map(() => this.#again!)
    if (this.#again !== null) return again()
    if (!this.#begun.has(epoch) && shipments.length > 0) {
      this.#begun.add(epoch)
      const { ordinal, start, script } = epoch
      const labelBase = script?.plan?.plan.labelBase ?? this.#newBase(epoch)
      this.#note(
        plan.begin({ epoch: ordinal, delivery: 'labels', labelBase, start, witnesses: new Map(this.#witnesses) }),
      )
      const replay = script?.plan ?? null
      for (const name of replay?.voided ?? []) this.#rebase(epoch, name, replay!)
    }
    let prepared: Prepared[]
    try {
      prepared = shipments.map(shipment => this.#prepare(epoch, shipment))
    } catch (error) {
      return [Promise.reject(error)]
    }
    if (this.#again !== null) return again()
    const loads = prepared.flatMap(({ planned }) => (planned === null ? [] : [planned]))
    const replayed = epoch.script?.plan?.plan
    const known = loads.length === 0 && replayed !== undefined && (epoch.end === null || replayed.end !== null)
    const written =
      known || !this.#begun.has(epoch)
        ? Promise.resolve()
        : plan.ship(epoch.ordinal, { events: epoch.events, spilled, loads }, epoch.end)
    this.#note(written)
    const settled = prepared.map(one => this.#send(epoch, one, written))
    this.#underWay.set(epoch, [...(this.#underWay.get(epoch) ?? []), ...settled])
    return settled
  }

  async seal(epoch: Epoch): Promise<void> {
    await Promise.all(this.#underWay.get(epoch) ?? [])
    if (this.#again !== null) await this.#again
    if (this.#underWay.delete(epoch)) this.#step('committed', epoch, null)
  }

  #prepare(epoch: Epoch, shipment: Shipment): Prepared {
    const load = this.#load(epoch, shipment, this.#baseOf(epoch, shipment))
    const { mode, fingerprint } = shipment.bodies[0]!.route
    const { database, table } = shipment.target
    const planned = (one: Load): PlannedLoad => ({
      label: one.label,
      database,
      table,
      rows: one.rows,
      mode,
      fingerprint,
    })
    const replay = epoch.script?.plan ?? null
    if (replay === null) return { load, shipment, done: null, planned: planned(load) }
    const decision = replay.decide(load.label, load.rows, shipment.target, mode)
    if (decision.kind !== 'rebase') this.#left(epoch).add(targetName(shipment.target))
    switch (decision.kind) {
      case 'done':
        return { load, shipment, done: settledBefore(shipment, decision), planned: null }
      case 'send':
        return { load, shipment, done: null, planned: decision.known ? null : planned(load) }
      case 'rebase': {
        const name = targetName(shipment.target)
        if (this.#left(epoch).has(name)) {
          this.#again = this.#readAgain(epoch, name, replay)
          this.#note(this.#again)
          return { load, shipment, done: null, planned: null }
        }
        this.#rebase(epoch, name, replay)
        this.#left(epoch).add(name)
        const relabelled = this.#load(epoch, shipment, this.#newBase(epoch))
        return { load: relabelled, shipment, done: null, planned: planned(relabelled) }
      }
      case 'unfit':
        throw new Failure(
          'planUnfit',
          `${targetName(shipment.target)}: the epoch from ${formatPosition(epoch.start)} was partly loaded by an earlier run, and its rows come out differently now.`,
        )
    }
  }

  /** Other bytes than planned for a target whose rows may be loaded twice: from here on all of it is loaded, under labels of this run. */
  #rebase(epoch: Epoch, name: string, replay: Replay): void {
    const labelBase = this.#newBase(epoch)
    replay.rebase(name, labelBase)
    this.#note(this.#parts.plan.rebase(epoch.ordinal, name, labelBase))
  }

  /** Targets of an epoch being read again of which loads have been decided on. */
  #left(epoch: Epoch): Set<string> {
    let names = this.#leftOf.get(epoch)
    if (names === undefined) {
      names = new Set()
      this.#leftOf.set(epoch, names)
    }
    return names
  }

  /**
   * Newer rows of a target must not be found done before older ones that have left in this run already: it is read from the
   * epoch's start. The labels of these are void then and nobody asks for them any more, so they must not be under way.
   */
  async #readAgain(epoch: Epoch, name: string, replay: Replay): Promise<never> {
    await Promise.all(this.#underWay.get(epoch) ?? [])
    const labelBase = this.#newBase(epoch)
    replay.rebase(name, labelBase)
    await this.#parts.plan.rebase(epoch.ordinal, name, labelBase)
    throw new Failure('readAgain', `${name}: rows come out in other loads than planned; all of them are loaded.`)
  }

  #baseOf(epoch: Epoch, shipment: Shipment): string {
    return epoch.script?.plan?.baseOf(shipment.target) ?? this.#newBase(epoch)
  }

  /** A label names the place where its epoch starts, and equal rows may have been copied into another that starts there. */
  #newBase({ isSecond, ordinal }: Epoch): string {
    const { labelBase } = this.#options
    return isSecond ? `${labelBase}_${ordinal}` : labelBase
  }

  #load(epoch: Epoch, { target, bodies, lane, part, rows }: Shipment, base: string): Load {
    const { route, json, columns, partial } = bodies[0]!
    const body = bodies.flatMap(open => open.body.pieces())
    const bytes = bodies.reduce((sum, open) => sum + open.body.bytes, 0)
    return {
      label: renderLabel(base, { start: epoch.start, target, lane, part, columns }, body, bytes),
      target,
      format: json ? 'json' : 'csv',
      columns,
      ...(partial ? { partial } : {}),
      ...(route.semantics === undefined ? {} : { semantics: route.semantics }),
      body,
      bytes,
      rows,
      columnSeparator: route.columnSeparator,
      rowDelimiter: route.rowDelimiter,
    }
  }

  #send(epoch: Epoch, prepared: Prepared, written: Promise<void>): Promise<Settled> {
    const { load, shipment, done } = prepared
    const name = targetName(load.target)
    // A load of several lanes' rows begins when nothing of an earlier epoch is under way.
    const after =
      shipment.lane === 'f'
        ? Promise.all([...this.#underWay].flatMap(([other, promises]) => (other === epoch ? [] : promises)))
        : this.#folded.get(name)
    const settled = this.#lanes[shipment.worker]!.add(async () => {
      await written
      await after
      if (done !== null) return done
      this.#step('planned', epoch, load.label)
      return this.#deliver(epoch, load, shipment)
    })
    if (shipment.lane === 'f') {
      this.#folded.set(name, settled)
      const over = () => {
        if (this.#folded.get(name) === settled) this.#folded.delete(name)
      }
      settled.then(over, over)
    } else this.#note(settled)
    return settled
  }

  async #deliver(epoch: Epoch, load: Load, shipment: Shipment): Promise<Settled> {
    const { badRows, plan } = this.#parts
    const traced = badRows === null ? null : traceLoad(load, shipment.bodies)
    if (badRows !== null && traced !== null) await supersedeParked(traced, badRows.parking)
    try {
      await this.#write(epoch, load)
      return { loaded: load.rows, parked: NONE, collapsed: shipment.collapsed }
    } catch (error) {
      if (badRows === null || traced === null || !isBadRows(error)) throw error
      const { sink, signal, observer } = this.#parts
      const judge = (one: Load) => untilDone(one, this.#parts, () => sink.dryRun(one, signal))
      const { rest, parked } = await sift(traced, error.message, { policy: badRows, observer, judge })
      const label = reducedLabel(load.label, rest.load.rows)
      await plan.reduce(epoch.ordinal, load.label, label)
      if (rest.load.rows > 0) await this.#write(epoch, { ...rest.load, label })
      return { loaded: rest.load.rows, parked, collapsed: NONE }
    }
  }

  async #write(epoch: Epoch, load: Load): Promise<void> {
    const { sink, signal, observer, plan } = this.#parts
    const startedMs = performance.now()
    const { label, bytes, target } = load
    const { rows } = await untilDone(load, this.#parts, async () => {
      this.#step('sending', epoch, label)
      return sink.write(load, signal)
    })
    this.#step('sent', epoch, label)
    plan.settled(epoch.ordinal, label)
    this.#witnesses.set(target.database, label)
    observer({ kind: 'loaded', target: targetName(target), label, rows, bytes, ms: performance.now() - startedMs })
    if (rows !== load.rows)
      throw new Failure(
        'rowsMiscounted',
        `${targetName(target)}: ${load.rows} rows were sent, ${rows} loaded (label ${label}).`,
      )
  }

  #step(step: 'planned' | 'sending' | 'sent' | 'committed', epoch: Epoch, label: string | null): void {
    this.#parts.observer({ kind: 'step', step, epoch: epoch.ordinal, label })
  }

  /**
   * Its rejection reaches whoever waits for it; here it must only not be taken for unheard. Records of the plan that nobody
   * waits for (a begin, an end without loads) are written with the next one, before any load that needs them.
   */
  #note(promise: Promise<unknown>): void {
    promise.catch(() => undefined)
  }
}

/** What an earlier run made of a shipment. Of which source table each row was that it parked is in the dead letters. */
function settledBefore(
  { bodies, admitted, collapsed }: Shipment,
  { rows, reduced }: { readonly rows: number; readonly reduced: boolean },
): Settled {
  if (!reduced) return { loaded: rows, parked: NONE, collapsed }
  return { loaded: rows, parked: new Map([[bodies[0]!.route.source, admitted - rows]]), collapsed: NONE }
}
