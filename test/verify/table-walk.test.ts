import { describe, expect, test } from '@jest/globals'
import type { KeyBound } from '../../lib/model/chunk.js'
import type { ComparedTable } from '../../lib/verify/compared-table.js'
import type { Suspect } from '../../lib/verify/row-match.js'
import type { Part } from '../../lib/verify/side-queries.js'
import type { Digest, RowTexts, TableSide } from '../../lib/verify/table-side.js'
import { walkTable } from '../../lib/verify/table-walk.js'

/** A side in memory, which counts the rows it had to list. */
class MemorySide {
  listed = 0
  digests = 0
  constructor(readonly rows: ReadonlyMap<number, string>) {}

  #of(part: Part): [number, string][] {
    const all = [...this.rows].toSorted((a, b) => a[0] - b[0])
    if (part.by === 'range') {
      const { after, upTo } = part.range
      return all.filter(([id]) => (after === null || id > Number(after[0])) && (upTo === null || id <= Number(upTo[0])))
    }
    if (part.by === 'buckets') return all.filter(([id]) => part.buckets.includes(bucket(id, part.digits)))
    return all
  }

  async digest(part: Part): Promise<Digest> {
    this.digests++
    return sum(this.#of(part))
  }

  async buckets(digits: number): Promise<Map<string, Digest>> {
    const names = new Set([...this.rows.keys()].map(id => bucket(id, digits)))
    return new Map([...names].map(name => [name, sum(this.#of({ by: 'buckets', digits, buckets: [name] }))]))
  }

  async bound(range: { after: KeyBound | null; upTo: KeyBound | null }, offset: number): Promise<KeyBound | null> {
    const row = this.#of({ by: 'range', range })[offset]
    return row === undefined ? null : [String(row[0])]
  }

  async rows_(part: Part): Promise<RowTexts[]> {
    const found = this.#of(part)
    this.listed += found.length
    return found.map(([id, v]) => ({ key: [String(id)], digest: v, texts: new Map(), source: 0 }))
  }

  get side(): TableSide {
    return {
      digest: (part: Part) => this.digest(part),
      buckets: (digits: number) => this.buckets(digits),
      bound: (range: never, offset: number) => this.bound(range, offset),
      rows: (part: Part) => this.rows_(part),
    } as unknown as TableSide
  }
}

const bucket = (id: number, digits: number) =>
  ((id * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, '0').slice(0, digits)
const sum = (rows: readonly [number, string][]): Digest => ({
  rows: rows.length,
  sum: rows.reduce(
    (total, [id, v]) => total + BigInt(id * 31) + BigInt(`0x${Buffer.from(`${id}${v}`).toString('hex')}`),
    0n,
  ),
})

function table(ranged: boolean): ComparedTable {
  const rows = {
    from: 't',
    where: null,
    texts: ['id'],
    ranged: ranged ? ['id'] : [],
    keyNames: ['id'],
    keyLiterals: null,
    isOwner: () => false,
    ownKey: null,
  }
  const schema = { schema: 's', table: 't', columns: [], key: ['id'], comment: '' }
  const columns = [{ name: 'id', kind: 'integer' as const, fetched: false, long: false, target: 'id' }]
  return { columns, key: [0], sources: [{ ...rows, table: schema }], target: rows, tolerated: new Set(), ignored: {} }
}

async function walk(ranged: boolean, ours: ReadonlyMap<number, string>, theirs: ReadonlyMap<number, string>) {
  const [source, target] = [new MemorySide(ours), new MemorySide(theirs)]
  const suspects: Suspect[] = []
  let rows = 0
  const sides = { source: source.side, target: target.side }
  const options = { chunkRows: 1_000, listRows: 50, signal: new AbortController().signal }
  await walkTable(table(ranged), sides, options, async step => {
    rows += step.rows
    suspects.push(...step.suspects)
  })
  const found = suspects.map(({ key, kind }) => `${kind} ${key[0]}`).toSorted()
  return { found, rows, source, target }
}

const filled = (count: number, from = 0) =>
  new Map<number, string>(Array.from({ length: count }, (_, n) => [from + n, 'v']))

describe.each([true, false])('by ranges: %s', ranged => {
  test('equal tables are not listed', async () => {
    const { found, rows, source, target } = await walk(ranged, filled(10_000), filled(10_000))
    expect([found, rows, source.listed, target.listed]).toEqual([[], 10_000, 0, 0])
  })

  test('the keys that differ are found, and few others are fetched', async () => {
    const theirs = filled(10_000)
    theirs.delete(17)
    theirs.set(5_000, 'changed')
    theirs.set(20_000, 'extra')
    const { found, source } = await walk(ranged, filled(10_000), theirs)
    expect(found).toEqual(['changed 5000', 'extra 20000', 'missing 17'])
    expect(source.listed).toBeLessThan(ranged ? 200 : 1_500)
  })

  test('an empty side, and no row anywhere', async () => {
    expect((await walk(ranged, new Map(), filled(3_000))).found).toHaveLength(3_000)
    expect((await walk(ranged, filled(3_000), new Map())).found).toHaveLength(3_000)
    expect((await walk(ranged, new Map(), new Map())).found).toEqual([])
  })

  test('extra rows in front of, between and behind those of the source', async () => {
    const ours = filled(100, 10_000)
    const theirs = new Map([...filled(500), ...ours, ...filled(500, 20_000)])
    const { found, target } = await walk(ranged, ours, theirs)
    expect(found).toHaveLength(1_000)
    expect(target.listed).toBeLessThanOrEqual(1_100)
  })
})

test('a table that differs as a whole is listed in parts, not key by key', async () => {
  const { found, source } = await walk(true, filled(10_000), new Map([...filled(10_000).keys()].map(id => [id, 'w'])))
  expect(found).toHaveLength(10_000)
  expect(source.digests).toBeLessThan(700)
})
