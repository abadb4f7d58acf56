import { collapse } from './collapse.js'
import type { Shipment } from './delivery.js'
import type { Epoch, OpenBody, TargetBodies } from './epoch.js'
import { TRACED_ROW_BYTES } from './row-trace.js'

/** Up to here the bodies of one target's lanes go as one load; above, parallel loads pay. */
const FOLD_BYTES = 8 * 1024 * 1024

/** Takes one lane's first body out, which is open. */
export function takeOne(bodies: TargetBodies, lane: number, lanes: number): Shipment {
  const open = bodies.open[lane]!
  bodies.open[lane] = open.next ?? undefined
  return alone(bodies, lane, collapse(open), lanes)
}

/** Takes every open body out, each as a load of its own. */
export function takeAll(bodies: TargetBodies, lanes: number): Shipment[] {
  return [...bodies.open.keys()].flatMap(lane => {
    const taken: Shipment[] = []
    while (bodies.open[lane] !== undefined) taken.push(takeOne(bodies, lane, lanes))
    return taken
  })
}

/**
 * Takes all bodies of a target whose epoch is complete. Small ones go as one load, lane behind lane: each load is a
 * version in every tablet of StarRocks. Rows of one key are all in one lane's body, so their order stays.
 * `inTurn`: the delivery loads the bodies of a table one after the other anyway.
 */
export function takeComplete(epoch: Epoch, bodies: TargetBodies, lanes: number, inTurn: boolean): Shipment[] {
  const chains = bodies.open.flatMap((body, lane) => (body === undefined ? [] : [{ lane, open: chainOf(body) }]))
  const open = chains.flatMap(chain => chain.open)
  bodies.open.length = 0
  const first = open[0]
  if (first === undefined) return []
  const bytes = open.reduce((sum, o) => sum + o.body.bytes, 0)
  const rows = open.reduce((sum, o) => sum + o.body.rows, 0)
  const { flushBytes, flushRows } = first.route
  const isSmall = bytes <= (inTurn ? flushBytes : Math.min(FOLD_BYTES, flushBytes)) && rows <= flushRows
  if (chains.length === 1 || !isSmall || open.some(o => o.json) || bodies.parts.length > 0)
    return chains.flatMap(chain => chain.open.map(one => alone(bodies, chain.lane, one, lanes)))
  const worker = (bodies.salt + epoch.ordinal) % lanes
  return foldChains(chains.map(chain => chain.open)).map(fold => shipment(bodies, 'f', fold, worker))
}

/** A lane's bodies as they leave, in the order in which they are to be loaded. */
function chainOf(first: OpenBody): OpenBody[] {
  const chain: OpenBody[] = []
  for (let body: OpenBody | null = first; body !== null; body = body.next) chain.push(collapse(body))
  return chain
}

function alone(bodies: TargetBodies, lane: number, open: OpenBody, lanes: number): Shipment {
  // Rows that are in no order are all in lane 0: their targets spread over the workers instead.
  return shipment(bodies, lane, [open], open.route.mode === 'upsert' ? lane : bodies.salt % lanes)
}

/**
 * Bodies of all lanes that have the same columns go together; loaded one fold behind the other, those of each lane stay in
 * their order.
 */
function foldChains(chains: readonly OpenBody[][]): OpenBody[][] {
  const left = chains.map(chain => [...chain])
  const folds: OpenBody[][] = []
  for (;;) {
    const heads = left.flatMap(([head]) => (head === undefined ? [] : [head]))
    const [first] = heads
    if (first === undefined) return folds
    const fold = heads.filter(head => head.columns === first.columns && head.partial === first.partial)
    for (const chain of left) if (fold.includes(chain[0]!)) chain.shift()
    folds.push(fold)
  }
}

function shipment(bodies: TargetBodies, lane: number | 'f', open: readonly OpenBody[], worker: number): Shipment {
  const counter = lane === 'f' ? 0 : lane
  const part = bodies.parts[counter] ?? 0
  bodies.parts[counter] = part + 1
  const rows = open.reduce((sum, { body }) => sum + body.rows, 0)
  const admitted = open.reduce((sum, { body, collapsed }) => sum + (collapsed ?? body).rows, 0)
  return { target: bodies.target, bodies: open, lane, worker, part, rows, collapsed: collapsedIn(open), admitted }
}

function collapsedIn(open: readonly OpenBody[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>()
  for (const { collapsed } of open)
    for (const [source, rows] of collapsed?.bySource ?? []) sums.set(source, (sums.get(source) ?? 0) + rows)
  return sums
}

/** Gives the memory of a shipment back; the bytes it took in the ack window. */
export function release({ bodies }: Shipment): number {
  return bodies.reduce((sum, { body, trace, collapsed }) => {
    body.release()
    collapsed?.whole?.body.release()
    return sum + (collapsed ?? body).rowBytes + (trace === null ? 0 : trace.rows * TRACED_ROW_BYTES + trace.release())
  }, 0)
}
