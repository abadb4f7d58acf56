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
  /** In already, with this many rows of it. */
  | { readonly kind: 'done'; readonly rows: number }
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
  readonly #bases: Map<string, string>

  /** `outcomes`: by label, of every planned load and of what they were reduced to. */
  constructor(plan: PlannedEpoch, outcomes: ReadonlyMap<string, LabelOutcome>) {
    this.plan = plan
    this.#outcomes = outcomes
    this.#bases = new Map(plan.rebased)
    for (const { loads } of plan.shipments) for (const load of loads) this.#planned.set(load.label, load)
  }

  baseOf(target: TargetTable): string {
    return this.#bases.get(targetName(target)) ?? this.plan.labelBase
  }

  /** From now on labels of this target ("database.table") begin with another base. */
  rebase(target: string, base: string): void {
    this.#bases.set(target, base)
  }

  /** Whether the plan speaks of this place of the source: behind it anything may come. */
  covers(events: number): boolean {
    return this.plan.end !== null || events <= this.events
  }

  get events(): number {
    return this.plan.shipments.reduce((last, { events }) => Math.max(last, events), 0)
  }

  /** A load with this label, made when `events` row events were read. */
  decide(label: string, rows: number, target: TargetTable, mode: PlannedLoad['mode'], events: number): Decision {
    if (!this.#planned.has(label)) {
      const others = this.loadsOf(targetName(target))
      if (!this.covers(events) || others.length === 0 || this.#bases.get(targetName(target)) !== undefined)
        return { kind: 'send', label, known: false }
      if (mode === 'upsert' || !others.some(load => this.rowsIn(load) !== null)) return { kind: 'rebase' }
      return { kind: 'unfit' }
    }
    const done = this.rowsIn({ label, rows })
    return done === null ? { kind: 'send', label, known: true } : { kind: 'done', rows: done }
  }

  loadsOf(target: string): PlannedLoad[] {
    return [...this.#planned.values()].filter(load => `${load.database}.${load.table}` === target)
  }

  get targets(): ReadonlySet<string> {
    return new Set([...this.#planned.values()].map(load => `${load.database}.${load.table}`))
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
