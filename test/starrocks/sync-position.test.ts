import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { PositionMark } from '../../lib/dispatch/sink.js'
import { Failure } from '../../lib/model/failure.js'
import type { Row, Statements } from '../../lib/starrocks/starrocks-session.js'
import {
  isMarked,
  positionTable,
  readMarks,
  renderMark,
  renderMarkDeletion,
} from '../../lib/starrocks/sync-position.js'
import { rejectionOf } from '../support/failure-of.js'
import { TargetBench } from '../support/target-bench.js'

const NEVER = new AbortController().signal
const MARK: PositionMark = {
  task: `it's "me" \\`,
  epoch: 9_007_199_254_740_991,
  start: { binName: 'b.000001', binPos: 4, gtidSet: '', serverUuid: 'old' },
  end: { binName: 'b.000002', binPos: 4_294_967_296, gtidSet: `u:${'1-5,'.repeat(300)}7`, serverUuid: 'new' },
  databases: ['one', 'größe'],
}

describe('marks in a database', () => {
  let bench: TargetBench

  beforeAll(async () => {
    bench = await TargetBench.start()
  })
  afterAll(() => bench?.close())

  test('are absent without database, table or row', async () => {
    await bench.session.execute('CREATE DATABASE bare')
    await bench.sink.prepare(positionTable('empty'))
    expect(await bench.sink.readMarks(['nowhere', 'bare', 'empty'], 't')).toEqual(new Map())
    for (const database of ['nowhere', 'bare', 'empty']) await bench.sink.removeMark(database, 't')
  })

  test('come back as they were written, each task its own; the newest counts', async () => {
    for (const database of ['one', 'two']) await bench.sink.prepare(positionTable(database))
    const other = { ...MARK, task: 'other' }
    await bench.sink.write(renderMark({ ...MARK, epoch: 1 }, 'one', 'l1', 0), NEVER)
    await bench.sink.write(renderMark(MARK, 'one', 'l2', 1_700_000_000_123), NEVER)
    await bench.sink.write(renderMark(other, 'one', 'l3', 0), NEVER)
    await bench.sink.write(renderMark(other, 'two', 'l4', 0), NEVER)
    expect(await bench.sink.readMarks(['one', 'two'], MARK.task)).toEqual(new Map([['one', MARK]]))
    expect(await bench.sink.readMarks(['two', 'one'], 'other')).toEqual(
      new Map([
        ['two', other],
        ['one', other],
      ]),
    )
    const [row] = await bench.session.query(
      "SELECT applied_at FROM one._sync_position WHERE epoch > 1 AND task <> 'other'",
    )
    expect(row!.get('applied_at')).toMatch(/^2023-11-14 22:13:20\.123/)
    expect([await isMarked(bench.session, 'one', 'l2'), await isMarked(bench.session, 'one', 'l1')]).toEqual([
      true,
      false,
    ])
    expect([await isMarked(bench.session, 'two', 'l2'), await isMarked(bench.session, 'nowhere', 'l2')]).toEqual([
      false,
      false,
    ])
    await bench.sink.removeMark('one', MARK.task)
    expect([...(await bench.sink.readMarks(['one'], MARK.task)).keys()]).toEqual([])
    expect([...(await bench.sink.readMarks(['one'], 'other')).keys()]).toEqual(['one'])
    await bench.sink.write(renderMarkDeletion('other', 'one', 'l5'), NEVER)
    expect([...(await bench.sink.readMarks(['one', 'two'], 'other')).keys()]).toEqual(['two'])
  })

  test('a table made by hand may have more columns, if they have defaults', async () => {
    await bench.sink.prepare(positionTable('wider'))
    await bench.session.execute('ALTER TABLE wider._sync_position ADD COLUMN note VARCHAR(9) NULL')
    await bench.sink.prepare(positionTable('wider'))
    await bench.sink.write(renderMark(MARK, 'wider', 'w1', 0), NEVER)
    expect(await bench.sink.readMarks(['wider'], MARK.task)).toEqual(new Map([['wider', MARK]]))
  })
})

describe('answers of a server', () => {
  const GOOD: Record<string, string | null> = {
    task: 't',
    epoch: '7',
    bin_name: 'b.000001',
    bin_pos: '4',
    gtid_set: '',
    server_uuid: 'u',
    start_bin_name: 'b.000001',
    start_bin_pos: '4',
    start_gtid_set: '',
    start_server_uuid: 'u',
    databases: '["demo"]',
  }
  const serving = (fields: Record<string, string | null>, refusal: Failure | null = null) => {
    const executed: string[] = []
    const session: Statements = {
      query: async sql => {
        const row = sql.includes('information_schema') ? { table_schema: 'demo' } : fields
        return [new Map(Object.entries(row))] as Row[]
      },
      execute: async sql => {
        executed.push(sql)
        if (refusal !== null) throw refusal
      },
    }
    return { session, executed }
  }

  test('the leader is asked; a server that knows no way to say so is asked all the same', async () => {
    const { session, executed } = serving(GOOD, new Failure('targetUnfit', 'Unknown system variable'))
    expect((await readMarks(session, ['demo'], 't')).get('demo')).toMatchObject({ epoch: 7 })
    expect(executed).toEqual(["SET follower_query_forward_mode = 'leader'"])
    const lost = serving(GOOD, new Failure('targetUnreachable', 'gone'))
    expect(await rejectionOf(readMarks(lost.session, ['demo'], 't'))).toMatchObject({ kind: 'targetUnreachable' })
  })

  test.each([
    ['epoch', 'x'],
    ['epoch', null],
    ['bin_pos', '-1'],
    ['bin_pos', '4.5'],
    ['bin_name', null],
    ['start_gtid_set', null],
    ['databases', '{"a":1}'],
    ['databases', '[1]'],
    ['databases', 'demo'],
  ])('a row whose %s is %s is no position', async (column, value) => {
    const { session } = serving({ ...GOOD, [column]: value })
    expect(await rejectionOf(readMarks(session, ['demo'], 't'))).toMatchObject({
      kind: 'positionUnreadable',
      message: expect.stringContaining(`demo._sync_position.${column}`),
    })
  })
})
