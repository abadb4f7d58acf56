import { describe, expect, test } from '@jest/globals'
import { composePlan, type PlannedTarget, type PlanTerms, rateLike, type TableFacts } from '../../lib/snapshot/plan.js'

const TERMS: PlanTerms = {
  kind: 'stream',
  wholeImages: true,
  chunkRows: 1000,
  chunkBytes: 1_000_000,
  rateRows: null,
  rateBytes: null,
}
const INTO: PlannedTarget = { target: 'd.t', mode: 'upsert', exists: true }

function facts(more: Partial<TableFacts> & Partial<TableFacts['estimate']> = {}): TableFacts {
  const { source = 's.t', targets = [INTO], rate = { rowsPerS: 2000, bytesPerS: 1e9 }, ...estimate } = more
  return {
    source,
    targets,
    rate,
    estimate: { rows: 10_000, dataBytes: 1_000_000, avgRowBytes: 100, key: ['id'], unusable: null, ...estimate },
  }
}

const only = (table: TableFacts, terms: Partial<PlanTerms> = {}) =>
  composePlan([table], { ...TERMS, ...terms }).tables[0]!

describe('chunks', () => {
  test('are cut by rows, or by bytes where rows are wide', () => {
    expect(only(facts())).toMatchObject({ read: 'chunks', because: null, chunks: 10, key: ['id'] })
    expect(only(facts({ avgRowBytes: 10_000 }))).toMatchObject({ chunks: 100 })
    expect(only(facts({ avgRowBytes: 5_000_000 }))).toMatchObject({ chunks: 10_000 })
    expect(only(facts({ rows: 0, dataBytes: 0, avgRowBytes: 0 }))).toMatchObject({ chunks: 1, seconds: 0 })
  })

  test('go one by one where each change counts once, or changes lack columns', () => {
    const appended: PlannedTarget = { target: 'd.changes', mode: 'append', exists: false }
    expect(only(facts({ targets: [INTO, appended] }))).toMatchObject({
      read: 'oneChunkAtATime',
      because: expect.stringContaining('d.changes'),
      key: ['id'],
    })
    expect(only(facts({ targets: [{ ...INTO, mode: 'aggregate' }] }))).toMatchObject({ read: 'oneChunkAtATime' })
    expect(only(facts(), { wholeImages: false })).toMatchObject({
      read: 'oneChunkAtATime',
      because: expect.stringContaining('binlog_row_image'),
    })
  })

  test('are not cut without a key, nor by a batch copy', () => {
    const keyless = { read: 'whole', chunks: 1, key: [] }
    expect(only(facts({ key: [], unusable: 'it has no key' }))).toMatchObject({ ...keyless, because: 'it has no key' })
    expect(only(facts(), { kind: 'batch' })).toMatchObject({
      ...keyless,
      because: expect.stringContaining('one moment'),
    })
  })
})

describe('time', () => {
  test('is the slowest of what was probed and what is allowed', () => {
    expect(only(facts()).seconds).toBe(5)
    expect(only(facts({ rate: { rowsPerS: 2000, bytesPerS: 50_000 } })).seconds).toBe(20)
    expect(only(facts(), { rateRows: 100 }).seconds).toBe(100)
    expect(only(facts(), { rateBytes: 1000 }).seconds).toBe(1000)
    expect(only(facts(), { rateRows: 1e9, rateBytes: 1e12 }).seconds).toBe(5)
  })

  test('is not known when nothing was probed', () => {
    expect(only(facts({ rate: null })).seconds).toBeNull()
    expect(composePlan([facts(), facts({ rate: null })], TERMS).seconds).toBeNull()
  })

  test('of tables that were not probed follows those that were', () => {
    expect(rateLike([])).toBeNull()
    const rates = [
      { rowsPerS: 10, bytesPerS: 100 },
      { rowsPerS: 40, bytesPerS: 300 },
    ]
    expect(rateLike(rates)).toEqual({ rowsPerS: 40, bytesPerS: 200 })
  })
})

test('the largest table comes first, and sums are of all', () => {
  const plan = composePlan([facts({ source: 's.a' }), facts({ source: 's.b', rows: 20_000, dataBytes: 9e6 })], TERMS)
  expect(plan.tables.map(({ source }) => source)).toEqual(['s.b', 's.a'])
  expect(plan).toMatchObject({ rows: 30_000, bytes: 1e7, seconds: 15 })
})
