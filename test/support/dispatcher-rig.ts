import type { BadRowPolicy } from '../../lib/dispatch/bad-row-policy.js'
import { Dispatcher, type EpochNote } from '../../lib/dispatch/dispatcher.js'
import type { EpochScript } from '../../lib/dispatch/epoch-script.js'
import { LabelsDelivery } from '../../lib/dispatch/labels-delivery.js'
import { Pace } from '../../lib/dispatch/pace.js'
import { Window } from '../../lib/dispatch/window.js'
import type { Failure } from '../../lib/model/failure.js'
import type { Happening } from '../../lib/model/observer.js'
import type { Position } from '../../lib/model/position.js'
import { noPlan } from './memory-plan.js'
import { MemorySink } from './memory-sink.js'

/** A dispatcher over a memory sink; the test says when a transaction commits and when a load ends. */
export interface Rig {
  readonly sink: MemorySink
  readonly window: Window
  readonly dispatcher: Dispatcher
  readonly durable: number[]
  /** Of the same epochs. */
  readonly notes: EpochNote[]
  readonly happenings: Happening[]
  /** Offset the next commit moves to. */
  at: number
  /** What rendering a position throws. */
  failure: Failure | null
  commit(): void
}

export function rig(
  options: {
    lanes?: number
    maxRows?: number
    maxBytes?: number
    onDurable?: (binPos: number) => void
    scripts?: readonly EpochScript[]
    owes?: (epoch: number) => boolean
    badRows?: BadRowPolicy
    collapseFrom?: number
  } = {},
): Rig {
  const sink = new MemorySink()
  const window = new Window({ maxRows: options.maxRows ?? 1000, maxBytes: options.maxBytes ?? 1_000_000 })
  const durable: number[] = []
  const notes: EpochNote[] = []
  const happenings: Happening[] = []
  const position = (): Position => {
    if (made?.failure) throw made.failure
    return { binName: 'b.000001', binPos: made.at, gtidSet: '', serverUuid: 'u' }
  }
  const made: Rig = {
    sink,
    window,
    durable,
    notes,
    happenings,
    at: 4,
    failure: null,
    dispatcher: undefined as never,
    commit() {
      made.at += 10
      made.dispatcher.commit()
    },
  }
  const lanes = options.lanes ?? 3
  const abort = new AbortController()
  const observer = (happening: Happening) => happenings.push(happening)
  const pace = new Pace()
  const delivery = new LabelsDelivery(
    { labelBase: 'test', lanes },
    { sink, plan: noPlan, observer, signal: abort.signal, busy: failure => pace.busy(failure), badRows: null },
  )
  const dispatcher = new Dispatcher(
    {
      lanes,
      idleAdvanceMs: 3_600_000,
      start: position(),
      firstEpoch: 1,
      scripts: options.scripts ?? [],
      traced: options.badRows !== undefined,
      collapseFrom: options.collapseFrom ?? Number.POSITIVE_INFINITY,
    },
    position,
    {
      window,
      pace,
      observer,
      jsonTargets: new Set(),
      deliveryOf: () => delivery,
      ...(options.owes === undefined ? {} : { owes: options.owes }),
      badRows: options.badRows ?? null,
      onDurable: (p, note) => {
        durable.push(p.binPos)
        notes.push(note)
        options.onDurable?.(p.binPos)
      },
    },
  )
  dispatcher.failed.catch(failure => abort.abort(failure))
  Object.assign(made, { dispatcher })
  return made
}

/** Lets every promise that can go on go on. */
export async function turn(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise(resolve => setImmediate(resolve))
}

export async function finishAll(r: Rig): Promise<void> {
  for (await turn(); r.sink.held.length > 0; await turn()) for (const held of [...r.sink.held]) held.finish()
}
