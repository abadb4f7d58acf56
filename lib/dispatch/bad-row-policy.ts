import { asFailure, type Failure } from '../model/failure.js'
import type { Observer } from '../model/observer.js'
import { MAX_PARKED, type Parking, setBadRowsAside, type TracedLoad } from './bad-rows.js'
import type { OpenBody } from './epoch.js'
import { LoadTrace } from './row-trace.js'
import type { Load } from './sink.js'

/** `on_bad_row = "dead_letter"`: what deliveries need to park rows. */
export interface BadRowPolicy {
  readonly parking: Parking
  readonly server: string
}

/** What is left of a load, and its parked rows by source table. */
export interface Sifted {
  readonly rest: TracedLoad
  readonly parked: ReadonlyMap<string, number>
}

export interface SiftParts {
  readonly policy: BadRowPolicy
  readonly observer: Observer
  readonly judge: (load: Load) => Promise<string | null>
}

/** A load with the traces of the bodies it is made of. */
export function traceLoad(load: Load, bodies: readonly OpenBody[]): TracedLoad {
  const traces = bodies.flatMap(open => (open.trace === null ? [] : [open.trace]))
  const trace = new LoadTrace(traces)
  const { mode } = bodies[0]!.route
  if (traces.length === 0 || bodies.every(({ collapsed }) => collapsed === undefined)) return { load, trace, mode }
  const all = bodies.map(open => open.collapsed?.whole?.body ?? open.body)
  const body = all.flatMap(one => one.pieces())
  const bytes = all.reduce((sum, one) => sum + one.bytes, 0)
  const whole = { load: { ...load, body, bytes, rows: trace.rows }, trace, mode }
  return { load, trace: trace.pick(keptOrdinals(bodies)), mode, whole }
}

/** Of the rows that the bodies have traced, those that are in them. */
function keptOrdinals(bodies: readonly OpenBody[]): number[] {
  const ordinals: number[] = []
  let first = 0
  for (const { body, collapsed } of bodies) {
    const kept = collapsed?.whole?.kept
    for (let i = 0; i < body.rows; i++) ordinals.push(first + (kept?.[i] ?? i))
    first += (collapsed ?? body).rows
  }
  return ordinals
}

/**
 * Parks the bad rows of a load that was refused for `reason`; resolves with the load of the others, whose label is still the
 * same. Where a row is bad, the one it had replaced counts: the others are all rows there were, collapsed ones too.
 */
export async function sift(load: TracedLoad, reason: string, parts: SiftParts): Promise<Sifted> {
  const { whole: refused = load } = load
  const { policy, observer, judge } = parts
  const parked = new Map<string, number>()
  const { body, bytes, rows, trace } = await setBadRowsAside(refused, reason, {
    parking: policy.parking,
    judge,
    maxParked: MAX_PARKED,
    server: policy.server,
    now: Date.now,
    observer: happening => {
      if (happening.kind === 'parked')
        parked.set(happening.source, (parked.get(happening.source) ?? 0) + happening.rows)
      observer(happening)
    },
  })
  return { rest: { ...refused, load: { ...refused.load, body, bytes, rows }, trace }, parked }
}

/** Whether a failure is about rows of a load, so that the others may go without them. */
export function isBadRows(error: unknown): error is Failure {
  return asFailure(error).kind === 'rowRejected'
}
