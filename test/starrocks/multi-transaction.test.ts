import { afterEach, describe, expect, test } from '@jest/globals'
import type { PositionMark } from '../../lib/dispatch/sink.js'
import { rejectionOf } from '../support/failure-of.js'
import { closedPort, type Exchange } from '../support/stream-load-server.js'
import { failed, OK, opOf, type Reply, state, TransactionClusters } from '../support/transaction-cluster.js'
import { csvLoad, TARGET } from './fixtures.js'

const clusters = new TransactionClusters()
afterEach(() => clusters.end())

const NEVER = new AbortController().signal
const LOAD = csvLoad(['1\x01ann\x010\x02', '2\x01bob\x010\x02'])
const OTHER = csvLoad(['7\x01x\x010\x02'], { target: { ...TARGET, table: 't_other' } })
const START = { binName: 'b.000001', binPos: 4, gtidSet: 'u:1-5', serverUuid: 'u' }
const MARK: PositionMark = {
  task: 'größe',
  epoch: 7,
  start: START,
  end: { ...START, binPos: 99, gtidSet: 'u:1-9' },
  databases: ['demo', 'other'],
}
const cut = (exchange: Exchange) => exchange.cut()
const ABNORMAL =
  'abnormal data more than max filter rate, tracking_url: http://10.9.8.7:8040/api/_load_error_log?file=e_1'

describe('one transaction', () => {
  test('begin, loads of two tables, mark, commit, state: what each request says', async () => {
    const c = await clusters.start({ state: [state('UNKNOWN'), state('COMMITTED'), state('VISIBLE')] })
    const transaction = await c.sink.begin('demo', 'e-7', NEVER)
    await Promise.all([transaction.load(LOAD, NEVER), transaction.load(OTHER, NEVER)])
    await transaction.load(LOAD, NEVER)
    await transaction.commit(MARK, NEVER)
    await transaction.rollback()

    expect(c.ops.filter(op => op !== 'load')).toEqual(['state', 'begin', 'commit', 'state', 'state'])
    const about = { db: 'demo', label: 'e-7', transaction_type: 'multi', timeout: '60' }
    const authorization = `Basic ${Buffer.from('sync:se:cret@1').toString('base64')}`
    expect(c.requests('begin')[0]).toMatchObject({ method: 'POST', path: '/api/transaction/begin' })
    expect(c.requests('begin')[0]!.headers).toMatchObject({ ...about, authorization, 'content-length': '0' })
    expect(c.requests('commit')[0]!.headers).toMatchObject({ ...about, authorization })
    expect(c.loads.map(seen => [seen.method, seen.path, seen.headers.table])).toEqual(
      expect.arrayContaining([['PUT', '/api/transaction/load', 't_other']]),
    )
    expect(c.loads.map(seen => seen.headers.table).sort()).toEqual(['_sync_position', 't_other', 't_user', 't_user'])
    for (const seen of c.loads) {
      expect(seen.headers).toMatchObject({ ...about, authorization, strict_mode: 'true', max_filter_ratio: '0' })
      expect(Object.keys(seen.headers)).not.toEqual(expect.arrayContaining(['enclose']))
      expect(Object.keys(seen.headers)).not.toEqual(expect.arrayContaining(['escape']))
    }
    const user = c.loads.find(seen => seen.headers.table === 't_user')!
    expect(user.headers).toMatchObject({ format: 'csv', columns: LOAD.columns, column_separator: '\\x01' })
    const mark = c.loads.at(-1)!
    expect(mark.headers).toMatchObject({ table: '_sync_position', format: 'json', strip_outer_array: 'true' })
    expect(JSON.parse(Buffer.from(mark.body, 'latin1').toString('utf8'))).toEqual([
      {
        task: 'größe',
        epoch: 7,
        bin_name: 'b.000001',
        bin_pos: 99,
        gtid_set: 'u:1-9',
        server_uuid: 'u',
        start_bin_name: 'b.000001',
        start_bin_pos: 4,
        start_gtid_set: 'u:1-5',
        start_server_uuid: 'u',
        databases: '["demo","other"]',
        label: 'e-7',
        applied_at: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/),
      },
    ])
  })

  test('a label in use is labelTaken', async () => {
    const taken = {
      Status: 'LABEL_ALREADY_EXISTS',
      ExistingJobStatus: 'FINISHED',
      Message: 'Label [e] has already been used.',
    }
    const c = await clusters.start({ begin: [taken] })
    expect(await rejectionOf(c.sink.begin('demo', 'e', NEVER))).toMatchObject({ kind: 'labelTaken' })
    expect(c.ops).toEqual(['state', 'begin'])
  })

  test.each(['PREPARE', 'COMMITTED', 'VISIBLE', 'ABORTED'])(
    'so is one that is %s, whatever a begin would say',
    async name => {
      const c = await clusters.start({ state: [state(name)] })
      expect(await rejectionOf(c.sink.begin('demo', 'e', NEVER))).toMatchObject({ kind: 'labelTaken' })
      expect(c.ops).toEqual(['state'])
    },
  )

  test('a label that another transaction took meanwhile: its state says nothing of this one', async () => {
    const { done } = await commitWith([failed('Label [e] has already been used.')], [state('VISIBLE')])
    expect(await rejectionOf(done)).toMatchObject({ kind: 'labelTaken' })
  })

  test('whether it was used cannot be known', async () => {
    const lost = await clusters.start({ state: [cut] })
    expect(await rejectionOf(lost.sink.begin('demo', 'e', NEVER))).toMatchObject({ kind: 'targetUnreachable' })
    const denied = await clusters.start({ state: [exchange => exchange.answer(401, '')] })
    expect(await rejectionOf(denied.sink.begin('demo', 'e', NEVER))).toMatchObject({ kind: 'targetDenied' })
  })

  test('a begin without an answer is rolled back', async () => {
    const c = await clusters.start({ begin: [cut] })
    expect(await rejectionOf(c.sink.begin('demo', 'e', NEVER))).toMatchObject({ kind: 'targetUnreachable' })
    expect(c.ops).toEqual(['state', 'begin', 'rollback'])
  })

  test('another request in process: tried again, and not for ever', async () => {
    const busy = { Status: 'TXN_IN_PROCESSING', Message: 'Transaction is in processing' }
    const c = await clusters.start({ load: [busy, busy, OK, busy] })
    const transaction = await c.sink.begin('demo', 'e', NEVER)
    await transaction.load(LOAD, NEVER)
    expect(c.loads.map(seen => seen.bodyBytes)).toEqual([LOAD.bytes, LOAD.bytes, LOAD.bytes])
    expect(await rejectionOf(transaction.load(LOAD, NEVER))).toMatchObject({ kind: 'targetBusy' })
  })
})

describe('what would be mixed up is not sent', () => {
  test.each([
    ['other columns', csvLoad(['1\x02'], { columns: '`id`' })],
    ['another format', csvLoad(['[{"id":1}]'], { format: 'json' })],
    ['another database', csvLoad(['1\x02'], { target: { ...TARGET, database: 'elsewhere' } })],
  ])('%s', async (_name, second) => {
    const c = await clusters.start({})
    const transaction = await c.sink.begin('demo', 'e', NEVER)
    await transaction.load(LOAD, NEVER)
    expect(await rejectionOf(transaction.load(second, NEVER))).toMatchObject({ kind: 'internal' })
    expect(c.loads).toHaveLength(1)
    expect(await rejectionOf(transaction.commit(MARK, NEVER))).toMatchObject({ kind: 'internal' })
    expect(c.requests('commit')).toHaveLength(0)
  })

  test('two loads of one table at once', async () => {
    const c = await clusters.start({})
    const transaction = await c.sink.begin('demo', 'e', NEVER)
    const first = transaction.load(LOAD, NEVER)
    expect(await rejectionOf(transaction.load(LOAD, NEVER))).toMatchObject({ kind: 'internal' })
    await first
  })

  test('column names that an FE would read as others', async () => {
    const c = await clusters.start({})
    const transaction = await c.sink.begin('demo', 'e', NEVER)
    const failure = await rejectionOf(transaction.load(csvLoad(['1\x02'], { columns: '`größe`' }), NEVER))
    expect(failure).toMatchObject({ kind: 'targetUnfit', advice: expect.stringMatching(/labels/) })
    expect(c.loads).toHaveLength(0)
  })
})

describe('loads that fail', () => {
  test.each<[string, Reply, string]>([
    ['rows', { Status: 'INTERNAL_ERROR', Message: 'too many filtered rows' }, 'rowRejected'],
    ['a lost answer', cut, 'targetUnreachable'],
    ['garbage', 'zzz{', 'targetUnreachable'],
    ['a success of another interface', { Status: 'Success' }, 'targetUnreachable'],
    ['too many versions', failed('too many versions, current/limit: 1001/1000'), 'targetBusy'],
    ['no memory', { Status: 'MEM_LIMIT_EXCEEDED', Message: 'x' }, 'targetBusy'],
    ['an ended transaction', { Status: 'ABORTED', Message: 'current transaction is aborted' }, 'targetBusy'],
    ['no privilege', failed('Access denied; you need the INSERT privilege'), 'targetDenied'],
    ['no table', { Status: 'ANALYSIS_ERROR', Message: 'unknown table' }, 'loadRejected'],
  ])('%s', async (_name, reply, kind) => {
    const c = await clusters.start({ load: [reply] })
    const transaction = await c.sink.begin('demo', 'e', NEVER)
    expect(await rejectionOf(transaction.load(LOAD, NEVER))).toMatchObject({ kind })
    expect(c.loads).toHaveLength(1)
    await transaction.rollback()
    expect(c.requests('rollback')).toHaveLength(1)
  })

  test.each<[Reply]>([
    [{ Status: 'TXN_NOT_EXISTS', Message: 'Transaction with label e not exists' }],
    [failed('class com.starrocks.common.StarRocksException: stream load task e does not exist')],
    [failed('transaction with op load label e has no backend')],
  ])('a leader that forgot the transaction: %j', async reply => {
    const c = await clusters.start({ load: [reply] })
    const transaction = await c.sink.begin('demo', 'e', NEVER)
    const failure = await rejectionOf(transaction.load(LOAD, NEVER))
    expect(failure).toMatchObject({ kind: 'targetUnreachable', message: expect.stringMatching(/leader FE forgot/) })
  })

  test('a dead BE', async () => {
    const port = await closedPort()
    const fe = await clusters.node(exchange =>
      opOf(exchange.seen) === 'load'
        ? exchange.redirect(`http://127.0.0.1:${port}${exchange.seen.path}`)
        : exchange.answer(200, JSON.stringify(opOf(exchange.seen) === 'state' ? state('UNKNOWN') : OK)),
    )
    const sink = clusters.sink({ frontends: [{ host: '127.0.0.1', queryPort: 9, httpPort: fe.port }] })
    const transaction = await sink.begin('demo', 'e', NEVER)
    expect(await rejectionOf(transaction.load(LOAD, NEVER))).toMatchObject({ kind: 'targetUnreachable' })
  })
})

/** Commits a transaction of one load; the FE's answers as given. */
async function commitWith(commit: readonly Reply[], states: readonly Reply[], addressMap: Record<string, string> = {}) {
  const c = await clusters.start(
    { commit, state: [state('UNKNOWN'), ...states] },
    { addressMap, loadTimeoutMs: 40, answerGraceMs: 5000 },
  )
  const transaction = await c.sink.begin('demo', 'e', NEVER)
  await transaction.load(LOAD, NEVER)
  return { c, transaction, done: transaction.commit(MARK, NEVER) }
}

describe('commits that are done', () => {
  test.each<[string, Reply, readonly Reply[]]>([
    ['the answer is lost', cut, [state('VISIBLE')]],
    ['publish timeout', failed('publish timeout: 20000, transactionId=7'), [state('COMMITTED'), state('VISIBLE')]],
    ['not visible within the load time-out', OK, [state('COMMITTED')]],
    ['garbage', '<html>', [state('VISIBLE')]],
    ['a refusal that the state contradicts', failed('stream load task e does not exist'), [state('VISIBLE')]],
    [
      'it was committed before',
      { Status: 'OK', Message: 'Transaction 7 has already committed, label is e' },
      [state('VISIBLE')],
    ],
  ])('%s', async (_name, reply, states) => {
    const { c, done } = await commitWith([reply], states)
    await done
    expect(c.requests('commit')).toHaveLength(1)
  })
})

describe('commits that are not done', () => {
  test.each<[string, Reply, Reply, string]>([
    ['OK, and aborted', OK, state('ABORTED'), 'loadUnknown'],
    ['OK, and nothing known', OK, state('UNKNOWN'), 'loadUnknown'],
    ['OK, and aborted for its rows', OK, state('ABORTED', ABNORMAL), 'rowRejected'],
    ['OK, and aborted for too many versions', OK, state('ABORTED', 'too many versions'), 'targetBusy'],
    ['lost, and nothing known', cut, state('UNKNOWN'), 'loadUnknown'],
    ['committing already', failed('Transaction 7 is already committing, label is e'), state('UNKNOWN'), 'loadUnknown'],
    ['lost, and no state', cut, '<html>', 'loadUnknown'],
    ['OK, and no state', OK, '<html>', 'loadUnknown'],
    ['lost, and aborted for its rows', cut, state('ABORTED', ABNORMAL), 'rowRejected'],
    ['rows', failed(ABNORMAL), state('UNKNOWN'), 'rowRejected'],
    ['rows, in the old words', failed('too many filtered rows'), state('ABORTED'), 'rowRejected'],
    [
      'over a limit',
      failed('current running txns on db 1 is 1000, larger than limit 1000'),
      state('UNKNOWN'),
      'targetBusy',
    ],
    ['no BE', failed('No backend alive.'), state('UNKNOWN'), 'targetUnreachable'],
    ['forgotten', failed('stream load task e does not exist'), state('UNKNOWN'), 'targetUnreachable'],
    ['no privilege', failed('Access denied'), state('UNKNOWN'), 'targetDenied'],
    ['something else', failed('No rows were imported from upstream.'), state('UNKNOWN'), 'loadRejected'],
  ])('%s', async (_name, reply, label, kind) => {
    const { c, transaction, done } = await commitWith([reply], [label])
    expect(await rejectionOf(done)).toMatchObject({ kind })
    await transaction.rollback()
    expect(c.requests('rollback')).toHaveLength(1)
  })

  test('rejected rows: the reason is read where tracking_url says', async () => {
    const logs = await clusters.node(exchange =>
      exchange.answer(200, "Error: String 'abcdef'(length=6) is too long. The max length of 'name' is 5. Row: [1]\n"),
    )
    const map = { '10.9.8.7:8040': logs.address }
    const { done } = await commitWith([failed(ABNORMAL)], [state('UNKNOWN')], map)
    const failure = await rejectionOf(done)
    expect(failure.message).toMatch(/^demo, transaction e: StarRocks rejected rows because of column name: String/)
    expect(logs.seen[0]!.path).toBe('/api/_load_error_log?file=e_1')
    expect(logs.seen[0]!.headers.authorization).toBeUndefined()
  })

  test('401 is targetDenied', async () => {
    const { done } = await commitWith([exchange => exchange.answer(401, '')], [exchange => exchange.answer(401, '')])
    expect(await rejectionOf(done)).toMatchObject({ kind: 'targetDenied' })
  })

  test('stopping ends the wait', async () => {
    const stop = new AbortController()
    const c = await clusters.start({
      state: [
        state('UNKNOWN'),
        exchange => {
          exchange.answer(200, JSON.stringify(state('PREPARE')))
          stop.abort()
        },
      ],
    })
    const transaction = await c.sink.begin('demo', 'e', NEVER)
    expect(await rejectionOf(transaction.commit(MARK, stop.signal))).toMatchObject({ kind: 'loadUnknown' })
  })
})
