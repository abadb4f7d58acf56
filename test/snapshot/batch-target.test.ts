import { beforeEach, describe, expect, test } from '@jest/globals'
import PQueue from 'p-queue'
import type { Route } from '../../lib/dispatch/route.js'
import type { Load, TargetRequest } from '../../lib/dispatch/sink.js'
import type { TextRows } from '../../lib/model/chunk.js'
import { Failure } from '../../lib/model/failure.js'
import type { TargetTable } from '../../lib/model/schema.js'
import {
  type BatchParts,
  type BatchSource,
  copyTarget,
  rowBounds,
  type Shadows,
} from '../../lib/snapshot/batch-target.js'
import { rejectionOf } from '../support/failure-of.js'
import { MemorySink } from '../support/memory-sink.js'
import { toyRoute, toyTarget } from '../support/toy-route.js'

const REQUEST = { database: 'd', table: 't' } as TargetRequest
const NEVER = new AbortController().signal

/** Tables by name, each row as its key and value: what readers see, and what is in the making. */
class Tables implements Shadows {
  readonly log: string[] = []
  readonly sink: MemorySink
  failOn = ''

  constructor(sink: MemorySink) {
    this.sink = sink
  }

  async make(target: TargetTable): Promise<TargetTable> {
    this.#log('make')
    this.sink.tables.set('shadow', new Map())
    return { ...target, table: 'shadow' }
  }

  async count(): Promise<number> {
    this.#log('count')
    return this.sink.tables.get('shadow')!.size
  }

  async swap(): Promise<void> {
    this.#log('swap')
    const [old, made] = [this.sink.tables.get('t')!, this.sink.tables.get('shadow')!]
    this.sink.tables.set('t', made).set('shadow', old)
  }

  async drop(_: TargetTable, forGood: boolean): Promise<void> {
    this.#log(forGood ? 'drop for good' : 'drop')
    this.sink.tables.delete('shadow')
  }

  #log(what: string): void {
    this.log.push(what)
    if (this.failOn === what) throw new Failure('targetBusy', `no ${what}`)
  }
}

class CopySink extends MemorySink {
  override free = true
  override async prepare(): Promise<TargetTable> {
    return toyTarget()
  }
}

let sink: CopySink
let tables: Tables
let parts: BatchParts
let taken: string[]
beforeEach(() => {
  sink = new CopySink()
  sink.tables.set('t', new Map([[1, 1]]))
  tables = new Tables(sink)
  taken = []
  parts = {
    sink,
    shadows: tables,
    readers: new PQueue({ concurrency: 2 }),
    pace: async (rows, bytes) => void taken.push(`${rows}/${bytes}`),
    observer: () => undefined,
    progress: () => undefined,
    load: { lanes: 2, maxRows: 100, maxBytes: 10_000, labelBase: 'copy_1' },
  }
})

/** `pieces`: rows of key and value; a Failure is thrown where it stands. */
function source(
  name: string,
  ...pieces: (readonly (readonly [number, number])[] | Failure)[]
): BatchSource & { closed: number } {
  const made = {
    source: name,
    closed: 0,
    open: async (shadow: TargetTable) => ({
      routes: [toyRoute(shadow, { source: name, flushRows: 3 })],
      at: { binName: 'b.000007', binPos: 400 },
      pieces: read(pieces),
      close: async () => void made.closed++,
    }),
  }
  return made
}

/** The same memory for each piece, as a reader has it. */
async function* read(pieces: readonly (readonly (readonly [number, number])[] | Failure)[]): AsyncGenerator<TextRows> {
  const buffer = Buffer.alloc(200)
  for (const piece of pieces) {
    if (piece instanceof Failure) throw piece
    const bytes = piece.flat()
    buffer.fill(0).set(bytes, 3)
    yield { buffer, at: 3, end: 3 + bytes.length, rows: piece.length }
  }
}

const textOf = ({ body }: Load) => Buffer.concat([...body]).toString('latin1')
const rowsOf = (table: string) => [...(sink.tables.get(table) ?? [])].sort(([a], [b]) => a - b)

describe('a copied target', () => {
  test('holds the rows of all its source tables, and the shadow is gone', async () => {
    const one = source(
      's.a',
      [
        [10, 1],
        [11, 2],
      ],
      [[12, 3]],
    )
    const two = source('s.b', [[20, 4]])
    const copied = await copyTarget(REQUEST, [one, two], parts, NEVER)
    expect(copied).toEqual({
      rows: 4,
      bytes: 8,
      kept: 4,
      moments: new Map([
        ['s.a', 'b.000007:400'],
        ['s.b', 'b.000007:400'],
      ]),
    })
    expect(rowsOf('t')).toEqual([
      [10, 1],
      [11, 2],
      [12, 3],
      [20, 4],
    ])
    expect(tables.log).toEqual(['make', 'count', 'swap', 'drop'])
    expect([one.closed, two.closed, taken.length]).toEqual([1, 1, 3])
  })

  test('rows that a rule leaves out are read, and are not missing', async () => {
    const plain = source(
      's.a',
      [
        [10, 1],
        [11, 2],
        [12, 3],
      ],
      [[13, 4]],
    )
    const filtered: BatchSource = {
      ...plain,
      open: async (shadow, signal) => {
        const rows = await plain.open(shadow, signal)
        const [route] = rows.routes
        // The first row of each piece.
        const shape: Route['shape'] = images => ({
          pieces: [{ images: { ...images, at: images.at + 2 }, route: route! }],
          filtered: 1,
        })
        return { ...rows, routes: [{ ...route!, shape }] }
      },
    }
    expect(await copyTarget(REQUEST, [filtered], parts, NEVER)).toMatchObject({ rows: 4, kept: 2 })
    expect(rowsOf('t')).toEqual([
      [11, 2],
      [12, 3],
    ])
  })

  test('becomes empty with its source', async () => {
    expect(await copyTarget(REQUEST, [source('s.a')], parts, NEVER)).toMatchObject({ rows: 0, kept: 0 })
    expect(rowsOf('t')).toEqual([])
  })

  test('waits for StarRocks when the window is full', async () => {
    sink.free = false
    const many = Array.from({ length: 30 }, (_, i) => [[i, i]] as const)
    const copying = copyTarget(
      REQUEST,
      [source('s.a', ...many)],
      { ...parts, load: { ...parts.load, maxRows: 4 } },
      NEVER,
    )
    let most = 0
    let done = false
    copying.finally(() => {
      done = true
    })
    while (!done) {
      await new Promise(resolve => setImmediate(resolve))
      most = Math.max(
        most,
        sink.held.reduce((sum, { load }) => sum + load.rows, 0),
      )
      sink.held[0]?.finish()
    }
    expect((await copying).rows).toBe(30)
    expect(most).toBeLessThanOrEqual(4)
  })

  test('rows of a table of changes are inserts with ids that no binlog has', async () => {
    const appended: Load[] = []
    sink.write = async load => {
      appended.push(load)
      for (const [, key, value] of textOf(load).matchAll(/(\d+),(\d+),0@/g))
        sink.tables.get('shadow')!.set(Number(key), Number(value))
      return { rows: load.rows }
    }
    const changes = (name: string, ...rows: (readonly [number, number])[]): BatchSource => {
      const plain = source(name, ...rows.map(row => [row]))
      return {
        ...plain,
        open: async (shadow, signal) => {
          const opened = await plain.open(shadow, signal)
          return { ...opened, routes: [toyRoute({ ...shadow, model: 'duplicate' }, { source: name, mode: 'append' })] }
        },
      }
    }
    await copyTarget(REQUEST, [changes('s.a', [1, 1], [2, 2]), changes('s.b', [3, 3])], parts, NEVER)
    const ids = appended.flatMap(load => [...textOf(load).matchAll(/@(\S+?);/g)].map(m => m[1]!))
    expect(new Set(ids).size).toBe(3)
    expect(ids.every(id => /^400\.-\d+\.0i$/.test(id))).toBe(true)
  })
})

test('old rows that cannot be dropped do not make the copy a failure', async () => {
  tables.failOn = 'drop'
  const told: string[] = []
  const observer: BatchParts['observer'] = happening => {
    if (happening.kind === 'warning') told.push(happening.message)
  }
  const copied = await copyTarget(REQUEST, [source('s.a', [[5, 5]])], { ...parts, observer }, NEVER)
  expect(copied).toMatchObject({ rows: 1, kept: 1 })
  expect(rowsOf('t')).toEqual([[5, 5]])
  expect(told).toEqual(['d.shadow holds the old rows of d.t and was not dropped: no drop'])
})

describe('a copy that fails leaves the target as it was', () => {
  const expectOld = () => {
    expect(rowsOf('t')).toEqual([[1, 1]])
    expect(sink.tables.has('shadow')).toBe(false)
    expect(tables.log).not.toContain('swap')
  }

  test('at the source', async () => {
    const other = source('s.b', ...Array.from({ length: 50 }, (_, i) => [[i, i]] as const))
    const failing = source('s.a', [[5, 5]], new Failure('sourceUnreachable', 'lost'))
    const failure = await rejectionOf(copyTarget(REQUEST, [failing, other], parts, NEVER))
    expect(failure).toMatchObject({ kind: 'sourceUnreachable' })
    expect([failing.closed, other.closed]).toEqual([1, 1])
    expectOld()
  })

  test('in StarRocks', async () => {
    sink.write = () => Promise.reject(new Failure('rowRejected', 'too long'))
    const failure = await rejectionOf(copyTarget(REQUEST, [source('s.a', [[5, 5]], [[6, 6]])], parts, NEVER))
    expect(failure).toMatchObject({ kind: 'rowRejected' })
    expectOld()
  })

  test('when rows of one table have become fewer', async () => {
    const failure = await rejectionOf(copyTarget(REQUEST, [source('s.a', [[5, 5]], [[5, 6]])], parts, NEVER))
    expect(failure).toMatchObject({
      kind: 'rowsMiscounted',
      message: expect.stringContaining('2 rows were loaded, and it has 1'),
    })
    expectOld()
  })

  test('when fewer rows came than were counted by the reader', async () => {
    const plain = source('s.a')
    const short: BatchSource = {
      ...plain,
      open: async (shadow, signal) => ({
        ...(await plain.open(shadow, signal)),
        pieces: (async function* () {
          yield { buffer: Buffer.from([5, 5]), at: 0, end: 2, rows: 2 }
        })(),
      }),
    }
    const failure = await rejectionOf(copyTarget(REQUEST, [short], parts, NEVER))
    expect(failure).toMatchObject({
      kind: 'rowsMiscounted',
      message: expect.stringContaining('2 rows were read and 1 loaded'),
    })
    expectOld()
  })

  test('by a signal, with its reason', async () => {
    const stop = new AbortController()
    const pausing = { ...parts, progress: () => stop.abort(new Failure('streamBroken', 'stopped')) }
    const failure = await rejectionOf(copyTarget(REQUEST, [source('s.a', [[5, 5]], [[6, 6]])], pausing, stop.signal))
    expect(failure).toMatchObject({ kind: 'streamBroken', message: 'stopped' })
    expectOld()
  })

  test('by a signal, while StarRocks takes nothing', async () => {
    sink.free = false
    const stop = new AbortController()
    const many = Array.from({ length: 30 }, (_, i) => [[i, i]] as const)
    const stalled = { ...parts, load: { ...parts.load, maxRows: 4 } }
    const copying = rejectionOf(copyTarget(REQUEST, [source('s.a', ...many)], stalled, stop.signal))
    while (sink.held.length === 0) await new Promise(resolve => setImmediate(resolve))
    stop.abort(new Failure('streamBroken', 'stopped'))
    expect(await copying).toMatchObject({ message: 'stopped' })
    expectOld()
  })

  test('a shadow that cannot be dropped hides nothing', async () => {
    tables.failOn = 'drop for good'
    const failing = source('s.a', new Failure('sourceUnreachable', 'lost'))
    expect(await rejectionOf(copyTarget(REQUEST, [failing], parts, NEVER))).toMatchObject({ kind: 'sourceUnreachable' })
  })
})

test('the same key in two source tables is one row', async () => {
  const copied = await copyTarget(
    REQUEST,
    [
      source('s.a', [
        [5, 5],
        [6, 6],
      ]),
      source('s.b', [[5, 9]]),
    ],
    parts,
    NEVER,
  )
  expect(copied).toMatchObject({ rows: 3, kept: 2 })
})

test.each([
  ['duplicate', [3, 4], { least: 7, most: 7 }],
  ['primary', [3], { least: 3, most: 3 }],
  ['primary', [3, 4], { least: 4, most: 7 }],
  ['unique', [], { least: 0, most: 0 }],
  ['aggregate', [3, 4], { least: 1, most: 7 }],
  ['aggregate', [0], { least: 0, most: 0 }],
] as const)('rows in a %s target behind loads of %j', (model, counts, bounds) => {
  expect(rowBounds({ model }, counts)).toEqual(bounds)
})
