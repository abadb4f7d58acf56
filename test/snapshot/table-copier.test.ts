import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import type { ChunkRange, KeyBound } from '../../lib/model/chunk.js'
import { Failure } from '../../lib/model/failure.js'
import type { Position } from '../../lib/model/position.js'
import { type ChunkReader, type ChunkRows, type ChunkWindow, TableCopier } from '../../lib/snapshot/table-copier.js'
import { positionAt } from '../support/happenings.js'

interface Rows extends ChunkRows {
  readonly range: string
}

interface Admission {
  readonly range: string
  readonly durable: () => void
  readonly void: () => void
}

const NEVER = new AbortController().signal

/** A table with keys 1 to `last`, of which chunks are admitted when the test says so. */
function rig(
  last: number,
  about: {
    frontier?: KeyBound | null
    ahead?: number
    cutsFirst?: boolean
    largest?: number
  } = {},
) {
  const admissions: Admission[] = []
  const voided: AbortController[] = []
  const seen = { voids: 0, abandoned: 0, cuts: 0, reads: [] as string[], failed: [] as string[] }
  let fits = true
  const window = async (): Promise<ChunkWindow<Rows>> => {
    const over = new AbortController()
    voided.push(over)
    return {
      at: positionAt(1),
      voided: over.signal,
      admit: ({ range }) =>
        new Promise((resolve, reject) => {
          admissions.push({ range, durable: resolve, void: () => reject(new Failure('chunkVoid', 'altered')) })
        }),
      abandon: () => {
        seen.abandoned++
      },
    }
  }
  const copier = new TableCopier<Rows>({
    frontier: about.frontier === undefined ? null : about.frontier,
    ahead: () => about.ahead ?? 3,
    window,
    chunkRows: () => 10,
    cutsFirst: () => about.cutsFirst ?? false,
    maxBytes: 1000,
    stillFits: async () => {
      if (!fits) throw new Failure('chunkVoid', 'altered')
    },
    tooLarge: error => (error instanceof RangeError ? 5 : null),
    onRead: () => undefined,
    onChange: () => undefined,
    onVoid: () => {
      seen.voids++
      return 0
    },
    onFailed: ({ message }) => void seen.failed.push(message),
  })
  let gate: Promise<void> | null = null
  const boundOf = (after: KeyBound | null, rows: number): KeyBound | null => {
    const upTo = Number(after?.[0] ?? 0) + rows
    return upTo < last ? [String(upTo)] : null
  }
  const read = async (range: ChunkRange, _: Position, signal: AbortSignal): Promise<Rows> => {
    const text = `${range.after?.[0] ?? ''}-${range.upTo?.[0] ?? ''}`
    seen.reads.push(text)
    await gate
    signal.throwIfAborted()
    const rows = Number(range.upTo?.[0] ?? last) - Number(range.after?.[0] ?? 0)
    if (rows > (about.largest ?? 100)) throw new RangeError('too large')
    return { range: text, rows, bytes: rows, last: range.upTo, release: () => undefined }
  }
  const reader: ChunkReader<Rows> = {
    boundBehind: async (after, rows) => {
      seen.cuts++
      return boundOf(after, rows)
    },
    read,
    readNext: (after, rows, visible, signal) => read({ after, upTo: boundOf(after, rows) }, visible, signal),
  }
  const copyOne = (): Promise<void> => copier.copyOne(reader, NEVER, performance.now())
  const admit = async (n: number): Promise<void> => {
    const upTo = admissions[n]!.range.split('-')[1]!
    copier.admitted(upTo === '' ? null : [upTo])
    await turn()
  }
  const hold = (until: Promise<void>): void => {
    gate = until
  }
  const alter = (now: boolean): void => {
    fits = !now
  }
  return { copier, copyOne, admit, admissions, voided, seen, hold, alter, ranges: () => admissions.map(a => a.range) }
}

describe('chunks', () => {
  test('follow one another without a gap, up to the end of the table', async () => {
    const { copier, copyOne, admit, admissions, ranges } = rig(25)
    while (copier.wants(performance.now())) {
      await copyOne()
      await admit(admissions.length - 1)
    }
    expect(ranges()).toEqual(['-10', '10-20', '20-'])
  })

  test('begin behind the frontier', async () => {
    const { copyOne, ranges } = rig(25, { frontier: ['20'] })
    await copyOne()
    expect(ranges()).toEqual(['20-'])
  })

  test('end where their rows end, so that no look at the keys is needed, and the next one waits for that', async () => {
    const { copier, copyOne, seen, hold } = rig(40)
    let release: () => void = () => undefined
    hold(new Promise(done => (release = done)))
    const first = copyOne()
    await turn()
    expect([copier.wants(performance.now()), copier.isOpen]).toEqual([false, true])
    release()
    await first
    await copyOne()
    expect([seen.reads, seen.cuts]).toEqual([['-10', '10-20'], 0])
  })

  test('that are cut first are read at the same time, and admitted in the order of their keys, however they come back', async () => {
    const { copyOne, admit, ranges, hold } = rig(40, { cutsFirst: true })
    let release: () => void = () => undefined
    hold(new Promise(done => (release = done)))
    const first = copyOne()
    await turn()
    hold(Promise.resolve())
    await copyOne()
    expect(ranges()).toEqual([])
    release()
    await first
    expect(ranges()).toEqual(['-10'])
    await admit(0)
    expect(ranges()).toEqual(['-10', '10-20'])
  })

  test('are read no further ahead than is asked', async () => {
    const { copier, copyOne, admit } = rig(100, { ahead: 2 })
    await copyOne()
    await copyOne()
    expect(copier.wants(performance.now())).toBe(false)
    await admit(0)
    expect(copier.wants(performance.now())).toBe(true)
  })

  test.each([false, true])('that are too large are read in smaller ones (cut first: %s)', async cutsFirst => {
    const { copier, copyOne, admit, ranges, admissions } = rig(30, { frontier: ['5'], cutsFirst, largest: 8 })
    for (let tries = 0; copier.wants(performance.now()) && tries < 20; tries++) {
      await copyOne()
      if (admissions.length > 0) await admit(admissions.length - 1)
    }
    expect(ranges()).toEqual(['5-10', '10-15', '15-20', '20-25', '25-'])
  })
})

describe('a void chunk is read again', () => {
  test('before any behind it goes in', async () => {
    const { copyOne, admit, admissions, ranges, seen } = rig(30)
    await copyOne()
    await copyOne()
    admissions[0]!.void()
    await turn()
    expect(ranges()).toEqual(['-10'])
    await copyOne()
    expect(ranges()).toEqual(['-10', '-10'])
    await admit(1)
    expect(ranges()).toEqual(['-10', '-10', '10-20'])
    expect(seen.voids).toBe(1)
  })

  test('when its window is void while it is read, or the table has other columns by now', async () => {
    const { copyOne, voided, hold, alter, ranges, seen } = rig(30)
    let release: () => void = () => undefined
    hold(new Promise(done => (release = done)))
    const reading = copyOne()
    await turn()
    voided[0]!.abort(new Failure('chunkVoid', 'altered'))
    release()
    await reading
    expect([ranges(), seen.voids, seen.abandoned]).toEqual([[], 1, 1])
    hold(Promise.resolve())
    alter(true)
    await copyOne()
    expect([ranges(), seen.voids]).toEqual([[], 2])
    alter(false)
    await copyOne()
    expect(ranges()).toEqual(['-10'])
  })
})

test('a reader that fails leaves its chunk to the next one', async () => {
  const { copier, ranges, copyOne, seen } = rig(30)
  const broken: ChunkReader<Rows> = {
    boundBehind: async () => ['10'],
    read: async () => Promise.reject(new Failure('sourceUnreachable', 'gone')),
    readNext: async () => Promise.reject(new Failure('sourceUnreachable', 'gone')),
  }
  await expect(copier.copyOne(broken, NEVER, performance.now())).rejects.toThrow('gone')
  expect(seen.abandoned).toBe(1)
  await copyOne()
  expect(ranges()).toEqual(['-10'])
})

test('a copy that is ended admits nothing more, and gives its windows back', async () => {
  const { copier, copyOne, admit, ranges, seen } = rig(50)
  await copyOne()
  await copyOne()
  copier.end()
  await admit(0)
  expect([ranges(), seen.abandoned, copier.wants(performance.now())]).toEqual([['-10'], 1, false])
})
