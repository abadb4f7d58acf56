import { expect, test } from '@jest/globals'
import { Dispatcher } from '../../lib/dispatch/dispatcher.js'
import { Window } from '../../lib/dispatch/window.js'
import { Failure } from '../../lib/model/failure.js'
import { LabelledSink } from '../support/labelled-sink.js'
import { Random } from '../support/random.js'
import { insertOf, PLACE, toyRoute, toyTarget } from '../support/toy-route.js'

const LOST = 'a label of an earlier run stood for rows that were loaded again over newer ones'

interface Transaction {
  readonly key: number
  readonly value: number
}

/** One run over a history of transactions, from an offset on; it may end anywhere. `earlier` and `own` are its label bases. */
class Run {
  readonly dispatcher: Dispatcher
  #at: number

  constructor(
    sink: LabelledSink,
    from: number,
    lanes: number,
    maxRows: number,
    bases: { own: string; earlier: string | null },
  ) {
    this.#at = from
    const position = () => ({ binName: 'b.000001', binPos: this.#at, gtidSet: '', serverUuid: 'u' })
    this.dispatcher = new Dispatcher(
      { labelBase: bases.own, earlierLabelBase: bases.earlier, lanes, idleAdvanceMs: 3_600_000, start: position() },
      position,
      { sink, window: new Window({ maxRows, maxBytes: 1e9 }), observer: () => undefined, onDurable: () => undefined },
    )
  }

  get at(): number {
    return this.#at
  }

  crash(): void {
    this.dispatcher.abandon(new Failure('streamBroken', 'crash'))
  }

  async take(transaction: Transaction): Promise<void> {
    await this.dispatcher.room()
    this.dispatcher.rows(insertOf([transaction.key, transaction.value]), [toyRoute(toyTarget())], 1, PLACE)
    this.#at++
    this.dispatcher.commit()
  }
}

test('after a crash, only the first loads may be found done: later ones follow rows that were loaded again', async () => {
  const sink = new LabelledSink()
  const history = [1, 2, 3].map(value => ({ key: 1, value }))
  const first = new Run(sink, 4, 1, 100, { own: 'a', earlier: null })
  for (const transaction of history) {
    await first.take(transaction)
    await first.dispatcher.drain()
  }
  first.crash()
  // No position was saved. The second run cuts its epochs elsewhere.
  const second = new Run(sink, 4, 1, 100, { own: 'b', earlier: 'a' })
  await second.take(history[0]!)
  await second.take(history[1]!)
  await second.dispatcher.drain()
  await second.take(history[2]!)
  await second.dispatcher.drain()
  second.crash()
  expect([LOST, sink.rows('t').get(1)]).toEqual([LOST, 3])
})

test('what was under way at the crash is found done by its label', async () => {
  const sink = new LabelledSink()
  for (const bases of [
    { own: 'a', earlier: null },
    { own: 'b', earlier: 'a' },
  ]) {
    const run = new Run(sink, 4, 1, 100, bases)
    await run.take({ key: 1, value: 1 })
    await run.dispatcher.drain()
    run.crash()
  }
  expect(sink.applied).toBe(1)
})

const SEEDS = Number(process.env.SEEDS ?? 1000)

test(`random crashes: whatever was saved and however epochs are cut, the target ends as the source (${SEEDS} seeds)`, async () => {
  const first = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9))
  for (let seed = first; seed < first + SEEDS; seed++) {
    const random = new Random(seed)
    const sink = new LabelledSink()
    const history = Array.from({ length: 12 }, () => ({ key: random.below(3), value: random.below(250) }))
    let saved: { at: number; base: string | null } = { at: 0, base: null }
    for (let run = 0; run < 5; run++) {
      const last = run === 4
      const own = `run${run}`
      const earlier = saved.base
      // As the pipeline does, before the first load: each base is looked for by the next run only.
      saved = { at: saved.at, base: own }
      const r = new Run(sink, saved.at, 1 + random.below(2), 3 + random.below(10), { own, earlier })
      const end = last ? history.length : saved.at + random.below(history.length - saved.at + 1)
      for (let i = saved.at; i < end; i++) {
        await r.take(history[i]!)
        if (random.chance(0.5)) {
          await r.dispatcher.drain()
          if (random.chance(0.1)) saved = { at: r.at, base: own }
        }
      }
      if (last) await r.dispatcher.drain()
      r.crash()
    }
    const source = new Map(history.map(({ key, value }) => [key, value]))
    expect({ seed, rows: sorted(sink.rows('t')) }).toEqual({ seed, rows: sorted(source) })
  }
})

function sorted(rows: ReadonlyMap<number, number>): [number, number][] {
  return [...rows].sort((a, b) => a[0] - b[0])
}
