import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { RowsEvent } from '../lib/binlog/event.js'
import type { TableMap } from '../lib/binlog/table-map.js'
import { HaltedTables } from '../lib/checkpoint/halted-tables.js'
import { Failure } from '../lib/model/failure.js'
import type { HaltedTable } from '../lib/model/halted-table.js'
import type { Happening } from '../lib/model/observer.js'
import type { SchemaChange, TableChange } from '../lib/model/schema-change.js'
import { PositionTracker } from '../lib/mysql/position-tracker.js'
import type { ChangeReceiver } from '../lib/mysql/stream-reader.js'
import { RuleBook } from '../lib/rules/rule-book.js'
import { shareChanges } from '../lib/shared-changes.js'
import { CatchUpShare, MainShare, type TableShare } from '../lib/table-share.js'
import { positionAt } from './support/happenings.js'
import { rule } from './support/rule-spec.js'

let folder: string
let halted: HaltedTables
let told: Happening[]
let done: string[]
/** Tables whose map cannot be bound, and statements that cannot be followed. */
let refused: Map<string, Failure>

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shared-'))
  halted = await HaltedTables.open(folder)
  told = []
  done = []
  refused = new Map()
})
afterEach(() => rm(folder, { recursive: true }))

const unfit = new Failure('targetUnfit', 'no column "x"')
const map = (table: string) => ({ schema: 's', table }) as unknown as TableMap
function changed(kind: TableChange['kind'], tables: readonly string[], statement: string): SchemaChange {
  const change = { kind, before: null, after: null, renamedColumns: new Map(), fills: new Map(), unseenRows: null }
  return { statement, tables: [{ names: tables.map(table => ({ schema: 's', table })), change }], unclear: null }
}
const alter = (table: string, statement = `ALTER TABLE ${table} ADD x INT`) => changed('alter', [table], statement)

class Stream {
  readonly tracker = new PositionTracker(false, positionAt(100), true)
  readonly receiver: ReturnType<typeof shareChanges>

  constructor(share: TableShare, tables: readonly string[] = ['a', 'b']) {
    const handlers = {
      bind: (bound: TableMap) => {
        const failure = refused.get(bound.table)
        if (failure !== undefined) throw failure
        done.push(`bind ${bound.table}`)
        return undefined
      },
      rows: (event: RowsEvent) => void done.push(`rows ${event.map.table}`),
      held: (event: RowsEvent) => void done.push(`held ${event.map.table}`),
      follow: async (change: SchemaChange) => {
        const failure = refused.get(change.statement)
        if (failure !== undefined) throw failure
        done.push(`follow ${change.tables.flatMap(({ names }) => names.map(({ table }) => table))}`)
      },
      passOver: async (_: string, table: string) => void done.push(`pass over ${table}`),
    }
    const rules = [
      rule({ schema: 's', table: '/[ab]/' }),
      rule({ schema: 's', table: '/shard(.)/', targetTable: 'all' }),
    ]
    const book = new RuleBook([{ schema: 's', tables: ['/./'] }], rules, 'd')
    this.receiver = shareChanges(handlers, {
      share,
      book,
      tables: tables.map(table => ({ schema: 's', table })),
      tracker: this.tracker,
      evolves: true,
      observer: happening => told.push(happening),
    })
  }

  /** One event of a transaction that begins where the tracker stands. */
  async row(table: string, bound: TableMap = map(table)): Promise<void> {
    await this.receiver.bind(bound)
    const event = { map: bound, at: 0, end: 10 } as unknown as RowsEvent
    this.receiver.rows(event, {} as Parameters<ChangeReceiver['rows']>[1], 0)
  }

  commit(binPos: number): void {
    this.tracker.commit(binPos)
    this.receiver.commit()
  }
}

const main = () => new Stream(new MainShare(halted, true, happening => told.push(happening)))
const onDisk = async () => (await HaltedTables.open(folder)).tables

describe('the main stream', () => {
  test('a table that cannot be bound is halted where its transaction begins; the others go on', async () => {
    refused.set('a', unfit)
    const stream = main()
    await stream.row('b')
    stream.commit(200)
    await stream.row('b')
    await stream.row('a')
    stream.commit(300)
    await stream.row('a')
    await stream.receiver.tablesChanged(alter('a'), false)
    await stream.receiver.tablesChanged(alter('b'), false)
    expect(done).toEqual(['bind b', 'rows b', 'bind b', 'rows b', 'held a', 'held a', 'follow b'])
    expect(await onDisk()).toMatchObject([
      { schema: 's', table: 'a', from: positionAt(200), obstacle: { kind: 'targetUnfit', statement: null } },
    ])
    expect(told.filter(({ kind }) => kind === 'tableHalted')).toHaveLength(1)
    expect(told.filter(({ kind }) => kind === 'held')).toHaveLength(2)
  })

  test('a later run holds by the place alone: before it the rows are its own', async () => {
    refused.set('ALTER TABLE a DROP PARTITION p', new Failure('ddlUnsupported', 'rows went away'))
    const first = main()
    first.commit(200)
    await first.receiver.tablesChanged(alter('a', 'ALTER TABLE a DROP PARTITION p'), false)
    done = []
    const second = main()
    await second.row('a')
    await second.receiver.tablesChanged(alter('a'), false)
    second.commit(200)
    await second.row('a')
    expect(done).toEqual(['bind a', 'rows a', 'follow a', 'held a'])
  })

  test('what is read of another server by now is held', async () => {
    refused.set('a', unfit)
    await main().row('a')
    done = []
    refused.clear()
    const share = new MainShare(halted, true, () => undefined)
    expect(share.holds('s', 'a', { ...positionAt(4), serverUuid: 'u-2' })).toBe(true)
    expect(share.holds('s', 'a', { ...positionAt(4), binName: 'other.000001' })).toBe(true)
    expect(share.holds('s', 'a', positionAt(4))).toBe(false)
    expect(share.holds('s', 'b', { ...positionAt(4), serverUuid: 'u-2' })).toBe(false)
  })

  test.each([
    ['not of one table', () => main(), new Failure('targetUnreachable', 'no FE')],
    ['with another on_ddl', () => new Stream(new MainShare(halted, false, () => undefined)), unfit],
  ])('a failure that is %s stops the stream', async (_, make, failure) => {
    refused.set('a', failure)
    await expect(make().row('a')).rejects.toBe(failure)
    await expect(onDisk()).resolves.toEqual([])
  })

  test('rows of one transaction are not parted: a map that fails behind rows of the table stops the stream', async () => {
    const stream = main()
    await stream.row('a')
    refused.set('a', unfit)
    await expect(stream.row('a')).rejects.toBe(unfit)
    stream.commit(200)
    await stream.row('a')
    expect((await onDisk()).map(({ from }) => from.binPos)).toEqual([200])
  })

  test('a table that is renamed together with a halted one waits for it', async () => {
    refused.set('a', unfit)
    const stream = main()
    await stream.row('a')
    stream.commit(200)
    await stream.receiver.tablesChanged(changed('rename', ['a', 'b'], 'RENAME TABLE a TO b'), false)
    stream.commit(300)
    await stream.row('b')
    const [a, b] = await onDisk()
    expect(b).toMatchObject({ table: 'b', from: positionAt(200), after: a!.id })
    expect(done).toEqual(['held a', 'held b'])
  })

  test('a truncated table halts when others go into its target, be they known or not', async () => {
    const stream = new Stream(new MainShare(halted, true, () => undefined), ['a', 'b', 'shard1', 'shard2'])
    const truncate = (table: string) => changed('truncate', [table], `TRUNCATE ${table}`)
    await stream.receiver.tablesChanged(truncate('a'), false)
    await stream.receiver.tablesChanged(truncate('shard1'), false)
    expect(done).toEqual(['follow a'])
    expect(await onDisk()).toMatchObject([
      {
        table: 'shard1',
        obstacle: { statement: 'TRUNCATE shard1', reason: expect.stringMatching(/shard2 goes into d\.all/) },
      },
    ])
  })
})

describe('a catch-up', () => {
  async function haltedAt(binPos: number): Promise<HaltedTable> {
    refused.set('ALTER', new Failure('ddlUnsupported', 'rows went away'))
    const stream = main()
    stream.commit(binPos)
    await stream.receiver.tablesChanged(alter('a', 'ALTER'), false)
    return halted.find('s', 'a')!
  }

  test('takes just what the main stream held, and a statement that was carried out by hand as done', async () => {
    const table = await haltedAt(100)
    await halted.accept(table.id)
    const share = new CatchUpShare(halted.find('s', 'a')!, positionAt(300))
    expect([share.wanted('s', 'a'), share.wanted('s', 'b')]).toEqual([true, false])
    const stream = new Stream(share)
    await stream.receiver.tablesChanged(alter('a', 'ALTER'), false)
    stream.commit(200)
    await stream.row('a')
    stream.commit(300)
    await stream.row('a')
    expect(done).toEqual(['pass over a', 'bind a', 'rows a', 'held a'])
  })

  test('ends at what is not mended, and remembers it', async () => {
    const table = await haltedAt(100)
    const share = new CatchUpShare(table, positionAt(300))
    const stream = new Stream(share)
    await expect(stream.receiver.tablesChanged(alter('a', 'ALTER'), false)).rejects.toThrow('rows went away')
    expect(share.obstacle).toMatchObject({ position: positionAt(100), statement: 'ALTER' })
  })
})
