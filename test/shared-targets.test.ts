import { describe, expect, test } from '@jest/globals'
import type { TargetRequest } from '../lib/dispatch/sink.js'
import { PLAIN_SHAPE } from '../lib/model/rule-shape.js'
import type { SourceColumn, TableSchema, TargetTable } from '../lib/model/schema.js'
import type { EvolutionReport, TargetEvolution } from '../lib/model/target-change.js'
import { planColumns } from '../lib/rules/column-plan.js'
import { RuleBook, type RuleSpec } from '../lib/rules/rule-book.js'
import { planShape } from '../lib/rules/shape/shaped-table.js'
import { requestTarget } from '../lib/rules/target-wish.js'
import { SharedTargets } from '../lib/shared-targets.js'
import { PlainSink } from './support/plain-sink.js'
import { rule } from './support/rule-spec.js'
import { sourceColumn, sourceTable } from './support/source-column.js'

class Noting extends PlainSink {
  readonly prepared: TargetRequest[] = []
  readonly evolved: TargetEvolution[] = []
  readonly inspected: TargetRequest[] = []
  missing = false

  override async prepare(request: TargetRequest) {
    this.prepared.push(request)
    return super.prepare(request)
  }
  override async inspect(request: TargetRequest): Promise<TargetTable | null> {
    this.inspected.push(request)
    return this.missing ? null : super.prepare(request)
  }
  override async evolve(evolution: TargetEvolution): Promise<EvolutionReport> {
    this.evolved.push(evolution)
    return { statements: [], warnings: [] }
  }
  async write(): Promise<{ rows: number }> {
    return { rows: 0 }
  }
  async truncate(): Promise<void> {}
  async close(): Promise<void> {}
}

const TARGET = { database: 'd', table: 'orders' }
const id = sourceColumn('id', 'int')

/** Tables s.t_1, s.t_2 … with these columns behind the key, all written into d.orders, or each into its own. */
function sharing(
  columns: readonly (readonly SourceColumn[])[],
  options: { evolves?: boolean; target?: string | null; rules?: readonly Partial<RuleSpec>[] } = {},
) {
  const { evolves = true, target = 'orders' } = options
  const constants = new Map([['shard', '$table']])
  const rules = options.rules ?? [{ table: '/^t_/', targetTable: target, constants }]
  const specs = rules.map(more => rule({ schema: 's', ...more }))
  const book = new RuleBook([{ schema: 's', tables: ['/^t_/'] }], specs, 'd')
  const known: TableSchema[] = columns.map((more, n) => ({ ...sourceTable([id, ...more]), table: `t_${n + 1}` }))
  const held: TableSchema[] = []
  const sink = new Noting()
  const shared = new SharedTargets({
    book,
    sink,
    skipTablesWithoutKey: false,
    evolves,
    // As a start names them: those of the catalog, and those of the history.
    names: () => [...known, ...known],
    known: () => known,
    held: () => held,
    observer: () => undefined,
    signal: new AbortController().signal,
  })
  const prepare = (n: number) => {
    const [matched] = book.match('s', known[n]!.table)
    const shaped = planShape(known[n]!, matched!).schema
    return shared.prepare(requestTarget(shaped, planColumns(shaped, matched!), matched!, 'refuse'))
  }
  return { shared, sink, known, held, prepare }
}

const columnsOf = (request: TargetRequest | undefined) =>
  request?.columns.map(({ name, type, nullable }) => `${name} ${type}${nullable ? '' : ' NOT NULL'}`).sort()

describe('the target of several tables', () => {
  const [narrow, wide] = [
    sourceColumn('v', 'int', { nullable: false }),
    sourceColumn('v', 'bigint', { nullable: false }),
  ]
  const w = sourceColumn('w', 'date', { nullable: false })

  test('is made for the union of their columns, whichever comes first', async () => {
    for (const first of [0, 1]) {
      const { sink, prepare } = sharing([[narrow], [wide, w]])
      await prepare(first)
      expect(columnsOf(sink.prepared[0])).toEqual([
        'id int NOT NULL',
        'shard varchar(1024)',
        'v bigint NOT NULL',
        'w date',
      ])
    }
  })
  test('of rules that own some columns each: the columns of all, computed ones too, nullable but for the mapped key', async () => {
    const shape = { ...PLAIN_SHAPE, partial: true, key: new Map([['order_id', 'id']]) }
    const computed = new Map([['twice', 'v * 2']])
    const rules = [
      { table: 't_1', targetTable: 'orders', shape: { ...shape, computed } },
      { table: 't_2', targetTable: 'orders', shape },
    ]
    for (const first of [0, 1]) {
      const { sink, prepare } = sharing([[narrow], [w]], { rules })
      await prepare(first)
      expect(columnsOf(sink.prepared[0])).toEqual(['order_id int NOT NULL', 'twice bigint', 'v int', 'w date'])
      expect(sink.prepared[0]!.key).toEqual(['order_id'])
    }
  })
  test('is asked for once while the tables stay as they are, and altered when one changes', async () => {
    const { sink, known, prepare } = sharing([[narrow], [narrow], [narrow]])
    for (const n of [0, 1, 2]) await prepare(n)
    expect(sink.prepared).toHaveLength(1)
    known[1] = { ...sourceTable([id, narrow, w]), table: 't_2' }
    await prepare(1)
    expect(sink.evolved.at(-1)?.steps).toMatchObject([
      { kind: 'unite', columns: expect.arrayContaining([expect.objectContaining({ name: 'w' })]) },
    ])
  })
  test('is not altered where DDL is not followed', async () => {
    const { sink, prepare } = sharing([[narrow], [wide, w]], { evolves: false })
    await prepare(0)
    expect([sink.evolved, columnsOf(sink.prepared.at(-1))]).toEqual([[], columnsOf(sink.inspected[0])])
    sink.missing = true
    await prepare(0)
    expect(columnsOf(sink.prepared.at(-1))).toContain('w date')
  })
  test('tables that cannot be united are left to their own turn', async () => {
    const { sink, prepare } = sharing([[narrow], [sourceColumn('v', 'varbinary(9)')]])
    await prepare(0)
    expect(columnsOf(sink.prepared[0])).toContain('v int NOT NULL')
  })
  test('the target of one table stays as it is', async () => {
    const { sink, prepare } = sharing([[narrow], [wide, w]], { target: null })
    await prepare(0)
    expect(sink.evolved).toEqual([])
    expect(columnsOf(sink.prepared[0])).toEqual(['id int NOT NULL', 'shard varchar(1024)', 'v int NOT NULL'])
  })
})

describe('which tables have a column', () => {
  const v = sourceColumn('v', 'int')
  test('those that do now, and all that are halted', () => {
    const { shared, known, held } = sharing([[v], [v], []])
    const others = () => shared.othersWith(TARGET, known[0]!, 'V')
    expect(others()).toEqual(['s.t_2'])
    known[1] = { ...sourceTable([id]), table: 't_2' }
    expect(others()).toEqual([])
    held.push(known[2]!)
    expect(others()).toEqual(['s.t_3'])
  })
})
