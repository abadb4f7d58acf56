import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { Sandbox } from '../../lib/sandbox/sandbox.js'
import { AUTHORIZATION, loadState, makeTable, openSandbox, rowsOf, send, streamLoad } from './stream-load-client.js'
import { TransactionClient } from './transaction-client.js'

const TABLE = '(id int NOT NULL, v varchar(10)) PRIMARY KEY (id) DISTRIBUTED BY HASH(id)'
let nowMs = 1_800_000_000_000
let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await openSandbox({ emulatedVersion: '3.5.4', now: () => nowMs })
  await makeTable(sandbox, `t ${TABLE}`)
  await makeTable(sandbox, `other ${TABLE}`)
})
afterAll(() => sandbox.close())

let label = ''
let labels = 0
let client: TransactionClient
beforeEach(async () => {
  label = `l${++labels}`
  client = new TransactionClient(sandbox, { label, table: 't' })
  const rows = sandbox.store.physicalName(sandbox.store.catalog.requireTable('d', 't'))
  await sandbox.store.write(connection => connection.run(`DELETE FROM ${rows}`))
})

test('begin, loads and one-phase commit: rows are seen all at once, in the order of their loads', async () => {
  const begun = await client.run('begin')
  expect(begun.redirects).toBe(1)
  expect(Object.keys(begun.reply)).toEqual(['Status', 'Message', 'Label', 'TxnId', 'BeginTxnTimeMs'])
  expect(begun.reply).toMatchObject({ Status: 'OK', Message: '', Label: label })
  const loaded = await client.run('load', {}, '1\ta\n2\tb\n')
  expect(loaded.continued).toBe(true)
  expect(Object.keys(loaded.reply)).toEqual([
    'Status',
    'Message',
    'Label',
    'TxnId',
    'LoadBytes',
    'StreamLoadPlanTimeMs',
    'ReceivedDataTimeMs',
  ])
  expect(loaded.reply).toMatchObject({ Status: 'OK', LoadBytes: 8, TxnId: begun.reply.TxnId })
  await client.load('t', '2\tc\n3\td\n')
  expect(await rowsOf(sandbox, 't')).toEqual([])
  expect(await loadState(sandbox, label)).toMatchObject({ state: 'PREPARE' })
  const { reply, redirects } = await client.run('commit')
  expect(redirects).toBe(1)
  expect(Object.keys(reply)).toEqual([
    'Status',
    'Message',
    'Label',
    'TxnId',
    'NumberTotalRows',
    'NumberLoadedRows',
    'NumberFilteredRows',
    'NumberUnselectedRows',
    'LoadBytes',
    'LoadTimeMs',
    'StreamLoadPlanTimeMs',
    'ReceivedDataTimeMs',
    'WriteDataTimeMs',
    'CommitAndPublishTimeMs',
  ])
  expect(reply).toMatchObject({ Status: 'OK', NumberTotalRows: 4, NumberLoadedRows: 4, LoadBytes: 16 })
  expect(await rowsOf(sandbox, 't')).toEqual([
    ['1', 'a'],
    ['2', 'c'],
    ['3', 'd'],
  ])
  expect(await loadState(sandbox, label)).toMatchObject({ state: 'VISIBLE' })
})

test('deletes and upserts of several loads keep their order', async () => {
  await client.run('begin')
  const headers = { columns: 'id,v,__op' }
  await client.load('t', '1\ta\t0\n2\tb\t0\n', headers)
  await client.load('t', '1\ta\t1\n2\tb\t1\n', headers)
  await client.load('t', '2\tnew\t0\n', headers)
  expect((await client.run('commit')).reply.Status).toBe('OK')
  expect(await rowsOf(sandbox, 't')).toEqual([['2', 'new']])
})

test('JSON bodies', async () => {
  await client.run('begin')
  const headers = { format: 'json', strip_outer_array: 'true' }
  await client.load('t', '[{"id":1,"v":"x"},{"id":2,"v":"y"}]', headers)
  await client.load('t', '[{"id":1,"v":"x","__op":1}]', headers)
  expect((await client.run('commit')).reply.Status).toBe('OK')
  expect(await rowsOf(sandbox, 't')).toEqual([['2', 'y']])
})

test('prepare hands the transaction to the FE, which commits it, twice if asked', async () => {
  await client.run('begin')
  await client.load('t', '1\ta\n')
  const prepared = await client.run('prepare')
  expect(prepared.redirects).toBe(1)
  expect(prepared.reply).toMatchObject({ Status: 'OK', NumberLoadedRows: 1 })
  expect(await loadState(sandbox, label)).toMatchObject({ state: 'PREPARED' })
  expect(await rowsOf(sandbox, 't')).toEqual([])
  const atBackend = new TransactionClient(sandbox, { label, table: 't' }, 'be')
  expect((await atBackend.run('commit')).reply).toEqual({
    Status: 'TXN_NOT_EXISTS',
    Message: `Transaction with label ${label} not exists`,
  })
  const { reply, redirects } = await client.run('commit')
  expect([reply, redirects]).toEqual([{ Status: 'OK', Message: '', TxnId: prepared.reply.TxnId, Label: label }, 0])
  expect(await rowsOf(sandbox, 't')).toEqual([['1', 'a']])
  const again = await client.run('commit')
  expect(again.reply).toMatchObject({
    Status: 'OK',
    Message: `Transaction ${String(reply.TxnId)} has already committed, label is ${label}`,
  })
  expect((await client.run('rollback')).reply).toEqual({
    Status: 'FAILED',
    Message: `class com.starrocks.common.StarRocksException: Can not abort VISIBLE transaction ${String(reply.TxnId)}, label is ${label}`,
  })
})

test('rollback of a prepared transaction; the label may then be used again', async () => {
  await client.run('begin')
  await client.load('t', '1\ta\n')
  await client.run('prepare')
  expect((await client.run('rollback')).reply).toMatchObject({ Status: 'OK', Label: label })
  expect((await client.run('rollback')).reply.Message).toMatch(/has already aborted/)
  expect((await client.run('commit')).reply.Message).toMatch(/Can not commit ABORTED transaction/)
  expect((await client.run('begin')).reply.Status).toBe('OK')
  expect((await client.run('rollback')).reply).toEqual({ Status: 'OK', Message: '', Label: label })
  expect(await rowsOf(sandbox, 't')).toEqual([])
})

describe('refusals', () => {
  test('a label in use', async () => {
    await client.run('begin')
    expect((await client.run('begin')).reply).toEqual({
      Status: 'LABEL_ALREADY_EXISTS',
      ExistingJobStatus: '',
      Message: '',
    })
    await client.run('rollback')
    await streamLoad(sandbox, { table: 't', body: '1\ta\n', headers: { label } })
    expect((await client.run('begin')).reply).toEqual({
      Status: 'LABEL_ALREADY_EXISTS',
      ExistingJobStatus: 'FINISHED',
      Message: `Label [${label}] has already been used.`,
    })
  })

  test('nothing begun', async () => {
    const failed = (text: string) => ({
      Status: 'FAILED',
      Message: `class com.starrocks.common.StarRocksException: ${text}`,
    })
    expect((await client.run('load', {}, 'x')).reply).toEqual(
      failed(`transaction with op load label ${label} has no backend`),
    )
    expect((await client.run('commit')).reply).toEqual(failed(`No transaction found by label ${label}`))
    expect((await client.run('rollback')).reply).toEqual(failed(`No transaction found by label ${label}`))
    expect((await client.run('begin', { db: '' })).reply).toEqual(failed('No database selected.'))
    expect((await client.run('begin', { label: '' })).reply).toEqual(failed('Empty label.'))
  })

  test('another table, other headers, a second request while one runs', async () => {
    await client.run('begin')
    expect((await client.run('load', { table: 'other' }, '1\ta\n')).reply).toEqual({
      Status: 'INVALID_ARGUMENT',
      Message: 'Request table other not equal transaction table t',
    })
    await client.load('t', '1\ta\n')
    const { reply, continued } = await client.run('load', { columns: 'id,v' }, '2\tb\n')
    expect([reply, continued]).toEqual([{ Status: 'INTERNAL_ERROR', Message: 'load request not equal last.' }, false])
    expect(await loadState(sandbox, label)).toMatchObject({ state: 'ABORTED' })
    expect((await client.run('load', {}, '2\tb\n')).reply.Status).toBe('TXN_NOT_EXISTS')
  })

  test('no data, bad data, no row left', async () => {
    await client.run('begin')
    expect((await client.run('prepare')).reply.Message).toMatch(/^transaction id=.* hasn't send any data yet$/)
    expect(await loadState(sandbox, label)).toMatchObject({ state: 'ABORTED' })

    await client.run('begin')
    await client.load('t', '1\ta\nx\tb\n')
    const bad = (await client.run('commit')).reply
    expect(bad).toMatchObject({ Status: 'INTERNAL_ERROR', Message: 'too many filtered rows' })
    expect((await send('GET', String(bad.ErrorURL))).text).toMatch(/^Error: .* Row: x\tb/)
    expect(await rowsOf(sandbox, 't')).toEqual([])

    await client.run('begin')
    await client.load('t', '')
    expect((await client.run('commit')).reply.Message).toMatch(/^No partitions have data available/)
    expect(await loadState(sandbox, label)).toMatchObject({ state: 'ABORTED' })
  })

  test('broken JSON is found at the end; loads after it are refused', async () => {
    await client.run('begin')
    await client.load('t', '{"id":1', { format: 'json' })
    expect((await client.run('load', { format: 'json' }, '{"id":2}')).reply).toEqual({
      Status: 'ABORTED',
      Message: 'current transaction is aborted',
    })
    expect((await client.run('commit')).reply.Message).toMatch(/^parse error/)
  })
})

test('CSV bodies are one stream: a row without its delimiter goes on in the next body', async () => {
  await client.run('begin')
  await client.load('t', '1\ta\n2\tb')
  await client.load('t', 'c\n3\td')
  expect((await client.run('commit')).reply).toMatchObject({ Status: 'OK', NumberTotalRows: 3 })
  expect(await rowsOf(sandbox, 't')).toEqual([
    ['1', 'a'],
    ['2', 'bc'],
    ['3', 'd'],
  ])
})

test('headers of quoting are not read', async () => {
  await client.run('begin')
  await client.load('t', '1\t"a"\n', { enclose: '"', skip_header: '1' })
  await client.run('commit')
  expect(await rowsOf(sandbox, 't')).toEqual([['1', '"a"']])
})

test('the time limit of begin, and that of prepare', async () => {
  await client.run('begin', { timeout: '30' })
  await client.load('t', '1\ta\n')
  nowMs += 30_001
  expect((await client.run('commit')).reply.Message).toMatch(/Can not commit ABORTED/)
  expect(await loadState(sandbox, label)).toMatchObject({ state: 'ABORTED', reason: 'timeout by txn manager' })

  await client.run('begin', { timeout: '30' })
  await client.load('t', '1\ta\n')
  await client.run('prepare', { prepared_timeout: '60' })
  nowMs += 59_000
  expect(await loadState(sandbox, label)).toMatchObject({ state: 'PREPARED' })
  nowMs += 2_000
  expect((await client.run('commit')).reply.Message).toMatch(/Can not commit ABORTED/)
})

test('_cancel aborts an open and a prepared transaction', async () => {
  const cancel = () =>
    send('POST', `http://127.0.0.1:${sandbox.feHttpPort}/api/d/t/_cancel?label=${label}`, {
      authorization: AUTHORIZATION,
    })
  await client.run('begin')
  await client.load('t', '1\ta\n')
  expect((await cancel()).text).toMatch(/"status":"OK"/)
  await client.run('begin')
  await client.load('t', '1\ta\n')
  await client.run('prepare')
  expect((await cancel()).text).toMatch(/"status":"OK"/)
  expect((await client.run('commit')).reply.Message).toMatch(/Can not commit ABORTED/)
  expect(await rowsOf(sandbox, 't')).toEqual([])
})

test('a prepared transaction outlives the process, an open one does not', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'sandbox-prepared-'))
  try {
    const first = await openSandbox({ dataDir, emulatedVersion: '3.5.4' })
    await makeTable(first, `t ${TABLE}`)
    const prepared = new TransactionClient(first, { label: 'prepared', table: 't' })
    await prepared.run('begin')
    await prepared.load('t', '1\ta\n2\tb\n')
    await prepared.run('prepare')
    await makeTable(first, `gone ${TABLE}`)
    const lost = new TransactionClient(first, { label: 'lost', table: 'gone' })
    await lost.run('begin')
    await lost.load('gone', '1\ta\n')
    await lost.run('prepare')
    await first.store.define(async (_, draft) => draft.removeTable(draft.table('d', 'gone')!.id))
    const open = new TransactionClient(first, { label: 'open', table: 't' })
    await open.run('begin')
    await open.load('t', '3\tc\n')
    await first.close()

    const second = await openSandbox({ dataDir, emulatedVersion: '3.5.4' })
    try {
      expect(await loadState(second, 'prepared')).toMatchObject({ state: 'PREPARED' })
      expect(await loadState(second, 'open')).toMatchObject({ state: 'UNKNOWN' })
      expect(await loadState(second, 'lost')).toMatchObject({ state: 'ABORTED', reason: 'unknown table "d.gone"' })
      const client = new TransactionClient(second, { label: 'prepared', table: 't' })
      expect((await client.run('commit')).reply.Status).toBe('OK')
      expect(await rowsOf(second, 't')).toEqual([
        ['1', 'a'],
        ['2', 'b'],
      ])
    } finally {
      await second.close()
    }
    const third = await openSandbox({ dataDir, emulatedVersion: '3.5.4' })
    expect(await loadState(third, 'prepared')).toMatchObject({ state: 'VISIBLE' })
    await third.close()
  } finally {
    await rm(dataDir, { recursive: true })
  }
})
