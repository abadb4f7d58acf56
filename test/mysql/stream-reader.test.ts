import { describe, expect, test } from '@jest/globals'
import { BinlogDecoder } from '../../lib/binlog/decoder.js'
import { EVENT } from '../../lib/binlog/event.js'
import { PositionTracker } from '../../lib/mysql/position-tracker.js'
import { PreparedTransactions } from '../../lib/mysql/prepared-transactions.js'
import { StreamReader } from '../../lib/mysql/stream-reader.js'
import * as build from '../support/binlog-builder.js'
import { positionAt } from '../support/happenings.js'

const FILE = 'mysql-bin.000005'
const TABLE = { id: 7, schema: 's', table: 't', columns: [{ type: 1 }] }

/** A reader whose receiver notes what it gets: "row 1", "commit 300", "create s.t". */
async function rig(held: Promise<void> | undefined = undefined) {
  const notes: string[] = []
  const prepared = await PreparedTransactions.open('/nowhere', [], null)
  const tracker = new PositionTracker(false, positionAt(100), false)
  const reader = new StreamReader(
    {
      flavor: 'mysql',
      wanted: schema => schema === 's',
      follow: ({ sql }) => ({
        change: sql.includes('other') ? null : { statement: sql, tables: [], unclear: null },
        keep: async () => void notes.push('kept'),
      }),
      prepared,
    },
    tracker,
    {
      bind: () => undefined,
      rows: event => {
        notes.push(`row ${event.buffer[event.at + 1]}`)
        return held
      },
      commit: () => notes.push(`commit ${tracker.binPos}`),
      tablesChanged: async ({ statement }) => void notes.push(statement),
      full: false,
      room: async () => undefined,
    },
  )
  const connection = () => {
    const decoder = new BinlogDecoder({ wanted: () => true, verifyChecksum: true, flavor: 'mysql' })
    return async (...events: Buffer[]) => {
      for (const bytes of events) {
        const event = decoder.decode(bytes, 0, bytes.length)
        await reader.take(event, event.logPos, { buffer: bytes, start: 0, end: decoder.bodyEnd })
      }
    }
  }
  return { notes, tracker, reader, connection }
}

const begin = (logPos: number) => build.query('s', 'BEGIN', { logPos })
const map = () => build.tableMap(TABLE)
const row = (value: number) => build.rows(EVENT.WRITE_ROWS, 7, 1, [build.u8(0, value)])
const commit = (logPos: number) => build.xid({ logPos })
const start = () => build.rotate(FILE, 100)

test('rows may hold the stream', async () => {
  let release = (): void => undefined
  const { notes, connection } = await rig(
    new Promise(resolve => {
      release = resolve
    }),
  )
  const done = connection()(start(), begin(110), map(), row(1), commit(200))
  await new Promise(resolve => setImmediate(resolve))
  expect(notes).not.toContain('commit 200')
  release()
  await done
  expect(notes.slice(-2)).toEqual(['row 1', 'commit 200'])
})

describe('a transaction that is cut', () => {
  test('goes on behind the rows already handed on, and nothing between is called whole', async () => {
    const { notes, reader, connection } = await rig()
    await connection()(start(), begin(110), map(), row(1), row(2))
    reader.reconnected()
    notes.push('cut')
    expect(reader.inTransaction).toBe(true)
    await connection()(start(), begin(110), map(), row(1), row(2), row(3), commit(200))
    expect(notes).toEqual(['commit 100', 'row 1', 'row 2', 'cut', 'row 3', 'commit 200'])
    expect(reader.inTransaction).toBe(false)
  })

  test('twice, the second time before the place of the first', async () => {
    const { notes, reader, connection } = await rig()
    await connection()(start(), begin(110), map(), row(1), row(2))
    reader.reconnected()
    await connection()(start(), begin(110), map(), row(1))
    reader.reconnected()
    await connection()(start(), begin(110), map(), row(1), row(2), row(3), commit(200))
    expect(notes).toEqual(['commit 100', 'row 1', 'row 2', 'row 3', 'commit 200'])
  })

  test('and is another one when it is read again: its source lost it, and no row of the other is passed over', async () => {
    const { notes, reader, connection } = await rig()
    await connection()(start(), begin(110), map(), row(1), row(2))
    reader.reconnected()
    await expect(connection()(start(), begin(130), map(), row(8), row(9), commit(220))).rejects.toMatchObject({
      kind: 'positionLost',
    })
    expect(notes).toEqual(['commit 100', 'row 1', 'row 2'])
  })

  test('and its file ends instead of beginning it again', async () => {
    const { reader, connection } = await rig()
    await connection()(start(), begin(110), map(), row(1))
    reader.reconnected()
    await expect(
      connection()(start(), build.rotate('mysql-bin.000006', 4, { flags: 0, logPos: 140 })),
    ).rejects.toMatchObject({
      kind: 'positionLost',
    })
  })
})

test('what a statement does is told, then kept, then the position moves over it', async () => {
  const { notes, connection } = await rig()
  await connection()(
    start(),
    build.query('', 'drop database s', { logPos: 130 }),
    build.query('', 'drop database other', { logPos: 160 }),
  )
  expect(notes).toEqual(['commit 100', 'drop database s', 'kept', 'commit 130', 'kept', 'commit 160'])
})
