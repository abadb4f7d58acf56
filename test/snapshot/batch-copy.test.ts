import { expect, test } from '@jest/globals'
import PQueue from 'p-queue'
import type { Load } from '../../lib/dispatch/sink.js'
import { Failure } from '../../lib/model/failure.js'
import type { TargetTable } from '../../lib/model/schema.js'
import type { PlannedTarget } from '../../lib/schema-plan.js'
import { BatchCopy, type BatchCopyParts } from '../../lib/snapshot/batch-copy.js'
import type { BatchSource } from '../../lib/snapshot/batch-target.js'
import { rejectionOf } from '../support/failure-of.js'
import { MemorySink } from '../support/memory-sink.js'
import { toyRoute } from '../support/toy-route.js'

const NEVER = new AbortController().signal
const TARGET = {
  request: { database: 'd', table: 't', model: 'primary', key: ['k'] },
  sources: [{ matched: { rule: { mode: 'upsert' } } }],
} as unknown as PlannedTarget

/** Loads of labels that are known already are taken for done, as StarRocks takes them. */
class LabellingSink extends MemorySink {
  override free = true
  readonly labels = new Set<string>()
  override write(load: Load): Promise<{ rows: number }> {
    if (this.labels.has(load.label)) return Promise.resolve({ rows: load.rows })
    this.labels.add(load.label)
    return super.write(load)
  }
}

function setup(outcomes: (Failure | null)[]) {
  const sink = new LabellingSink()
  const told: string[] = []
  const parts: BatchCopyParts = {
    sink,
    shadows: {
      make: async target => {
        sink.tables.set('shadow', new Map())
        return { ...target, table: 'shadow' }
      },
      count: async () => sink.tables.get('shadow')!.size,
      swap: async () => void told.push('swapped'),
      drop: async () => undefined,
    },
    readers: new PQueue({ concurrency: 1 }),
    pace: async () => undefined,
    observer: () => undefined,
    labelBase: 'mss_1_copy_x',
    load: { lanes: 1, maxRows: 100, maxBytes: 1000 },
    progress: {
      begins: target => told.push(`begins ${target}`),
      read: (target, rows) => told.push(`read ${target} ${rows}`),
      again: (_, { kind }) => told.push(`again ${kind}`),
      ended: (_, failure) => told.push(`ended ${failure?.kind ?? 'well'}`),
    },
  }
  const source: BatchSource = {
    source: 's.t',
    open: async (shadow: TargetTable) => ({
      routes: [toyRoute(shadow, { flushRows: 1 })],
      at: { binName: 'b.000001', binPos: 4 },
      pieces: (async function* () {
        yield { buffer: Buffer.from([7, 1]), at: 0, end: 2, rows: 1 }
        // The row has been loaded when the read fails.
        await new Promise(resolve => setImmediate(resolve))
        const outcome = outcomes.shift() ?? null
        if (outcome !== null) throw outcome
      })(),
      close: async () => undefined,
    }),
  }
  return { batch: new BatchCopy(parts), sources: [source], told, sink }
}

test('a failure that passes begins the target anew, with labels that nothing has been loaded under', async () => {
  const { batch, sources, told, sink } = setup([new Failure('sourceUnreachable', 'lost')])
  const copied = await batch.copy(TARGET, sources, null, NEVER)
  expect(copied).toMatchObject({
    target: 'd.t',
    sources: ['s.t'],
    mode: 'upsert',
    copied: { rows: 1, kept: 1, moments: { 's.t': 'b.000001:4' } },
    failure: null,
  })
  expect(told).toEqual(['begins d.t', 'read d.t 1', 'again sourceUnreachable', 'read d.t 1', 'swapped', 'ended well'])
  expect(sink.labels.size).toBe(2)
})

test('any other failure is told, and the target stays', async () => {
  const { batch, sources, told } = setup([new Failure('rowRejected', 'too long', { advice: 'widen it' })])
  expect(await batch.copy(TARGET, sources, null, NEVER)).toMatchObject({
    copied: null,
    failure: { kind: 'rowRejected', message: 'too long', advice: 'widen it' },
  })
  expect(told).toEqual(['begins d.t', 'read d.t 1', 'ended rowRejected'])
})

test('a target that would lack rows is not begun', async () => {
  const { batch, sources, sink } = setup([])
  const obstacle = new Failure('ruleInvalid', 'it would lack the rows of s.u')
  expect(await batch.copy(TARGET, sources, obstacle, NEVER)).toMatchObject({ failure: { kind: 'ruleInvalid' } })
  expect(sink.loads).toEqual([])
})

test('a stop and a defect end the whole copy', async () => {
  const defect = setup([new Failure('internal', 'wrong')])
  expect(await rejectionOf(defect.batch.copy(TARGET, defect.sources, null, NEVER))).toMatchObject({ kind: 'internal' })
  const stopped = setup([])
  const reason = new Failure('streamBroken', 'stopped')
  const rejection = rejectionOf(stopped.batch.copy(TARGET, stopped.sources, null, AbortSignal.abort(reason)))
  expect(await rejection).toBe(reason)
})
