import { afterEach, describe, expect, test } from '@jest/globals'
import { rejectionOf } from '../support/failure-of.js'
import { closedPort, type Exchange } from '../support/stream-load-server.js'
import { failed, OK, type Reply, state, TransactionClusters } from '../support/transaction-cluster.js'

const clusters = new TransactionClusters()
afterEach(() => clusters.end())

const NEVER = new AbortController().signal
const cut = (exchange: Exchange) => exchange.cut()

describe('a transaction left behind', () => {
  test.each<[string, readonly Reply[], Reply, string]>([
    ['was open', [{ Status: 'OK', Message: 'stream load e abort' }], state('UNKNOWN'), 'absent'],
    ['was aborted', [{ Status: 'OK', Message: 'Transaction 7 has already aborted' }], state('ABORTED'), 'aborted'],
    ['was committed', [failed('Can not abort VISIBLE transaction 7, label is e')], state('VISIBLE'), 'committed'],
    ['is not known', [failed('stream load task e does not exist')], state('UNKNOWN'), 'absent'],
    ['is known by its label only', [failed('stream load task e does not exist')], state('VISIBLE'), 'committed'],
    [
      'has no database',
      [failed('unknown database, database=demo')],
      failed('unknown database, database=demo'),
      'absent',
    ],
  ])('%s', async (_name, rollback, label, outcome) => {
    const c = await clusters.start({ rollback, state: [label] }, { loadTimeoutMs: 20 })
    expect(await c.sink.settleTransaction('demo', 'e', NEVER)).toBe(outcome)
    expect(c.ops[0]).toBe('rollback')
    expect(c.ops.at(-1)).toBe('state')
    expect(c.fe.seen[0]!.headers).toMatchObject({ db: 'demo', label: 'e', transaction_type: 'multi' })
  })

  test('is being committed: waited for', async () => {
    const committing = failed('Can not abort transaction 7 during committing, label is e')
    const visible = failed('Can not abort VISIBLE transaction 7, label is e')
    const c = await clusters.start({ rollback: [committing, committing, visible], state: [state('VISIBLE')] })
    expect(await c.sink.settleTransaction('demo', 'e', NEVER)).toBe('committed')
    expect(c.ops).toEqual(['rollback', 'rollback', 'rollback', 'state'])
  })

  test.each([
    ['stream load e abort initiated, rollback pending (background retry will continue), label is e, txnId is 7'],
    ['Transaction 7 abort is already in progress, label is e. Background retry will continue.'],
  ])('an OK that settles nothing is not believed: %s', async Message => {
    const visible = failed('Can not abort VISIBLE transaction 7, label is e')
    const c = await clusters.start({ rollback: [{ Status: 'OK', Message }, visible], state: [state('VISIBLE')] })
    expect(await c.sink.settleTransaction('demo', 'e', NEVER)).toBe('committed')
    expect(c.ops).toEqual(['rollback', 'rollback', 'state'])
  })

  test('is being committed for longer than a load may take', async () => {
    const c = await clusters.start(
      { rollback: [failed('Can not abort transaction 7 during committing, label is e')], state: [state('UNKNOWN')] },
      { loadTimeoutMs: 20 },
    )
    expect(await rejectionOf(c.sink.settleTransaction('demo', 'e', NEVER))).toMatchObject({ kind: 'loadUnknown' })
    expect(c.requests('state')).toHaveLength(0)
  })

  test.each<[string, Reply, string]>([
    ['no answer', cut, 'loadUnknown'],
    ['garbage', '{{', 'loadUnknown'],
    ['401', exchange => exchange.answer(401, ''), 'targetDenied'],
  ])('%s to the rollback: nobody can tell', async (_name, rollback, kind) => {
    const c = await clusters.start({ rollback: [rollback], state: [state('UNKNOWN')] })
    expect(await rejectionOf(c.sink.settleTransaction('demo', 'e', NEVER))).toMatchObject({ kind })
    expect(c.requests('state')).toHaveLength(0)
  })

  test('an answer that was lost is asked for again', async () => {
    const c = await clusters.start({ rollback: [cut, OK], state: [state('ABORTED')] })
    expect(await c.sink.settleTransaction('demo', 'e', NEVER)).toBe('aborted')
  })

  test('a rollback of the engine itself waits for a commit under way, and never rejects', async () => {
    const committing = failed('Can not abort transaction 7 during committing, label is e')
    const c = await clusters.start({ rollback: [committing, OK] })
    await (await c.sink.begin('demo', 'e', NEVER)).rollback()
    expect(c.requests('rollback')).toHaveLength(2)
    const lost = await clusters.start({ rollback: [cut] })
    await (await lost.sink.begin('demo', 'e', NEVER)).rollback()
    expect(lost.requests('rollback').length).toBeGreaterThan(1)
  })
})

describe('labels of single loads', () => {
  test.each([
    [['PREPARE', 'COMMITTED', 'VISIBLE'], 'committed'],
    [['PREPARED', 'ABORTED'], 'aborted'],
    [['UNKNOWN'], 'absent'],
  ])('%j', async (states, outcome) => {
    const c = await clusters.start({ state: states.map(name => state(name)) })
    expect(await c.sink.settleLabel('demo', 'l', NEVER)).toBe(outcome)
    expect(c.ops).toEqual(states.map(() => 'state'))
  })

  test('nobody can tell', async () => {
    const sink = clusters.sink({ frontends: [{ host: '127.0.0.1', queryPort: 9, httpPort: await closedPort() }] })
    expect(await rejectionOf(sink.settleLabel('demo', 'l', NEVER))).toMatchObject({ kind: 'loadUnknown' })
  })
})

describe('ways to the leader', () => {
  test('a follower redirects every request; POST stays POST and credentials go along', async () => {
    const c = await clusters.start({ state: [state('UNKNOWN'), state('VISIBLE')] })
    const follower = await clusters.node(exchange =>
      exchange.redirect(`http://x:y@${c.fe.address}${exchange.seen.path}`),
    )
    const sink = clusters.sink({ frontends: [{ host: '127.0.0.1', queryPort: 9, httpPort: follower.port }] })
    const transaction = await sink.begin('demo', 'e', NEVER)
    await transaction.rollback()
    expect(await sink.settleTransaction('demo', 'e', NEVER)).toBe('committed')
    expect(c.fe.seen.map(seen => seen.method)).toEqual(['GET', 'POST', 'POST', 'POST', 'GET'])
    const authorization = `Basic ${Buffer.from('sync:se:cret@1').toString('base64')}`
    for (const seen of c.fe.seen) expect(seen.headers).toMatchObject({ authorization })
    for (const seen of c.fe.seen.slice(1, 4)) expect(seen.headers).toMatchObject({ db: 'demo', label: 'e' })
  })

  test('a dead FE, and one that is not the leader, are passed over', async () => {
    const c = await clusters.start({})
    const lost = await clusters.node(exchange =>
      exchange.answer(200, JSON.stringify(failed('current fe is not master'))),
    )
    const ports = [await closedPort(), lost.port, c.fe.port]
    const sink = clusters.sink({ frontends: ports.map(httpPort => ({ host: '127.0.0.1', queryPort: 9, httpPort })) })
    await sink.begin('demo', 'e', NEVER)
    expect(c.ops).toEqual(['state', 'begin'])
    expect(lost.seen).toHaveLength(1)
  })

  test('redirects without end, and to another scheme', async () => {
    const loop = await clusters.node(exchange => exchange.redirect(exchange.seen.path))
    const sink = clusters.sink({ frontends: [{ host: '127.0.0.1', queryPort: 9, httpPort: loop.port }] })
    expect(await rejectionOf(sink.begin('demo', 'e', NEVER))).toMatchObject({ kind: 'targetUnreachable' })
    expect(loop.seen).toHaveLength(5)
    const secure = await clusters.node(exchange => exchange.redirect('https://127.0.0.1/'))
    const other = clusters.sink({ frontends: [{ host: '127.0.0.1', queryPort: 9, httpPort: secure.port }] })
    expect(await rejectionOf(other.begin('demo', 'e', NEVER))).toMatchObject({ kind: 'targetUnfit' })
  })

  test('an FE that does not answer a begin within its time', async () => {
    const slow = await clusters.node(() => undefined)
    const frontends = [{ host: '127.0.0.1', queryPort: 9, httpPort: slow.port }]
    const sink = clusters.sink({ frontends, redirectTimeoutMs: 20 })
    expect(await rejectionOf(sink.begin('demo', 'e', NEVER))).toMatchObject({ kind: 'targetUnreachable' })
  })
})
