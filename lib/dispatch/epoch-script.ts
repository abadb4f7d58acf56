import type { PlannedEpoch, PlannedLoad } from '../model/epoch-plan.js'
import type { Position } from '../model/position.js'
import { type TargetTable, targetName } from '../model/schema.js'
import type { LabelOutcome } from './sink.js'

/** How an epoch that was begun before is to be read again: cut at the same places, so that its bodies are the same. */
export interface EpochScript {
  readonly epoch: number
  readonly start: Position
  /** It must end just here; null: it was still open, and may end anywhere behind `events`. */
  readonly end: Position | null
  /** Row events by which bodies had left. */
  readonly events: number
  /** Row events behind which all open bodies left. */
  readonly spills: ReadonlySet<number>
  /** Databases that take part in it, when some of them have it already; null: those that get rows. */
  readonly databases: readonly string[] | null
  /** The target has all its rows of this epoch. */
  skips(target: TargetTable): boolean
  readonly plan: Replay | null
}

type Decision =
  /** In already, with this many rows of it; `reduced`: without its bad rows, but with all others, none of them collapsed. */
  | { readonly kind: 'done'; readonly rows: number; readonly reduced: boolean }
  /** To be sent; `known`: the plan has it. */
  | { readonly kind: 'send'; readonly label: string; readonly known: boolean }
  /** Not what was planned: all further loads of this target get labels of another base. */
  | { readonly kind: 'rebase' }
  | { readonly kind: 'unfit' }

/** What was planned for an epoch, what has become of it, and what follows for each load that comes out of reading it again. */
export class Replay {
  readonly plan: PlannedEpoch
  readonly #outcomes: ReadonlyMap<string, LabelOutcome>
  readonly #planned = new Map<string, PlannedLoad>()
  /** Of the epoch behind this one. */
  readonly #next: Replay | null
  readonly #bases: Map<string, string>
  readonly #met = new Set<string>()
  readonly #void = new Set<string>()

  /** `outcomes`: by label, of every planned load and of what they were reduced to. */
  constructor(plan: PlannedEpoch, outcomes: ReadonlyMap<string, LabelOutcome>, next: Replay | null = null) {
    this.plan = plan
    this.#next = next
    this.#outcomes = outcomes
    this.#bases = new Map(plan.rebased)
    for (const { loads } of plan.shipments) for (const load of loads) this.#planned.set(load.label, load)
    for (const target of plan.rebased.keys()) this.#reloadBehind(target)
  }

  baseOf(target: TargetTable): string {
    return this.#bases.get(targetName(target)) ?? this.plan.labelBase
  }

  /** All of this target ("database.table") is to be loaded, whatever was planned: `rebase` must follow before any load. */
  void(target: string): void {
    this.#void.add(target)
    for (const { label } of this.loadsOf(target)) this.#planned.delete(label)
    this.#reloadBehind(target)
  }

  get voided(): ReadonlySet<string> {
    return this.#void
  }

  /** What was planned for this target is void; labels of it begin with another base, which no earlier run has used. */
  rebase(target: string, base: string): void {
    this.void(target)
    this.#bases.set(target, base)
  }

  get events(): number {
    return this.plan.shipments.reduce((last, { events }) => Math.max(last, events), 0)
  }

  /** Where rows of this epoch go over newer ones, these must follow again. Rows that nothing replaces need no order. */
  #reloadBehind(target: string): void {
    const next = this.#next
    if (next === null) return
    if (next.loadsOf(target).some(load => load.mode === 'upsert')) next.void(target)
    else next.#reloadBehind(target)
  }

  /** A load with this label; to be asked in the order in which loads come out. */
  decide(label: string, rows: number, target: TargetTable, mode: PlannedLoad['mode']): Decision {
    this.#met.add(label)
    if (this.#planned.has(label)) {
      const done = this.rowsIn({ label, rows })
      return done === null
        ? { kind: 'send', label, known: true }
        : { kind: 'done', rows: done, reduced: !this.#committed(label) }
    }
    if (mode !== 'upsert' && this.#isBound()) return { kind: 'unfit' }
    // What is planned came out first, when it was planned; so behind all of it anything may come.
    const name = targetName(target)
    const others = this.loadsOf(name)
    const goesOn = !this.#isWhole(name) && others.every(load => this.#met.has(load.label))
    if (others.length === 0 || goesOn) return { kind: 'send', label, known: false }
    if (mode === 'upsert' || !others.some(load => this.#met.has(load.label) || this.rowsIn(load) !== null))
      return { kind: 'rebase' }
    return { kind: 'unfit' }
  }

  /** All rows of this target are in. */
  isComplete(target: string): boolean {
    const loads = this.loadsOf(target)
    return loads.length > 0 && this.#isWhole(target) && loads.every(load => this.rowsIn(load) !== null)
  }

  /** The plan has all loads of this target. When it was rebased, the epoch's end was known before they were planned anew. */
  #isWhole(target: string): boolean {
    return this.plan.end !== null && !this.#bases.has(target)
  }

  /**
   * Rows that must not come twice are in, in a load that has not come out yet. Nothing else of their kind may leave before:
   * it would bind the epoch to two ways of cutting it at once.
   */
  #isBound(): boolean {
    return [...this.#planned.values()].some(
      load =>
        load.mode !== 'upsert' &&
        !this.#met.has(load.label) &&
        this.rowsIn(load) !== null &&
        !this.isComplete(targetName(load)),
    )
  }

  loadsOf(target: string): PlannedLoad[] {
    return [...this.#planned.values()].filter(load => `${load.database}.${load.table}` === target)
  }

  /** How many rows of a planned load are in; null when none is. */
  rowsIn({ label, rows }: { readonly label: string; readonly rows: number }): number | null {
    if (this.#committed(label)) return rows
    const reduced = this.plan.reduced.get(label)
    return reduced !== undefined && this.#committed(reduced) ? reducedRows(reduced) : null
  }

  #committed(label: string): boolean {
    return this.plan.settled.has(label) || this.#outcomes.get(label) === 'committed'
  }
}

/** The label of what is left of a load when its bad rows are parked. */
export function reducedLabel(label: string, rows: number): string {
  return `${label}_r${rows}`
}

function reducedRows(label: string): number {
  return Number(label.slice(label.lastIndexOf('_r') + 2))
}
