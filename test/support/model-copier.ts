import type { ChunkRange } from '../../lib/model/chunk.js'
import { asFailure } from '../../lib/model/failure.js'
import type { Position } from '../../lib/model/position.js'
import type { TableCopy } from '../../lib/snapshot/gate.js'
import type { CopyState, CutChunk } from './copy-state.js'
import type { Life } from './crashing-life.js'
import { boundaryOf, type History, offsetOf } from './model-history.js'

const LAST_KEY = 8

export interface CopierParts {
  readonly history: History
  readonly state: CopyState
  readonly life: Life
  /** How many transactions the source has committed: what is read sees some of those, and all the stream has read. */
  readonly head: () => number
  /** Where the windows of chunks that are to be admitted began. */
  readonly cuts: Map<string, number>
  /** Chunks that may be on their way at a time. */
  readonly ahead: number
}

export const rangeName = (table: string, { after, upTo }: ChunkRange): string => `${table} (${after}, ${upTo}]`

/** Reads a table chunk by chunk until all of it is in. Rejects with what ended the flow. */
export async function copyTable(table: string, copy: TableCopy, parts: CopierParts): Promise<void> {
  const { life, state, ahead } = parts
  await copy.ready()
  if (copy.isComplete) return copy.end()
  let after = copy.frontier
  const underWay: Promise<void>[] = []
  let last: Promise<void> = Promise.resolve()
  for (let ended = false; !ended; ) {
    const upTo = nextBound(after, parts)
    const range = { after, upTo }
    const before = last
    const admitted = copyChunk(table, copy, range, parts)
    last = Promise.all([before, admitted]).then(() => state.conclude({ table, range }, life))
    last.catch(() => undefined)
    underWay.push(last)
    if (underWay.length >= ahead) await underWay.shift()
    after = upTo
    ended = upTo === null
  }
  await last
  copy.end()
}

function nextBound(after: readonly string[] | null, { life }: CopierParts): string[] | null {
  const key = Number(after?.[0] ?? -1) + 1 + life.random.below(4)
  return key >= LAST_KEY ? null : [`${key}`]
}

async function copyChunk(table: string, copy: TableCopy, range: ChunkRange, parts: CopierParts): Promise<void> {
  const { history, life, head, cuts } = parts
  const { random } = life
  for (;;) {
    const window = await copy.window()
    await life.pause()
    const from = boundaryOf(window.at.binPos)
    const now = head()
    const seen = from + random.below(now - from + 1)
    const high = seen + random.below(now - seen + 1)
    const inside = (key: number): boolean =>
      (range.after === null || key > Number(range.after[0])) && (range.upTo === null || key <= Number(range.upTo[0]))
    const rows = [...history.sourceAt(seen, table)].filter(([key]) => inside(key)).sort(([a], [b]) => a - b)
    const buffer = Buffer.from(rows.flat())
    const pieces = [{ buffer, at: 0, end: buffer.length, rows: rows.length }]
    await life.pause()
    try {
      if (random.chance(0.1)) {
        window.abandon()
        continue
      }
      cuts.set(rangeName(table, range), from)
      const reached = { reachedBy: (position: Position) => position.binPos >= offsetOf(high) }
      await window.admit({ pieces, rows: rows.length, bytes: buffer.length, high: reached }, range)
      return
    } catch (error) {
      if (asFailure(error).kind !== 'chunkVoid') throw error
    }
  }
}

/** What the target of changes must hold at the end: each row as its chunk's window found it, and its changes from there on. */
export function mustHold(history: History, tables: readonly string[], done: readonly CutChunk[]): string[] {
  const rows: string[] = []
  for (const table of tables) {
    const cutOf = (key: number): number => {
      const chunk = done.find(({ table: name, range: { after, upTo } }) => {
        const isBehind = after === null || key > Number(after[0])
        return name === table && isBehind && (upTo === null || key <= Number(upTo[0]))
      })
      if (chunk === undefined) throw new Error(`key ${key} of ${table} was never copied`)
      return chunk.cut
    }
    for (let key = 0; key <= LAST_KEY; key++) {
      const value = history.sourceAt(cutOf(key), table).get(key)
      if (value !== undefined) rows.push(`copied ${key},${value}`)
    }
    history.transactions.forEach((events, n) => {
      events.forEach((event, ordinal) => {
        if (event.table !== table) return
        event.changes.forEach(({ before, after }, row) => {
          const own = (image: readonly [number, number] | null) => (image && cutOf(image[0]) <= n ? image : null)
          const [b, a] = [own(before), own(after)]
          const op = a === null ? 'd' : b === null ? 'i' : 'u'
          const image = a ?? b
          if (image !== null) rows.push(`${offsetOf(n)}.${ordinal}.${row}${op} ${image[0]},${image[1]}`)
        })
      })
    })
  }
  return rows.sort()
}

/** Where a row was moved over the frontier the halves of its update came in one by one: as one again, when both are right. */
export function joinHalves(history: History, rows: readonly string[]): string[] {
  const left = new Set(rows)
  history.transactions.forEach((events, n) => {
    events.forEach(({ op, changes }, ordinal) => {
      changes.forEach(({ before, after }, row) => {
        const id = `${offsetOf(n)}.${ordinal}.${row}`
        const [gone, come] = [`${id}d ${before}`, `${id}i ${after}`]
        if (op !== 'update' || !left.has(gone) || !left.has(come)) return
        left.delete(gone)
        left.delete(come)
        left.add(`${id}u ${after}`)
      })
    })
  })
  return [...left]
}
