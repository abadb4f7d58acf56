import type { RowsEvent } from '../../lib/binlog/event.js'
import type { TableMap } from '../../lib/binlog/table-map.js'
import type { Route, RowImages } from '../../lib/dispatch/route.js'
import { Failure } from '../../lib/model/failure.js'
import type { AdmittedChunk, CopyPlan, KeyReader } from '../../lib/snapshot/copy-plan.js'
import { CopyGate, type GateParts } from '../../lib/snapshot/gate.js'
import { finishAll, type Rig, rig, turn } from './dispatcher-rig.js'
import { PLACE, readToyBody } from './toy-route.js'

export const MAP: TableMap = { id: 1, schema: 's', table: 't', columns: [], primaryKey: null }
export const KEYS: KeyReader = {
  keyTexts: (images, at, _end, to) => {
    to.push(`${images[at]}`)
    return at + 2
  },
  keyBound: (images, at) => [`${images[at]}`],
}
export const ORDER = {
  isAtMost: async (key: readonly string[], bound: readonly string[]) => Number(key[0]) <= Number(bound[0]),
  areAtMost: async (keys: readonly (readonly string[])[], bound: readonly string[]) =>
    keys.map(key => Number(key[0]) <= Number(bound[0])),
}
export const ALL = { after: null, upTo: null }

/** A gate over a dispatcher rig; keys are the first bytes of toy rows. */
export interface GateRig extends Rig {
  readonly gate: CopyGate
  readonly noted: AdmittedChunk[]
  readonly order: string[]
  /** Of the stream's position. */
  gtidSet: string
  rows(images: RowImages, event?: number, complete?: boolean): Promise<void>
  /** Everything given is loaded and saved; the rows of it, by target. */
  load(): Promise<string[]>
}

const rigs: Rig[] = []

/** To be called behind each test: the timers of dispatchers would keep the process alive. */
export function endGateRigs(): void {
  for (const { dispatcher } of rigs.splice(0)) dispatcher.abandon(new Failure('streamBroken', 'over'))
}

export function gateRig(routes: readonly Route[], parts: Partial<GateParts> = {}): GateRig {
  const noted: AdmittedChunk[] = []
  const order: string[] = []
  const base = Object.assign(rig(), { gtidSet: '' })
  rigs.push(base)
  const gate = new CopyGate({
    dispatcher: base.dispatcher,
    position: () => ({ binName: 'b.000001', binPos: base.at, gtidSet: base.gtidSet, serverUuid: 'u' }),
    routes: () => routes,
    keys: () => KEYS,
    bind: () => undefined,
    noteAdmitted: async chunk => {
      await turn()
      order.push(`noted, ${base.sink.loads.length} loads`)
      noted.push(chunk)
    },
    spool: null,
    savedEpoch: 0,
    replays: [],
    onReplayed: () => undefined,
    now: () => 1,
    ...parts,
  })
  const load = async (): Promise<string[]> => {
    const before = base.sink.loads.length
    while (gate.full) await gate.room()
    const drained = base.dispatcher.drain()
    await finishAll(base)
    await drained
    gate.saved(base.notes.at(-1)?.epoch ?? 0, { binName: 'b.000001', binPos: base.at, gtidSet: '', serverUuid: 'u' })
    await turn()
    return base.sink.loads
      .slice(before)
      .flatMap(({ target, body }) =>
        readToyBody(body).map(
          ({ key, value, op, change }) => `${target.table} ${key}${op === 1 ? '-' : '='}${value} ${change ?? ''}`,
        ),
      )
      .map(row => row.trim())
      .sort()
  }
  const rows = async (images: RowImages, event = 0, complete = true): Promise<void> => {
    const facts = { type: 0, timestamp: 0, logPos: 0, size: 0, artificial: false }
    const whole = { complete, bitmaps: () => '\x01\x01', missing: () => [] }
    const given = { kind: 'rows', ...facts, ...whole, map: MAP, ...images } as RowsEvent
    await gate.rows(given, { ...PLACE, binPos: base.at, event }, 1)
  }
  const commit = (): void => {
    base.at += 10
    gate.commit()
  }
  return Object.assign(base, { gate, noted, order, rows, load, commit })
}

/** Up to a key in the midst of the table. */
export const FIRST = { after: null, upTo: ['5'] }

export function planOf(routes: readonly Route[], plan: Partial<CopyPlan> = {}): CopyPlan {
  const copyRoutes = { routes, keyTexts: KEYS.keyTexts }
  const none = { isAgain: false, order: ORDER, frontier: null }
  return { schema: 's', table: 't', mode: 'atOnce', copyRoutes, ...none, ...plan }
}

/** Rows that may go in when the stream is at `binPos`. */
export function chunkOf(binPos: number, ...rows: (readonly [number, number])[]) {
  const buffer = Buffer.from(rows.flat())
  const pieces = [{ buffer, at: 0, end: buffer.length, rows: rows.length }]
  return {
    pieces,
    rows: rows.length,
    bytes: buffer.length,
    high: { reachedBy: (p: { binPos: number }) => p.binPos >= binPos },
  }
}
