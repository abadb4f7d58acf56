import { describe, expect, test } from '@jest/globals'
import { Log, type LogLevel, secretsFilter } from '../../lib/observe/log.js'
import { logHappenings } from '../../lib/observe/log-happenings.js'
import { happenings } from '../support/happenings.js'

const NOW = Date.UTC(2026, 10, 21, 1, 2, 3, 4)

function logged(write: (log: Log) => void, level: LogLevel = 'debug', secrets: string[] = []): string[] {
  const lines: string[] = []
  write(new Log({ level, secrets }, { write: line => void lines.push(line) }, () => NOW))
  return lines
}

describe('a line', () => {
  test('has time, level, message and fields', () => {
    expect(
      logged(log => log.info('loaded', { table: 'a.b', rows: 3, note: 'two words', none: null, sign: '=' })),
    ).toEqual(['2026-11-21T01:02:03.004Z INFO  loaded table=a.b rows=3 note="two words" sign="="\n'])
  })

  test('ends with what to do when it is an error', () => {
    expect(logged(log => log.error('refused', 'Widen the column.', { kind: 'rowRejected' }))).toEqual([
      '2026-11-21T01:02:03.004Z ERROR refused kind=rowRejected -> Widen the column.\n',
    ])
  })

  test('is one line whatever the message holds', () => {
    expect(logged(log => log.warn('a\r\n  b\nc', ''))).toEqual(['2026-11-21T01:02:03.004Z WARN  a | b | c\n'])
  })

  test('below the level is not written', () => {
    const lines = logged(log => {
      log.debug('d')
      log.info('i')
      log.warn('w', '')
      log.error('e', '')
    }, 'warn')
    expect(lines.map(line => line.slice(25, 30))).toEqual(['WARN ', 'ERROR'])
  })
})

describe('the secrets filter', () => {
  const filter = secretsFilter(['tiger "lily"/x', 'ab'])

  test.each([
    ['Access denied with tiger "lily"/x here', 'Access denied with *** here'],
    ['{"p":"tiger \\"lily\\"/x"}', '{"p":"***"}'],
    ['http://u:tiger%20%22lily%22%2Fx@h', 'http://u:***@h'],
    ['authorization: Basic cm9vdDpwYXNz', 'authorization: Basic ***'],
    ['a short secret does not blot out words: absolute', 'a short secret does not blot out words: absolute'],
  ])('%s', (text, shown) => {
    expect(filter(text)).toBe(shown)
  })

  test('stands behind every line', () => {
    const lines = logged(log => log.error('hunter-two', 'hunter-two', { a: 'hunter-two' }), 'debug', ['hunter-two'])
    expect(lines.join()).not.toContain('hunter-two')
  })
})

test('every kind of happening has its line, or none', () => {
  const lines = Object.entries(happenings(NOW)).map(([kind, happening]) => {
    const [line] = logged(log => logHappenings(log)(happening))
    return `${kind}: ${line === undefined ? '-' : line.slice(25).trimEnd()}`
  })
  expect(lines).toEqual([
    'step: -',
    'starting: INFO  starting server=9.7.0 position=mysql-bin.000005:4',
    'connected: INFO  connected server="MySQL 9.7.0" position=mysql-bin.000005:4',
    'tableBound: INFO  table source=shop.orders targets=demo.orders',
    'tableIgnored: WARN  table passed over: no primary key source=shop.nokey',
    'ddl: INFO  schema change: followed source=shop.orders statement="ALTER TABLE orders ADD x INT"',
    'warning: WARN  no table is named shop.oders -> Correct the [[source]] block.',
    'received: -',
    'filtered: -',
    'window: -',
    'loaded: DEBUG loaded target=demo.orders label=l-1 rows=10 bytes=1000 ms=42',
    'retrying: WARN  too many versions kind=targetBusy target=demo.orders label=l-2 rows=5 attempt=2 retry_in_ms=400 -> StarRocks is over one of its limits (tablet versions, running transactions); loading goes on as it recovers. If it lasts, raise flush_interval_ms or check compaction.',
    'reloading: INFO  the stream goes over to another configuration',
    'reloaded: INFO  configuration changed change="flush_rows: 500 -> 100"',
    'parked: WARN  rows refused and parked: too long target=demo.orders source=shop.orders rows=3 -> `mysql-sr-sync dlq list` shows them. Mend the target or the source, then `dlq replay` or `dlq drop` them while it is stopped.',
    'deadLetters: -',
    'tableHalted: ERROR shop.sales is halted, the other tables go on: rows were removed without row events source=shop.sales position=mysql-bin.000005:500 kind=ddlUnsupported statement="ALTER TABLE sales DROP PARTITION p0" -> Make the change of this statement in StarRocks by hand. Then: ./stop.sh; mysql-sr-sync halted accept shop.sales; ./start.sh: its rows are caught up.',
    'haltedTables: -',
    'tryingHalted: -',
    'held: -',
    'catchingUp: INFO  catching up shop.sales position=mysql-bin.000005:500 end=mysql-bin.000005:700',
    'tableRejoined: INFO  shop.sales is caught up and followed again position=mysql-bin.000005:700',
    'advanced: DEBUG durable position=mysql-bin.000005:700 rows=10',
    'accounted: DEBUG accounted source=shop.orders target=demo.orders decoded=14 filtered=1 collapsed=2 loaded=10 parked=1',
    'pace: WARN  flush interval stretched from 1000 to 4200 ms: the last loads took 3.4 s -> Rows are visible later until StarRocks has recovered; nothing is lost.',
    'delivery: INFO  delivery: atomic reason="a scratch transaction succeeded on StarRocks 4.1.2"',
    'copyStarted: INFO  copies shop.orders (first copy) rows=0 estimated_rows=2000',
    'snapshot: -',
    'copyDelayed: DEBUG chunk of shop.orders is read again: the table was altered retry_in_ms=200',
    'copied: INFO  copied shop.orders rows=2100 bytes=170000 seconds=8 rows_per_second=263',
    'unsaved: WARN  ENOSPC kind=positionUnsaved retry_in_ms=200 -> master.info cannot be written. Free space on the disk of data_dir and check its permissions; loading continues when it can be saved.',
    'disconnected: WARN  connect ECONNREFUSED 127.0.0.1:3306 kind=sourceUnreachable retry_in_ms=800 -> Check mysql_addr, that the server runs, and that a firewall lets this host through.',
    'failed: ERROR row refused kind=rowRejected position=mysql-bin.000005:700 -> StarRocks refused rows. Widen the column or change the rule, then start again; nothing behind this position was lost.',
    'verified: INFO  compared with the source tables=3 rows=1000 ms=2000',
    'stopped: INFO  stopped position=mysql-bin.000005:800',
  ])
})
