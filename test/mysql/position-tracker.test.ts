import { describe, expect, test } from '@jest/globals'
import { GtidMark } from '../../lib/binlog/gtid-mark.js'
import { PositionTracker } from '../../lib/mysql/position-tracker.js'

const UUID = '3e11fa47-71ca-11e1-9e33-c80aa9429562'
const start = { binName: 'b.000001', binPos: 4, gtidSet: '', serverUuid: UUID }

function mark(text: string): GtidMark {
  const gtid = new GtidMark()
  gtid.setText(text)
  return gtid
}

/** As events have it: a uuid, then the number. */
function mysqlMark(uuid: string, number: bigint): GtidMark {
  const bytes = Buffer.alloc(24)
  bytes.write(uuid.replaceAll('-', ''), 'hex')
  bytes.writeBigInt64LE(number, 16)
  const gtid = new GtidMark()
  gtid.setMysql(bytes, 0)
  return gtid
}

function mariadbMark(domain: number, server: number, number: bigint): GtidMark {
  const bytes = Buffer.alloc(12)
  bytes.writeBigUInt64LE(number)
  bytes.writeUInt32LE(domain, 8)
  const gtid = new GtidMark()
  gtid.setMariadb(bytes, 0, server)
  return gtid
}

describe('PositionTracker', () => {
  test('the set grows only at commits, keeps its holes, and becomes text when asked', () => {
    const tracker = new PositionTracker(false, { ...start, gtidSet: `${UUID}:1-7:9` }, true)
    for (const n of [11, 12, 13, 20]) {
      tracker.begin(mark(`${UUID}:${n}`))
      tracker.commit(n * 100)
    }
    tracker.begin(mark(`${UUID}:21`))
    expect(tracker.position()).toEqual({ ...start, binPos: 2000, gtidSet: `${UUID}:1-7:9:11-13:20` })
    tracker.commit(2100)
    expect(tracker.position().gtidSet).toBe(`${UUID}:1-7:9:11-13:20-21`)
  })

  test('tagged GTIDs are sources of their own', () => {
    const tracker = new PositionTracker(false, start, true)
    for (const gtid of [`${UUID}:1`, `${UUID}:blue:1`, `${UUID}:2`]) {
      tracker.begin(mark(gtid))
      tracker.commit(10)
    }
    expect(tracker.position().gtidSet).toBe(`${UUID}:1-2:blue:1`)
  })

  test('an unknown set stays empty until a file says what was before it', () => {
    const tracker = new PositionTracker(false, start, false)
    tracker.begin(mark(`${UUID}:5`))
    tracker.commit(100)
    expect(tracker.position().gtidSet).toBe('')
    tracker.rotate('b.000002', 4)
    tracker.seed(`${UUID}:1-5`)
    tracker.begin(mark(`${UUID}:6`))
    tracker.commit(300)
    expect(tracker.position()).toEqual({ binName: 'b.000002', binPos: 300, gtidSet: `${UUID}:1-6`, serverUuid: UUID })
  })

  test('MariaDB: the last GTID of each domain counts', () => {
    const tracker = new PositionTracker(true, { ...start, gtidSet: '0-1-100,3-1-7' }, true)
    for (const gtid of ['0-1-101', '0-2-99', '5-1-1']) {
      tracker.begin(mark(gtid))
      tracker.commit(10)
    }
    expect(tracker.position().gtidSet).toBe('0-2-99,3-1-7,5-1-1')
  })

  test('GTIDs as bytes: runs go on over 2^32, end where the source changes, and meet those that come as text', () => {
    const tracker = new PositionTracker(false, start, true)
    const other = '4e11fa47-71ca-11e1-9e33-c80aa9429562'
    const numbers = [2n ** 32n - 2n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 32n + 1n]
    const marks = [
      ...numbers.map(number => mysqlMark(UUID, number)),
      mysqlMark(other, 2n ** 32n + 2n),
      mysqlMark(UUID, 2n ** 32n + 2n),
      mysqlMark(UUID, 2n ** 33n + 3n),
      mark(`${UUID}:${2n ** 33n + 4n}`),
      mysqlMark(UUID, 2n ** 62n),
    ]
    for (const gtid of marks) {
      tracker.begin(gtid)
      tracker.commit(10)
    }
    expect(tracker.position().gtidSet).toBe(
      `${UUID}:4294967294-4294967298:8589934595-8589934596:4611686018427387904,${other}:4294967298`,
    )
  })

  test('MariaDB: GTIDs as bytes', () => {
    const tracker = new PositionTracker(true, { ...start, gtidSet: '0-1-100,3-1-7' }, true)
    for (const gtid of [mariadbMark(0, 1, 101n), mariadbMark(5, 1, 1n), mariadbMark(0, 2, 2n ** 40n)]) {
      tracker.begin(gtid)
      tracker.commit(10)
    }
    expect(tracker.position().gtidSet).toBe('0-2-1099511627776,3-1-7,5-1-1')
  })

  test('offsets behind 4 GiB, which wrap on the wire, go on growing', () => {
    const tracker = new PositionTracker(false, { ...start, binPos: 4_294_967_000 }, true)
    tracker.commit(500)
    expect(tracker.binPos).toBe(2 ** 32 + 500)
  })

  test('an event that carries no offset leaves the position', () => {
    const tracker = new PositionTracker(true, start, true)
    tracker.commit(0)
    expect(tracker.binPos).toBe(4)
  })
})
