import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import type { Sandbox } from '../../lib/sandbox/sandbox.js'
import type { StarRocksSinkOptions } from '../../lib/starrocks/starrocks-sink.js'
import { rejectionOf } from '../support/failure-of.js'
import { memorySandbox } from '../support/memory-sandbox.js'
import { closedPort, type Exchange } from '../support/stream-load-server.js'
import { failed, OK, type Op, opOf, type Reply, state, TransactionClusters } from '../support/transaction-cluster.js'

const clusters = new TransactionClusters()
const NEVER = new AbortController().signal
const VISIBLE = { state: [state('VISIBLE')] }
const cut = (exchange: Exchange) => exchange.cut()
const TASK = 'task'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await memorySandbox({ user: 'sync', password: 'se:cret@1', emulatedVersion: '4.0.7' })
})
afterAll(() => sandbox.close())
afterEach(() => clusters.end())

/** Statements go to the sandbox, loads and transactions to scripted nodes. */
async function cluster(replies: Partial<Record<Op, readonly Reply[]>>, more: Partial<StarRocksSinkOptions> = {}) {
  const scripted = await clusters.start(replies)
  const frontends = [{ host: '127.0.0.1', queryPort: sandbox.mysqlPort, httpPort: scripted.fe.port }]
  return { scripted, sink: clusters.sink({ frontends, ...more }) }
}

describe('what is tried', () => {
  test('the table of marks is made; one transaction a database deletes a row that does not exist', async () => {
    const { scripted, sink } = await cluster(VISIBLE)
    expect(await sink.lacksTransactions(['p1', 'p2'], TASK, NEVER)).toBeNull()
    expect(scripted.ops).toEqual(['begin', 'load', 'commit', 'state', 'begin', 'load', 'commit', 'state'])
    const bodies = scripted.loads.map(seen => JSON.parse(seen.body)[0])
    expect(bodies).toEqual([1, 2].map(() => ({ task: expect.stringMatching(/^probe_/), epoch: 0, __op: 1 })))
    expect(scripted.loads.map(seen => seen.headers.db)).toEqual(['p1', 'p2'])
    expect(await sink.readMarks(['p1', 'p2'], TASK)).toEqual(new Map())
  })

  test('labels and task names are new each time', async () => {
    const { scripted, sink } = await cluster(VISIBLE)
    for (let i = 0; i < 2; i += 1) await sink.lacksTransactions(['p1'], TASK, NEVER)
    expect(new Set(scripted.requests('begin').map(seen => seen.headers.label)).size).toBe(2)
    expect(new Set(scripted.loads.map(seen => seen.body)).size).toBe(2)
  })
})

describe('why not', () => {
  test('the version; an explicit minimum is obeyed', async () => {
    const { scripted, sink } = await cluster(VISIBLE)
    expect(await sink.lacksTransactions(['p1'], TASK, NEVER, '4.1.0')).toMatch(
      /^StarRocks 4\.0\.7\S* is older than 4\.1\.0$/,
    )
    expect(scripted.ops).toEqual([])
    expect(await sink.lacksTransactions(['p1'], TASK, NEVER, '4.0.0')).toBeNull()
  })

  test('a task name that does not fit', async () => {
    const { sink } = await cluster(VISIBLE)
    expect(await sink.lacksTransactions(['p1'], 'ö'.repeat(33), NEVER)).toMatch(/longer than 64 bytes/)
    expect(await sink.lacksTransactions(['p1'], 'ö'.repeat(32), NEVER)).toBeNull()
  })

  test('a missing table that may not be made: the sentence has the statement', async () => {
    const { scripted, sink } = await cluster(VISIBLE, { autoCreate: false })
    const why = await sink.lacksTransactions(['unmade'], TASK, NEVER)
    expect(why).toMatch(/unmade\._sync_position does not exist/)
    expect(why).toMatch(/CREATE TABLE IF NOT EXISTS `unmade`\.`_sync_position` \(\n {2}`task` VARCHAR\(64\) NOT NULL/)
    expect(why).toMatch(/PRIMARY KEY \(`task`\)/)
    expect(scripted.ops).toEqual([])
  })

  test.each<[string, Partial<Record<Op, readonly Reply[]>>, RegExp]>([
    ['begin is refused', { begin: [failed('Unsupported operation: TXN_BEGIN')] }, /Unsupported operation/],
    ['a load is refused', { load: [failed('unknown table "p1._sync_position"')] }, /unknown table/],
    ['there is no such interface', { begin: [exchange => exchange.answer(404, 'Not Found')] }, /HTTP 404/],
    ['no privilege', { begin: [failed('Access denied; you need the INSERT privilege')] }, /Access denied/],
    ['commit is refused', { commit: [failed('No rows were imported from upstream.')] }, /No rows were imported/],
    ['commit says OK and nothing is there', { commit: [OK] }, /answered OK to its commit and kept nothing/],
    ['commit says OK and it was aborted', { commit: [OK], state: [state('ABORTED', 'hm')] }, /aborted: hm/],
  ])('%s', async (_name, replies, why) => {
    const { scripted, sink } = await cluster(replies)
    expect(await sink.lacksTransactions(['p1', 'p2'], TASK, NEVER)).toMatch(why)
    expect(scripted.requests('begin')).toHaveLength(1)
  })

  test('BEs given directly, and FEs that redirect to where nobody listens', async () => {
    const port = await closedPort()
    const fe = await clusters.node(exchange =>
      opOf(exchange.seen) === 'load'
        ? exchange.redirect(`http://127.0.0.1:${port}${exchange.seen.path}`)
        : exchange.answer(200, JSON.stringify(OK)),
    )
    const frontends = [{ host: '127.0.0.1', queryPort: sandbox.mysqlPort, httpPort: fe.port }]
    const direct = clusters.sink({ frontends, backends: ['127.0.0.1:1'] })
    expect(await direct.lacksTransactions(['p1'], TASK, NEVER)).toMatch(/sr_be_address_map/)
    const through = clusters.sink({ frontends })
    expect(await rejectionOf(through.lacksTransactions(['p1'], TASK, NEVER))).toMatchObject({
      kind: 'targetUnreachable',
    })
  })
})

describe('what passes is no answer', () => {
  test.each<[string, Partial<Record<Op, readonly Reply[]>>, string]>([
    ['a limit', { begin: [failed('current running txns on db 1 is 1000, larger than limit 1000')] }, 'targetBusy'],
    ['no BE', { load: [failed('No backend alive.')] }, 'targetUnreachable'],
    ['a lost commit', { commit: [cut] }, 'loadUnknown'],
    ['a lost state', { state: [cut] }, 'loadUnknown'],
    ['a leader change', { commit: [failed('stream load task l does not exist')] }, 'targetUnreachable'],
    ['too many versions', { state: [state('ABORTED', 'too many versions')] }, 'targetBusy'],
  ])('%s', async (_name, replies, kind) => {
    const { scripted, sink } = await cluster(replies)
    const failure = await rejectionOf(sink.lacksTransactions(['p1'], TASK, NEVER))
    expect(failure).toMatchObject({ kind, retriable: true })
    if (!('begin' in replies)) expect(scripted.ops).toContain('rollback')
  })

  test('a query port that is closed', async () => {
    const frontends = [{ host: '127.0.0.1', queryPort: await closedPort(), httpPort: 9 }]
    const sink = clusters.sink({ frontends })
    expect(await rejectionOf(sink.lacksTransactions(['p1'], TASK, NEVER))).toMatchObject({ kind: 'targetUnreachable' })
  })
})
