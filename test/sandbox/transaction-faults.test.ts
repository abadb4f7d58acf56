import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { FaultOp } from '../../lib/sandbox/fault-names.js'
import type { Sandbox } from '../../lib/sandbox/sandbox.js'
import { loadState, makeTable, openSandbox, rowsOf, streamLoad } from './stream-load-client.js'
import { TransactionClient, type TransactionOp } from './transaction-client.js'

const KEYED = '(id int NOT NULL, v varchar(10)) PRIMARY KEY (id) DISTRIBUTED BY HASH(id)'
let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await openSandbox({ emulatedVersion: '4.1.0' })
})
afterAll(() => sandbox.close())

let tests = 0
let label = ''
let table = ''
let multi: TransactionClient
let single: TransactionClient
beforeEach(async () => {
  sandbox.faults.clear()
  tests++
  ;[label, table] = [`f${tests}`, `t${tests}`]
  await makeTable(sandbox, `${table} ${KEYED}`)
  multi = new TransactionClient(sandbox, { label, transaction_type: 'multi' })
  single = new TransactionClient(sandbox, { label, table })
})

const ONE = [['1', 'a']]
const stateOf = async () => (await loadState(sandbox, label)).state
const kinds = () => [['multi', multi] as const, ['single', single] as const]

async function upTo(client: TransactionClient, ...ops: TransactionOp[]): Promise<void> {
  for (const op of ops) {
    const { reply } = await client.run(op, { table }, op === 'load' ? '1\ta\n' : '')
    expect([op, reply.Status]).toEqual([op, 'OK'])
  }
}

/** Resolves when the fault has struck (again); the request it struck runs on. */
async function struck(name: Parameters<Sandbox['faults']['struck']>[0], before: number): Promise<void> {
  while (sandbox.faults.struck(name) === before) await new Promise(resolve => setTimeout(resolve, 1))
}

describe('an answer that is lost', () => {
  test('of a commit at the FE: several tables, or prepared', async () => {
    await upTo(multi, 'begin', 'load')
    sandbox.faults.set({ answerLost: 1 })
    await expect(multi.run('commit')).rejects.toThrow()
    expect([await stateOf(), await rowsOf(sandbox, table)]).toEqual(['VISIBLE', ONE])
    expect((await multi.run('commit')).reply.Message).toMatch(/has already committed/)

    label = `${label}p`
    const prepared = new TransactionClient(sandbox, { label, table })
    await upTo(prepared, 'begin', 'load', 'prepare')
    sandbox.faults.set({ answerLost: 1 })
    await expect(prepared.run('commit')).rejects.toThrow()
    expect((await prepared.run('commit')).reply.Message).toMatch(/has already committed/)
  })

  test('of a one-phase commit at the BE', async () => {
    await upTo(single, 'begin', 'load')
    sandbox.faults.set({ answerLost: 1 })
    await expect(single.run('commit')).rejects.toThrow()
    expect([await stateOf(), await rowsOf(sandbox, table)]).toEqual(['VISIBLE', ONE])
  })

  test.each<[FaultOp & TransactionOp, string]>([
    ['begin', 'UNKNOWN'],
    ['load', 'UNKNOWN'],
    ['rollback', 'UNKNOWN'],
  ])('of %s: it has been done', async (op, state) => {
    if (op !== 'begin') await upTo(multi, 'begin')
    if (op === 'rollback') await upTo(multi, 'load')
    sandbox.faults.set({ answerLost: { op, times: 1 } })
    await expect(multi.run(op, { table }, op === 'load' ? '1\ta\n' : '')).rejects.toThrow()
    expect(await stateOf()).toBe(state)
    if (op === 'begin') expect((await multi.run('begin')).reply.Status).toBe('LABEL_ALREADY_EXISTS')
    if (op === 'rollback') expect((await multi.run('rollback')).reply.Message).toMatch(/has already aborted/)
    if (op === 'load') {
      await upTo(multi, 'commit')
      expect(await rowsOf(sandbox, table)).toEqual(ONE)
    }
  })

  test('garbage instead of it', async () => {
    await upTo(multi, 'begin', 'load')
    sandbox.faults.set({ garbageReply: 1 })
    await expect(multi.run('commit')).rejects.toThrow('is not valid JSON')
    expect(await stateOf()).toBe('VISIBLE')
    sandbox.faults.set({ garbageReply: { op: 'state', times: 1 } })
    await expect(stateOf()).rejects.toThrow('is not valid JSON')
  })
})

test('a commit that says OK and has rolled back', async () => {
  await upTo(multi, 'begin', 'load')
  sandbox.faults.set({ commitOkButAborted: 1 })
  expect((await multi.run('commit')).reply).toMatchObject({ Status: 'OK', Label: label })
  expect([await stateOf(), await rowsOf(sandbox, table)]).toEqual(['ABORTED', []])
  expect((await multi.run('commit')).reply.Message).toMatch(/^Can not commit CANCELLED/)
})

test('before 4.0.7 it even says so again', async () => {
  const early = await openSandbox({ emulatedVersion: '4.0.3', faults: { commitOkButAborted: 1 } })
  try {
    await makeTable(early, `t ${KEYED}`)
    const client = new TransactionClient(early, { label, transaction_type: 'multi' })
    await client.run('begin')
    await client.load('t', '1\ta\n')
    expect((await client.run('commit')).reply.Status).toBe('OK')
    expect((await client.run('commit')).reply.Message).toMatch(/has already committed/)
    expect(await loadState(early, label)).toMatchObject({ state: 'ABORTED' })
    expect(await rowsOf(early, 't')).toEqual([])
  } finally {
    await early.close()
  }
})

test('a publish time-out: FAILED, or PUBLISH_TIMEOUT, though committed', async () => {
  await upTo(multi, 'begin', 'load')
  sandbox.faults.set({ publishTimeout: 1 })
  const { reply } = await multi.run('commit', { timeout: '7' })
  expect(reply).toMatchObject({
    Status: 'FAILED',
    Message: expect.stringMatching(/^publish timeout: 7000, transactionId=\d+$/),
  })
  expect([await stateOf(), await stateOf(), await rowsOf(sandbox, table)]).toEqual(['COMMITTED', 'VISIBLE', ONE])
  label = `${label}s`
  const onePhase = new TransactionClient(sandbox, { label, table })
  await upTo(onePhase, 'begin', 'load')
  sandbox.faults.set({ publishTimeout: 1 })
  expect((await onePhase.run('commit')).reply.Status).toBe('PUBLISH_TIMEOUT')
  expect(await stateOf()).toBe('COMMITTED')
})

test('too many versions, at the commit or at a load', async () => {
  for (const [kind, client] of kinds()) {
    await upTo(client, 'begin', 'load')
    sandbox.faults.set({ tooManyVersions: 1 })
    const { reply } = await client.run('commit')
    expect([kind, reply.Message]).toEqual([kind, expect.stringMatching(/because of too many versions/)])
    expect(await rowsOf(sandbox, table)).toEqual([])
    label = `${label}x`
    single = new TransactionClient(sandbox, { label, table })
  }
  await upTo(single, 'begin')
  sandbox.faults.set({ tooManyVersions: { op: 'load', times: 1 } })
  expect((await single.run('load', {}, '1\ta\n')).reply).toMatchObject({
    Status: 'INTERNAL_ERROR',
    Message: expect.stringMatching(/too many versions/),
  })
  expect(await stateOf()).toBe('ABORTED')
})

test('too many running transactions', async () => {
  for (const [kind, client] of kinds()) {
    sandbox.faults.set({ runningTxnLimit: 1 })
    const { reply } = await client.run('begin')
    expect([kind, reply.Message]).toEqual([
      kind,
      expect.stringMatching(/current running txns on db \d+ is 1000, larger than limit 1000$/),
    ])
    await upTo(client, 'begin', 'rollback')
  }
})

test('any failure one likes', async () => {
  await upTo(multi, 'begin', 'load')
  sandbox.faults.set({ failedWith200: { value: 'something else', times: 1 } })
  expect((await multi.run('commit')).reply).toMatchObject({
    Status: 'FAILED',
    Message: expect.stringMatching(/something else$/),
  })
  expect([await stateOf(), await rowsOf(sandbox, table)]).toEqual(['ABORTED', []])
})

describe('the FE', () => {
  test('knows no backend', async () => {
    sandbox.faults.set({ noBackendAlive: true })
    expect((await single.run('begin')).reply.Message).toMatch(/No backend alive\.$/)
    await upTo(multi, 'begin')
    expect((await multi.run('load', { table }, '1\ta\n')).reply.Message).toMatch(/No backend alive\.$/)
    expect((await multi.run('commit')).reply.Message).toMatch(/^Can not commit CANCELLED/)
  })

  test('redirects to where nobody is', async () => {
    await upTo(multi, 'begin')
    sandbox.faults.set({ redirectTo: { value: '127.0.0.1:1', op: 'load', times: 1 } })
    await expect(multi.run('load', { table }, '1\ta\n')).rejects.toThrow('ECONNREFUSED')
    await upTo(multi, 'load', 'commit')
  })

  test('is a follower', async () => {
    for (const op of ['begin', 'load', 'commit'] as const) {
      sandbox.faults.set({ followerRedirect: 1 })
      const { reply, redirects } = await multi.run(op, { table }, op === 'load' ? '1\ta\n' : '')
      expect([op, reply.Status, redirects]).toEqual([op, 'OK', op === 'load' ? 2 : 1])
    }
  })

  test('denies access, or breaks', async () => {
    sandbox.faults.set({ unauthorized: { op: 'begin', times: 1 } })
    expect((await multi.run('begin')).reply.msg).toMatch(/^Access denied/)
    sandbox.faults.set({ feError: { op: 'begin', times: 1 } })
    expect((await multi.run('begin')).reply.msg).toMatch(/NullPointerException/)
    await upTo(multi, 'begin')
  })
})

describe('a change of the leader', () => {
  test('forgets transactions over several tables', async () => {
    await upTo(multi, 'begin', 'load')
    sandbox.faults.set({ leaderChange: 1 })
    expect((await multi.run('commit')).reply).toEqual({
      Status: 'FAILED',
      Message: `class com.starrocks.common.StarRocksException: stream load task ${label} does not exist`,
    })
    expect([await stateOf(), await rowsOf(sandbox, table)]).toEqual(['UNKNOWN', []])
    expect((await multi.run('rollback')).reply.Status).toBe('FAILED')
    await upTo(multi, 'begin', 'load', 'commit')
    expect(await rowsOf(sandbox, table)).toEqual(ONE)
  })

  test('forgets those of one table unless they are prepared', async () => {
    await upTo(single, 'begin', 'load')
    const prepared = new TransactionClient(sandbox, { label: `${label}p`, table })
    await upTo(prepared, 'begin', 'load', 'prepare')
    sandbox.faults.set({ leaderChange: { op: 'commit', label, times: 1 } })
    expect((await single.run('commit')).reply.Message).toMatch(/No transaction found by label/)
    expect(await stateOf()).toBe('UNKNOWN')
    const atBackend = new TransactionClient(sandbox, { label, table }, 'be')
    expect((await atBackend.run('commit')).reply.Status).toBe('TXN_NOT_EXISTS')
    await upTo(prepared, 'commit')
    expect(await rowsOf(sandbox, table)).toEqual(ONE)
  })

  test('a Stream Load that runs meanwhile fails', async () => {
    const before = sandbox.faults.struck('holdBody')
    sandbox.faults.set({ holdBody: 1, leaderChange: { op: 'state', times: 1 } })
    const loading = streamLoad(sandbox, { table, body: '1\ta\n', headers: { label } })
    await struck('holdBody', before)
    expect(await stateOf()).toBe('UNKNOWN')
    sandbox.faults.clear()
    expect(await loading).toMatchObject({ Status: 'Fail' })
    expect(await rowsOf(sandbox, table)).toEqual([])
  })
})

describe('holds', () => {
  test('holdCommit: it cannot be rolled back, nothing is seen yet', async () => {
    await upTo(multi, 'begin', 'load')
    const before = sandbox.faults.struck('holdCommit')
    sandbox.faults.set({ holdCommit: true })
    const committing = multi.run('commit')
    await struck('holdCommit', before)
    expect(await rowsOf(sandbox, table)).toEqual([])
    expect(await stateOf()).toBe('PREPARE')
    expect((await multi.run('rollback')).reply.Message).toMatch(/^Can not abort transaction \d+ during committing/)
    expect((await multi.run('commit')).reply.Message).toMatch(/is already committing/)
    sandbox.faults.clear()
    expect((await committing).reply.Status).toBe('OK')
    expect(await rowsOf(sandbox, table)).toEqual(ONE)
  })

  test('holdAnswer: all is done', async () => {
    await upTo(multi, 'begin', 'load')
    const before = sandbox.faults.struck('holdAnswer')
    sandbox.faults.set({ holdAnswer: true })
    const committing = multi.run('commit')
    await struck('holdAnswer', before)
    expect([await stateOf(), await rowsOf(sandbox, table)]).toEqual(['VISIBLE', ONE])
    sandbox.faults.clear()
    await committing
  })

  test('holdBody and holdContinue: a second load of the table is turned away, a rollback waits for none', async () => {
    await upTo(multi, 'begin')
    for (const hold of ['holdBody', 'holdContinue'] as const) {
      const before = sandbox.faults.struck(hold)
      sandbox.faults.set({ [hold]: true })
      const loading = multi.run('load', { table }, '1\ta\n')
      await struck(hold, before)
      expect((await multi.run('load', { table }, '2\tb\n')).reply).toEqual({
        Status: 'TXN_IN_PROCESSING',
        Label: label,
        Message: 'Transaction is in processing',
      })
      sandbox.faults.clear()
      expect((await loading).reply.Status).toBe('OK')
    }
    const before = sandbox.faults.struck('holdBody')
    sandbox.faults.set({ holdBody: true })
    const loading = multi.run('load', { table }, '1\ta\n')
    await struck('holdBody', before)
    await upTo(multi, 'rollback')
    sandbox.faults.clear()
    expect((await loading).reply).toEqual({ Status: 'ABORTED', Message: 'current transaction is aborted' })
  })

  test('holdBegin: the label is not taken yet', async () => {
    for (const [, client] of kinds()) {
      const before = sandbox.faults.struck('holdBegin')
      sandbox.faults.set({ holdBegin: 1 })
      const beginning = client.run('begin')
      await struck('holdBegin', before)
      expect(await stateOf()).toBe('UNKNOWN')
      sandbox.faults.clear()
      expect((await beginning).reply.Status).toBe('OK')
      await upTo(client, 'rollback')
    }
  })
})

test('whatever became of them, no staged rows are left behind', async () => {
  sandbox.faults.set({ leaderChange: { op: 'state', times: 1 } })
  await stateOf()
  const left = await sandbox.store.write(async connection => {
    const found = await connection.runAndReadAll(
      "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'part%' OR table_name LIKE 'sandbox_part%' OR table_name LIKE 'load%'",
    )
    return found.getRows().map(String)
  })
  expect(left).toEqual(['load_texts'])
})
