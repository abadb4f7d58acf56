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
  return { load, trace: new LoadTrace(traces), mode: bodies[0]!.route.mode }
}

/** Parks the bad rows of a load that was refused for `reason`; resolves with the load of the others, whose label is still the same. */
export async function sift(refused: TracedLoad, reason: string, parts: SiftParts): Promise<Sifted> {
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
