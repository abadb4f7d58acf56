import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DeadLetters } from '../../lib/dead-letter/dead-letters.js'
import { Filing } from '../../lib/dead-letter/filing.js'
import { LetterFolder } from '../../lib/dead-letter/letter-folder.js'
import { AtomicDelivery } from '../../lib/dispatch/atomic-delivery.js'
import { Dispatcher } from '../../lib/dispatch/dispatcher.js'
import type { EpochScript } from '../../lib/dispatch/epoch-script.js'
import { LabelsDelivery } from '../../lib/dispatch/labels-delivery.js'
import { Pace } from '../../lib/dispatch/pace.js'
import type { Load, SinkTransaction } from '../../lib/dispatch/sink.js'
import { Window } from '../../lib/dispatch/window.js'
import type { DeadLetter } from '../../lib/model/dead-letter.js'
import type { PlanLog } from '../../lib/model/epoch-plan.js'
import { Failure } from '../../lib/model/failure.js'
import type { Happening } from '../../lib/model/observer.js'
import { noPlan } from './memory-plan.js'
import { PlainSink } from './plain-sink.js'
import { readToyBody } from './toy-route.js'

/** A value that the target refuses. */
export const BAD = 66

/** A target of toy rows that refuses every load with a bad one. */
export class PickySink extends PlainSink {
  readonly rows = new Map<number, number>()
  readonly loads: Load[] = []

  async write(load: Load): Promise<{ rows: number }> {
    const reason = badIn(load)
    if (reason !== null) throw new Failure('rowRejected', reason)
    this.#apply(load)
    return { rows: load.rows }
  }

  override async dryRun(load: Load): Promise<string | null> {
    return badIn(load)
  }

  override async lacksTransactions(): Promise<null> {
    return null
  }

  override async begin(): Promise<SinkTransaction> {
    const loads: Load[] = []
    return {
      load: async load => void loads.push(load),
      commit: async () => {
        const reason = loads.map(badIn).find(one => one !== null)
        if (reason != null) throw new Failure('rowRejected', reason)
        for (const load of loads) this.#apply(load)
      },
      rollback: async () => undefined,
    }
  }

  async truncate(): Promise<void> {
    this.rows.clear()
  }

  async close(): Promise<void> {
    return undefined
  }

  #apply(load: Load): void {
    this.loads.push(load)
    const rows = readToyBody(load.body)
    if (rows.length !== load.rows) throw new Error(`${rows.length} rows in a load of ${load.rows}`)
    for (const { key, value, op } of rows)
      if (op === 1) this.rows.delete(key)
      else this.rows.set(key, value)
  }
}

function badIn({ body }: Load): string | null {
  const bad = readToyBody(body).find(({ value, op }) => value === BAD && op === 0)
  return bad === undefined ? null : `row ${bad.key} is bad`
}

export interface PickyOptions {
  readonly delivery: 'labels' | 'atomic'
  readonly collapseFrom: number
  readonly lanes?: number
  readonly plan?: PlanLog
  readonly scripts?: readonly EpochScript[]
}

/** An engine's dispatcher that parks what the sink refuses; all its state is in a folder of its own until `end`. */
export class PickyRig {
  readonly sink: PickySink
  readonly window = new Window({ maxRows: 10_000, maxBytes: 1e9 })
  readonly happenings: Happening[] = []
  readonly dispatcher: Dispatcher
  readonly #dataDir: string
  #at = 4

  private constructor(options: PickyOptions, sink: PickySink, dataDir: string, parking: DeadLetters) {
    const { delivery, collapseFrom, lanes = 2, plan = noPlan, scripts = [] } = options
    this.sink = sink
    this.#dataDir = dataDir
    const observer = (happening: Happening) => void this.happenings.push(happening)
    const { signal } = new AbortController()
    const badRows = { parking, server: 'u' }
    const parts = { sink, plan, observer, signal, busy: () => undefined, badRows }
    const deliveries = {
      labels: () => new LabelsDelivery({ labelBase: 'test', lanes }, parts),
      atomic: () => new AtomicDelivery({ ...parts, lanes, task: 'task', databases: ['d'] }),
    }
    const made = deliveries[delivery]()
    const start = { lanes, idleAdvanceMs: 3_600_000, start: positionAt(4), firstEpoch: 1 }
    this.dispatcher = new Dispatcher({ ...start, scripts, traced: true, collapseFrom }, () => positionAt(this.#at), {
      window: this.window,
      pace: new Pace(),
      observer,
      jsonTargets: new Set(),
      deliveryOf: () => made,
      badRows,
      onDurable: () => undefined,
    })
  }

  static async start(options: PickyOptions, sink = new PickySink()): Promise<PickyRig> {
    const dataDir = mkdtempSync(join(tmpdir(), 'picky-'))
    const parking = await DeadLetters.open(dataDir, { onOpen: () => undefined, now: () => 0 })
    parking.expectFrom(positionAt(4))
    return new PickyRig(options, sink, dataDir, parking)
  }

  commit(): void {
    this.#at += 10
    this.dispatcher.commit()
  }

  /** Letters that wait, by the key of their row. */
  async letters(): Promise<DeadLetter[]> {
    const filing = new Filing()
    await LetterFolder.open(this.#dataDir, line => filing.take(line))
    return filing.open.map(({ letter }) => letter).sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  /** Sums of what became of all rows. */
  accounts(): Record<'decoded' | 'filtered' | 'collapsed' | 'loaded' | 'parked', number> {
    const sums = { decoded: 0, filtered: 0, collapsed: 0, loaded: 0, parked: 0 }
    for (const happening of this.happenings)
      if (happening.kind === 'accounted')
        for (const part of Object.keys(sums) as (keyof typeof sums)[]) sums[part] += happening[part]
    return sums
  }

  end(): void {
    rmSync(this.#dataDir, { recursive: true, force: true })
  }
}

function positionAt(binPos: number) {
  return { binName: 'b.000001', binPos, gtidSet: '', serverUuid: 'u' }
}
