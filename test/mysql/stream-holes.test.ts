import { describe, expect, test } from '@jest/globals'
import { type BinlogEvent, EVENT } from '../../lib/binlog/event.js'
import { StreamHoles } from '../../lib/mysql/stream-holes.js'
import { Random } from '../support/random.js'

const FILE = 'mysql-bin.000005'
const GIB_4 = 2 ** 32

function event(kind: BinlogEvent['kind'], logPos: number, size: number, more: object = {}): BinlogEvent {
  return { kind, type: EVENT.QUERY, timestamp: 1, logPos, size, artificial: false, ...more } as BinlogEvent
}
const fileFrom = (binPos: number, binName = FILE) => event('rotate', 0, 40, { artificial: true, binName, binPos })
const heartbeat = (binPos: number, binName = FILE) => event('heartbeat', binPos % GIB_4, 39, { binName, binPos })

function holes(flavor: 'mysql' | 'mariadb', start: 'file' | 'gtid', ...events: BinlogEvent[]): StreamHoles {
  const subject = new StreamHoles(flavor)
  subject.connected(start === 'gtid')
  for (const e of events) subject.follow(e)
  return subject
}

describe.each(['mysql', 'mariadb'] as const)('%s', flavor => {
  test('an event that begins behind, or before, the end of the one before it', () => {
    for (const logPos of [251, 249, 350]) {
      const subject = holes(flavor, 'file', fileFrom(150), event('gtid', 200, 50))
      expect(() => subject.follow(event('tableMap', logPos, 50))).toThrow(
        expect.objectContaining({
          kind: 'streamBroken',
          message: `The source left events out: in ${FILE} an event ended at offset 200, but the next one that came begins at ${logPos - 50}.`,
        }),
      )
    }
  })

  test('the first event of a connection begins where it was asked from', () => {
    const subject = holes(flavor, 'file', fileFrom(150), event('format', 0, 122))
    expect(() => subject.follow(event('gtid', 250, 50))).toThrow(/ended at offset 150.*begins at 200/)
  })

  test('inside a transaction even after a start by GTID set', () => {
    const subject = holes(flavor, 'gtid', fileFrom(4), event('format', 126, 122), event('gtid', 176, 50))
    expect(() => subject.follow(event('commit', 300, 30))).toThrow(/ended at offset 176.*begins at 270/)
  })

  test('a heartbeat behind events that never came hides nothing', () => {
    const subject = holes(flavor, 'file', fileFrom(150), event('commit', 200, 50), heartbeat(300))
    expect(() => subject.follow(event('gtid', 350, 50))).toThrow(/ended at offset 200/)
  })

  test('another file than the one ROTATE named', () => {
    const subject = holes(flavor, 'file', fileFrom(150), event('rotate', 200, 50, { binName: 'mysql-bin.000006' }))
    expect(() => subject.follow(fileFrom(4, 'mysql-bin.000007'))).toThrow(
      `${FILE} ends in a ROTATE to mysql-bin.000006, but mysql-bin.000007 came behind it`,
    )
  })

  test('is read again once; the same one stops, another is read again too', () => {
    const subject = holes(flavor, 'file')
    const kindAt = (from: number): unknown => {
      subject.connected(false)
      subject.follow(fileFrom(150))
      subject.follow(event('gtid', from, from - 150))
      try {
        subject.follow(event('commit', from + 100, 50))
      } catch (error) {
        return (error as { kind: string }).kind
      }
      return 'none'
    }
    expect([200, 300, 200, 200].map(kindAt)).toEqual(['streamBroken', 'streamBroken', 'streamBroken', 'streamHole'])
  })
})

describe('no alarm for', () => {
  test('the description of a file that is read from its middle, or from its start without an offset', () => {
    holes('mysql', 'file', fileFrom(700), event('format', 0, 122), event('gtid', 750, 50))
    holes('mysql', 'gtid', fileFrom(4), event('format', 0, 122), event('previousGtids', 226, 100))
    const encryption = event('ignored', 0, 40, { type: EVENT.START_ENCRYPTION })
    holes('mariadb', 'file', fileFrom(700), event('format', 0, 252), encryption, event('gtid', 742, 42))
  })

  test('events inside transactions without offsets (MariaDB 11.8), which are counted all the same', () => {
    const inside = [event('gtid', 0, 42), event('ignored', 0, 60), event('tableMap', 0, 50), event('rows', 0, 80)]
    const subject = holes('mariadb', 'file', fileFrom(400), ...inside)
    subject.follow(event('commit', 663, 31))
    expect(() => holes('mariadb', 'file', fileFrom(400), ...inside.slice(1)).follow(event('commit', 663, 31))).toThrow(
      /begins at 632/,
    )
  })

  test('offsets that wrap behind 4 GiB', () => {
    const at = GIB_4 - 30
    holes('mysql', 'file', fileFrom(at), event('gtid', 20, 50), event('commit', 60, 40), event('gtid', 110, 50))
    holes('mysql', 'gtid', fileFrom(4), heartbeat(GIB_4 * 2 + 500), event('gtid', 550, 50))
  })

  test('transactions that the server passes over after a start by GTID set', () => {
    holes('mysql', 'gtid', fileFrom(4), event('format', 126, 122), heartbeat(900), event('gtid', 950, 50))
    const group = [
      event('gtid', 942, 42),
      event('tableMap', 992, 50),
      event('rows', 1092, 100),
      event('commit', 1123, 31),
    ]
    holes('mariadb', 'gtid', fileFrom(4), event('format', 256, 252), ...group, event('rotate', 2000, 47))
  })

  test('artificial events', () => {
    const list = event('gtidList', 77, 60, { artificial: true })
    holes('mariadb', 'file', fileFrom(400), list, event('gtid', 442, 42))
  })

  test('files that end without a ROTATE', () => {
    holes('mysql', 'file', fileFrom(150), event('ignored', 173, 23), fileFrom(4, 'mysql-bin.000009'))
  })
})

test('any one event left out of a random stream is found, and none without', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = new Random(seed)
    const start = random.chance(0.3) ? GIB_4 - 500 : 4
    let at = start
    const stream = Array.from({ length: 20 }, () => {
      const size = 19 + random.below(200)
      at += size
      return event(random.chance(0.5) ? 'rows' : 'gtid', at % GIB_4, size)
    })
    holes('mysql', 'file', fileFrom(start), ...stream)
    const lost = random.below(stream.length - 1)
    const rest = stream.filter((_, i) => i !== lost)
    expect({ seed, lost, found: throws(() => holes('mysql', 'file', fileFrom(start), ...rest)) }).toEqual({
      seed,
      lost,
      found: true,
    })
  }
})

function throws(work: () => unknown): boolean {
  try {
    work()
  } catch {
    return true
  }
  return false
}
