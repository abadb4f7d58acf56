import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { Sandbox } from '../../lib/sandbox/sandbox.js'
import { createDatabase } from '../../lib/sandbox/table-storage.js'
import { loadState, makeTable, openSandbox, rowsOf, send, streamLoad } from './stream-load-client.js'
import { TransactionClient } from './transaction-client.js'

const KEYED = '(id int NOT NULL, v varchar(10)) PRIMARY KEY (id) DISTRIBUTED BY HASH(id)'
let nowMs = 1_800_000_000_000
let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await openSandbox({ emulatedVersion: '4.1.0', now: () => nowMs })
})
afterAll(() => sandbox.close())

let tests = 0
let label = ''
let a = ''
let b = ''
let client: TransactionClient
beforeEach(async () => {
  tests++
  ;[label, a, b] = [`m${tests}`, `a${tests}`, `b${tests}`]
  await makeTable(sandbox, `${a} ${KEYED}`)
  await makeTable(sandbox, `${b} ${KEYED}`)
  client = new TransactionClient(sandbox, { label, transaction_type: 'multi' })
})

test('tables in one transaction: begin and commit at the FE, loads at the BE, nothing seen before', async () => {
  const begun = await client.run('begin')
  expect(begun).toMatchObject({ redirects: 0, reply: { Status: 'OK', Message: '' } })
  expect(Object.keys(begun.reply)).toEqual(['Status', 'Message'])
  const loaded = await client.run('load', { table: a }, '1\tx\n')
  expect(loaded).toMatchObject({ redirects: 1, continued: true, reply: { Status: 'OK', Label: label, LoadBytes: 4 } })
  await Promise.all([client.load(a, '1\ty\n2\tz\n'), client.load(b, '7\tq\n')])
  expect(await loadState(sandbox, label)).toMatchObject({ state: 'UNKNOWN' })
  expect([await rowsOf(sandbox, a), await rowsOf(sandbox, b)]).toEqual([[], []])
  const { reply, redirects } = await client.run('commit')
  expect(redirects).toBe(0)
  expect(reply).toEqual({
    Status: 'OK',
    Message: '',
    Label: label,
    TxnId: loaded.reply.TxnId,
    ChannelId: 0,
    'Prepared Channel Num': 1,
  })
  expect(await loadState(sandbox, label)).toMatchObject({ state: 'VISIBLE' })
  expect(await rowsOf(sandbox, a)).toEqual([
    ['1', 'y'],
    ['2', 'z'],
  ])
  expect(await rowsOf(sandbox, b)).toEqual([['7', 'q']])
  expect((await client.run('commit')).reply.Message).toBe(
    `Transaction ${String(reply.TxnId)} has already committed, label is ${label}`,
  )
  expect((await client.run('rollback')).reply).toMatchObject({
    Status: 'FAILED',
    Message: `Can not abort VISIBLE transaction ${String(reply.TxnId)}, label is ${label}`,
  })
})

test('readers see all tables of a commit or none', async () => {
  const rows = 40_000
  const body = (value: string) => Array.from({ length: rows }, (_, at) => `${at}\t${value}\n`).join('')
  const reader = await sandbox.store.reader()
  const name = (table: string) => sandbox.store.physicalName(sandbox.store.catalog.requireTable('d', table))
  const sums = `SELECT (SELECT count(*) FROM ${name(a)}), (SELECT count(*) FROM ${name(b)})`
  await client.run('begin')
  await client.load(a, body('x'))
  await client.load(b, body('y'))
  const seen = new Set<string>()
  let done = false
  const watching = (async () => {
    while (!done) seen.add(JSON.stringify((await reader.runAndReadAll(sums)).getRows().map(r => r.map(Number))))
  })()
  expect((await client.run('commit')).reply.Status).toBe('OK')
  done = true
  await watching
  reader.closeSync()
  seen.add(JSON.stringify([[rows, rows]]))
  expect([...seen].sort()).toEqual([JSON.stringify([[0, 0]]), JSON.stringify([[rows, rows]])].filter(s => seen.has(s)))
  expect((await rowsOf(sandbox, a)).length).toBe(rows)
})

test('rollback, and again; the label stays taken', async () => {
  await client.run('begin')
  await client.load(a, '1\tx\n')
  expect((await client.run('rollback')).reply).toEqual({ Status: 'OK', Message: `stream load ${label} abort` })
  expect((await client.run('rollback')).reply).toMatchObject({
    Status: 'OK',
    Message: expect.stringMatching(/has already aborted, label is/),
  })
  expect((await client.run('commit')).reply).toMatchObject({
    Status: 'FAILED',
    Message: expect.stringMatching(/^Can not commit CANCELLED transaction/),
  })
  expect((await client.run('load', { table: a }, '1\tx\n')).reply).toEqual({
    Status: 'FAILED',
    Message: `stream load task ${label} has already been cancelled: manual abort`,
  })
  expect((await client.run('begin')).reply).toMatchObject({
    Status: 'LABEL_ALREADY_EXISTS',
    ExistingJobStatus: 'CANCELLED',
  })
  expect(await rowsOf(sandbox, a)).toEqual([])
  expect(await loadState(sandbox, label)).toMatchObject({ state: 'UNKNOWN' })
})

describe('the verdict at commit', () => {
  test('bad rows of one table take the others with them', async () => {
    await client.run('begin')
    await client.load(a, '1\tx\n')
    await client.load(b, 'x\ty\n2\tz\n')
    const { reply } = await client.run('commit')
    expect(reply.Status).toBe('FAILED')
    const url = /abnormal data more than max filter rate, tracking_url: (http:\S+?)\}/.exec(String(reply.Message))?.[1]
    expect((await send('GET', url!)).text).toMatch(/Row: x\ty/)
    expect([await rowsOf(sandbox, a), await rowsOf(sandbox, b)]).toEqual([[], []])
    expect((await client.run('commit')).reply.Message).toMatch(/^Can not commit CANCELLED/)
  })

  test('a table without a row', async () => {
    await client.run('begin')
    await client.load(a, '1\tx\n')
    await client.load(b, '')
    expect((await client.run('commit')).reply).toMatchObject({
      Status: 'FAILED',
      Message: expect.stringMatching(/No rows were imported from upstream/),
    })
    expect(await rowsOf(sandbox, a)).toEqual([])
  })

  test('bad rows are suffered up to max_filter_ratio', async () => {
    await client.run('begin')
    await client.load(a, '1\tx\nbad\ty\n', { max_filter_ratio: '0.5', strict_mode: 'true' })
    expect((await client.run('commit')).reply.Status).toBe('OK')
    expect(await rowsOf(sandbox, a)).toEqual([['1', 'x']])
  })
})

describe('what ends the whole transaction', () => {
  test('a load whose headers are not those of the first', async () => {
    await client.run('begin')
    await client.load(a, '1\tx\n')
    const { reply } = await client.run('load', { table: a, columns: 'v,id' }, 'y\t2\n')
    expect(reply).toEqual({ Status: 'INTERNAL_ERROR', Message: 'load request not equal last.' })
    expect((await client.run('commit')).reply.Message).toMatch(/^Can not commit CANCELLED/)
  })

  test('a load for another database', async () => {
    await createDatabase(sandbox.store, 'elsewhere')
    await client.run('begin')
    expect((await client.run('load', { db: 'elsewhere', table: a }, '1\tx\n')).reply).toEqual({
      Status: 'FAILED',
      Message:
        'class com.starrocks.common.StarRocksException: Request database elsewhere not equal transaction database d',
    })
    expect((await client.run('commit')).reply.Message).toMatch(/^Can not commit CANCELLED/)
  })

  test('a first load that cannot be planned', async () => {
    await client.run('begin')
    const { reply, redirects } = await client.run('load', { table: a, columns: 'v' }, 'y\n')
    expect(redirects).toBe(0)
    expect(reply.Message).toMatch(/Column has no default value. column: id$/)
    expect((await client.run('commit')).reply.Message).toMatch(/^Can not commit CANCELLED/)
  })

  test('a body that breaks off', async () => {
    await client.run('begin')
    await client.load(a, '1\tx\n')
    sandbox.faults.set({ cutBody: { times: 1, table: a } })
    await expect(client.run('load', { table: a }, '2\ty\n')).rejects.toThrow()
    expect((await client.run('commit')).reply.Message).toMatch(/^Can not commit CANCELLED/)
  })

  test('its time limit: 20 seconds from begin unless begin says more', async () => {
    await client.run('begin')
    await client.load(a, '1\tx\n')
    nowMs += 20_001
    expect((await client.run('load', { table: a }, '2\ty\n')).reply.Message).toBe(
      `stream load task ${label} has already been cancelled: transaction timeout after 20000ms`,
    )
    const longer = new TransactionClient(sandbox, { label: `${label}x`, transaction_type: 'multi' })
    await longer.run('begin', { timeout: '300' })
    await longer.load(a, '1\tx\n')
    nowMs += 299_000
    expect((await longer.run('commit')).reply.Status).toBe('OK')
  })
})

describe('refusals that end nothing', () => {
  test('prepare; anything at the BE but a load', async () => {
    await client.run('begin')
    expect((await client.run('prepare')).reply).toMatchObject({
      Status: 'FAILED',
      Message: expect.stringMatching(/Unsupported operation: TXN_PREPARE$/),
    })
    const atBackend = new TransactionClient(sandbox, { label, transaction_type: 'multi' }, 'be')
    expect((await atBackend.run('commit')).reply).toEqual({
      Status: 'INVALID_ARGUMENT',
      Message: 'Multi-statement transaction requests can only be sent to FE nodes, not BE nodes',
    })
    expect((await atBackend.run('load', { table: a }, '1\tx\n')).reply.Status).toBe('TXN_NOT_EXISTS')
    await client.load(a, '1\tx\n')
    expect((await client.run('commit')).reply.Status).toBe('OK')
  })

  test('labels: taken by a load, by an open transaction, also of another database', async () => {
    await streamLoad(sandbox, { table: a, body: '1\ta\n', headers: { label } })
    expect((await client.run('begin')).reply).toMatchObject({
      Status: 'LABEL_ALREADY_EXISTS',
      Message: `Label [${label}] has already been used.`,
      ExistingJobStatus: 'VISIBLE',
    })
    const other = new TransactionClient(sandbox, { label: `${label}x`, transaction_type: 'multi' })
    await other.run('begin')
    await createDatabase(sandbox.store, 'third')
    expect((await other.run('begin', { db: 'third' })).reply).toMatchObject({
      Status: 'LABEL_ALREADY_EXISTS',
      Message: expect.stringMatching(/^Transaction already started with label/),
      ExistingJobStatus: 'BEGIN',
    })
  })

  test('a label that a Stream Load took in the meantime fails the commit', async () => {
    await client.run('begin')
    await client.load(a, '1\tx\n')
    await streamLoad(sandbox, { table: b, body: '1\ta\n', headers: { label } })
    expect((await client.run('commit')).reply).toMatchObject({
      Status: 'FAILED',
      Message: `Label [${label}] has already been used.`,
    })
    expect(await rowsOf(sandbox, a)).toEqual([])
    expect(await loadState(sandbox, label)).toMatchObject({ state: 'VISIBLE' })
  })

  test('no such transaction', async () => {
    expect((await client.run('commit')).reply.Message).toMatch(/stream load task m\d+ does not exist$/)
    expect((await client.run('load', { table: a }, '1\tx\n')).reply.Message).toMatch(/does not exist$/)
    expect((await client.run('rollback')).reply.Status).toBe('FAILED')
  })
})

test('a commit without a load says OK and leaves no label', async () => {
  await client.run('begin')
  expect((await client.run('commit')).reply.Status).toBe('OK')
  expect(await loadState(sandbox, label)).toMatchObject({ state: 'UNKNOWN' })
})

test('a column added while the transaction is open gets its default', async () => {
  await client.run('begin')
  await client.load(a, '1\tx\n')
  await sandbox.store.define(async (connection, draft) => {
    const table = draft.table('d', a)!
    const added = { ...table.columns[1]!, name: 'w', default: { kind: 'literal', text: 'new' } as const }
    await connection.run(`ALTER TABLE ${sandbox.store.physicalName(table)} ADD COLUMN w VARCHAR`)
    draft.putTable({ ...table, columns: [...table.columns, added] }, 0)
  })
  expect((await client.run('commit')).reply.Status).toBe('OK')
  expect(await rowsOf(sandbox, a)).toEqual([['1', 'x', 'new']])
})

test('a table that no longer takes its rows leaves the others without theirs', async () => {
  await client.run('begin')
  await client.load(a, '1\tx\n')
  await client.load(b, '1\tx\n')
  await sandbox.store.define(async (_, draft) => draft.removeTable(draft.table('d', b)!.id))
  expect((await client.run('commit')).reply).toMatchObject({
    Status: 'FAILED',
    Message: expect.stringMatching(/unknown table "d.b\d+"$/),
  })
  expect(await rowsOf(sandbox, a)).toEqual([])
  expect(await loadState(sandbox, label)).toMatchObject({ state: 'ABORTED' })
})

test('before 4.0 the header is not known: begin is one of a single table, and there is none', async () => {
  const older = await openSandbox({ emulatedVersion: '3.5.2' })
  try {
    const begun = await new TransactionClient(older, { label, transaction_type: 'multi' }).run('begin')
    expect(begun).toMatchObject({ redirects: 1, reply: { Status: 'ANALYSIS_ERROR', Message: 'unknown table "d."' } })
  } finally {
    await older.close()
  }
})

test('before 4.0.7 a label could be begun twice', async () => {
  const early = await openSandbox({ emulatedVersion: '4.0.2' })
  try {
    const twice = new TransactionClient(early, { label, transaction_type: 'multi' })
    await twice.run('begin')
    expect((await twice.run('begin')).reply).toEqual({ Status: 'OK', Message: '' })
  } finally {
    await early.close()
  }
})

test('a million rows in several loads of two tables', async () => {
  await client.run('begin', { timeout: '600' })
  const perLoad = 100_000
  for (let load = 0; load < 5; load++) {
    const body = Array.from({ length: perLoad }, (_, at) => `${load * perLoad + at}\tv${at % 9}\n`).join('')
    await Promise.all([client.load(a, body), client.load(b, body)])
  }
  expect((await client.run('commit')).reply.Status).toBe('OK')
  const count = (table: string) => rowsOf(sandbox, table, '1', 'count(*), count(DISTINCT id)')
  expect([await count(a), await count(b)]).toEqual([[['500000', '500000']], [['500000', '500000']]])
})
