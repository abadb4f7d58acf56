import { afterEach, expect, test } from '@jest/globals'
import { rejectionOf } from '../support/failure-of.js'
import { closedPort, type Exchange } from '../support/stream-load-server.js'
import { failed, OK, opOf, type Reply, state, TransactionClusters } from '../support/transaction-cluster.js'
import { csvLoad, TARGET } from './fixtures.js'

const clusters = new TransactionClusters()
afterEach(() => clusters.end())

const NEVER = new AbortController().signal
const LOAD = csvLoad(['1\x01ann\x010\x02', '2\x01bob\x010\x02'])
const cut = (exchange: Exchange) => exchange.cut()
const FILTERED = { Status: 'INTERNAL_ERROR', Message: 'too many filtered rows', NumberFilteredRows: 1 }

test('accepted rows: a single-table transaction is prepared and rolled back', async () => {
  const c = await clusters.start({})
  expect(await c.sink.dryRun(LOAD, NEVER)).toBeNull()
  expect(c.ops).toEqual(['begin', 'load', 'prepare', 'rollback'])
  const [begin] = c.requests('begin')
  expect(begin!.headers).toMatchObject({ db: 'demo', table: 't_user', timeout: '60' })
  for (const seen of [...c.fe.seen, ...c.loads]) {
    expect(seen.headers.transaction_type).toBeUndefined()
    expect(seen.headers.label).toBe(begin!.headers.label)
  }
  expect(c.requests('prepare')[0]!.headers).toMatchObject({ prepared_timeout: '60' })
  expect(c.loads[0]).toMatchObject({ body: '1\x01ann\x010\x022\x01bob\x010\x02' })
  expect(c.loads[0]!.headers).toMatchObject({ strict_mode: 'true', max_filter_ratio: '0', columns: LOAD.columns })
})

test('labels are new each time, legal, and not the load’s own', async () => {
  const c = await clusters.start({})
  const load = { ...LOAD, label: 'l'.repeat(128) }
  await c.sink.dryRun(load, NEVER)
  await c.sink.dryRun(load, NEVER)
  const labels = c.requests('begin').map(seen => seen.headers.label as string)
  expect(new Set(labels).size).toBe(2)
  for (const label of labels) expect(label).toMatch(/^l{100,}_dry_[0-9a-f]{16}$/)
  for (const label of labels) expect(label).toHaveLength(128)
})

test.each([
  ['prepare', { prepare: [FILTERED] }],
  ['load', { load: [FILTERED] }],
])('rejected rows at %s: the reason names the column', async (_step, replies: Record<string, readonly Reply[]>) => {
  const logs = await clusters.node(exchange =>
    exchange.answer(200, "Error: String 'abcdef'(length=6) is too long. The max length of 'name' is 5. Row: [1]\n"),
  )
  const [[op, [fields]]] = Object.entries(replies) as [[string, [object]]]
  const ErrorURL = `http://${logs.address}/api/_load_error_log?file=e`
  const c = await clusters.start({ [op]: [{ ...fields, ErrorURL }] })
  expect(await c.sink.dryRun(LOAD, NEVER)).toMatch(
    /^StarRocks rejected 1 of 2 rows because of column name: String 'abcdef'/,
  )
  expect(c.ops.at(-1)).toBe('rollback')
})

test.each<[string, Record<string, readonly Reply[]>, string]>([
  ['a lost answer to the load', { load: [cut] }, 'targetUnreachable'],
  ['a lost answer to the prepare', { prepare: [cut] }, 'targetUnreachable'],
  ['garbage', { prepare: ['{'] }, 'targetUnreachable'],
  ['a limit', { begin: [failed('current running txns on db 1 is 1000, larger than limit 1000')] }, 'targetBusy'],
  ['no table', { load: [failed('unknown table "demo.t_user"')] }, 'loadRejected'],
  ['no privilege', { begin: [exchange => exchange.answer(401, '')] }, 'targetDenied'],
])('%s: no verdict, and a rollback', async (_name, replies, kind) => {
  const c = await clusters.start(replies)
  expect(await rejectionOf(c.sink.dryRun(LOAD, NEVER))).toMatchObject({ kind })
  expect(c.ops.at(-1)).toBe('rollback')
})

test('a rollback that is lost is sent again; stopping does not prevent it', async () => {
  const stop = new AbortController()
  const c = await clusters.start({
    prepare: [
      exchange => {
        exchange.answer(200, JSON.stringify(OK))
        stop.abort()
      },
    ],
    rollback: [cut, cut, OK],
  })
  await c.sink.dryRun(LOAD, stop.signal).catch(() => undefined)
  expect(c.requests('rollback')).toHaveLength(3)
})

test('nothing is committed, whatever is answered', async () => {
  const replies: Reply[] = [
    OK,
    cut,
    '{',
    FILTERED,
    failed('x'),
    state('PREPARED'),
    { Status: 'TXN_IN_PROCESSING', Message: '' },
  ]
  for (const op of ['begin', 'load', 'prepare', 'rollback'] as const)
    for (const reply of replies) {
      const c = await clusters.start({ [op]: [reply, OK] }, { loadTimeoutMs: 5 })
      await c.sink.dryRun({ ...LOAD, target: TARGET }, NEVER).catch(() => undefined)
      expect(c.ops).not.toContain('commit')
      expect(c.ops).toContain('rollback')
      for (const seen of c.fe.seen) expect(seen.path).not.toMatch(/_stream_load/)
      await clusters.end()
    }
})

test('BEs given directly: the BE takes all, the FE ends what is prepared', async () => {
  const ops: string[] = []
  const be = await clusters.node(async exchange => {
    const op = opOf(exchange.seen)
    ops.push(op)
    await exchange.readBody()
    const gone = { Status: 'TXN_NOT_EXISTS', Message: 'transaction with label l not exists' }
    exchange.answer(200, JSON.stringify(op === 'rollback' ? gone : OK))
  })
  const c = await clusters.start({})
  const frontends = [{ host: '127.0.0.1', queryPort: 9, httpPort: c.fe.port }]
  const backends = [`127.0.0.1:${await closedPort()}`, be.address]
  const sink = clusters.sink({ frontends, backends })
  expect(await sink.dryRun(LOAD, NEVER)).toBeNull()
  expect(ops).toEqual(['begin', 'load', 'prepare', 'rollback'])
  expect(c.ops).toEqual(['rollback'])
  expect(new Set([...be.seen, ...c.fe.seen].map(seen => seen.headers.label)).size).toBe(1)
})
