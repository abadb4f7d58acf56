import { request } from 'node:http'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { Sandbox } from '../../lib/sandbox/sandbox.js'
import {
  type Answer,
  AUTHORIZATION,
  errorLog,
  type LoadReply,
  loadAtBackend,
  loadHeaders,
  loadPath,
  loadState,
  makeTable,
  openSandbox,
  rowsOf,
  send,
  streamLoad,
} from './stream-load-client.js'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await openSandbox({ emulatedVersion: '3.5.2' })
  await makeTable(sandbox, 't (id int NOT NULL, v varchar(10)) PRIMARY KEY (id) DISTRIBUTED BY HASH(id)')
})
afterAll(() => sandbox.close())
beforeEach(() => sandbox.faults.clear())

let labels = 0
const nextLabel = () => `label-${++labels}`
const replyOf = (answer: Answer) => JSON.parse(answer.text) as LoadReply

describe('the reply', () => {
  test('has the fields of StarRocks in their order, pretty-printed', async () => {
    const answer = await loadAtBackend(sandbox, { table: 't', body: '1\ta\n', headers: { label: 'order' } })
    expect(answer.status).toBe(200)
    expect(answer.continued).toBe(true)
    expect(answer.headers['content-type']).toMatch(/^text\/html/)
    expect(answer.text).toMatch(/^\{\n {4}"TxnId": \d+,\n {4}"Label": "order",\n/)
    expect(Object.keys(JSON.parse(answer.text) as object)).toEqual([
      'TxnId',
      'Label',
      'Status',
      'Message',
      'NumberTotalRows',
      'NumberLoadedRows',
      'NumberFilteredRows',
      'NumberUnselectedRows',
      'LoadBytes',
      'LoadTimeMs',
      'BeginTxnTimeMs',
      'StreamLoadPlanTimeMs',
      'ReadDataTimeMs',
      'WriteDataTimeMs',
      'CommitAndPublishTimeMs',
    ])
  })

  test('names database and table from 4.1, is application/json from 4.0', async () => {
    const newer = await openSandbox({ emulatedVersion: '4.1.0' })
    try {
      await makeTable(newer, 't (id int NOT NULL) PRIMARY KEY (id) DISTRIBUTED BY HASH(id)')
      const answer = await loadAtBackend(newer, { table: 't', body: '1\n' })
      expect(answer.headers['content-type']).toBe('application/json')
      expect(Object.keys(JSON.parse(answer.text) as object).slice(0, 5)).toEqual([
        'TxnId',
        'Label',
        'Db',
        'Table',
        'Status',
      ])
    } finally {
      await newer.close()
    }
  })

  test('counts rows and bytes; without a label one is made', async () => {
    const reply = await streamLoad(sandbox, {
      table: 't',
      body: '1\ta\n2\tb\nx\tc\n',
      headers: { strict_mode: 'true', max_filter_ratio: '0.4' },
    })
    expect(reply).toMatchObject({
      Label: expect.stringMatching(/^[0-9a-f-]{36}$/),
      Status: 'Success',
      Message: 'OK',
      NumberTotalRows: 3,
      NumberLoadedRows: 2,
      NumberFilteredRows: 1,
      NumberUnselectedRows: 0,
      LoadBytes: 12,
      ErrorURL: expect.stringContaining('/api/_load_error_log?file=error_log_'),
    })
  })
})

describe('a verdict before 100 Continue', () => {
  test.each<[string, Record<string, string>, Partial<LoadReply>]>([
    ['no account', { authorization: '' }, { TxnId: -1, Message: 'no valid Basic authorization' }],
    [
      'wrong password',
      { authorization: `Basic ${Buffer.from('root:x').toString('base64')}` },
      { TxnId: -1, Message: expect.stringMatching(/^Access denied/) as unknown as string },
    ],
    ['bad label', { label: 'a b' }, { TxnId: -1, Message: 'Label format error. regex: ^[-\\w]{1,128}$, label: a b' }],
    ['bad timeout', { timeout: '0' }, { TxnId: -1 }],
    ['bad format', { format: 'x' }, { Message: 'unknown data format, format=x' }],
    [
      'a header that is not built',
      { where: 'id > 1' },
      { Message: expect.stringContaining('where') as unknown as string },
    ],
    ['a column twice', { columns: 'id,ID' }, { Message: 'Duplicate column: ID' }],
    [
      'a derived column that is not there',
      { columns: 'id,x=1' },
      { Message: 'Mapping column is not in table. column: x' },
    ],
    ['a NOT NULL column left out', { columns: 'v' }, { Message: 'Column has no default value. column: id' }],
    [
      'a partial update without the key',
      { columns: 'v', partial_update: 'true' },
      { Message: 'key column id not in partial update columns' },
    ],
  ])('%s', async (_, headers, expected) => {
    const answer = await loadAtBackend(sandbox, { table: 't', body: '1\ta\n', headers })
    expect([answer.status, answer.continued]).toEqual([200, false])
    expect(replyOf(answer)).toMatchObject({ Status: 'Fail', NumberTotalRows: 0, ...expected })
  })

  test.each([
    ['x', 't', 'unknown database, database=x'],
    ['d', 'x', 'unknown table "d.x"'],
  ])('%s.%s', async (database, table, Message) => {
    const answer = await loadAtBackend(sandbox, { database, table, body: '1\ta\n' })
    expect(answer.continued).toBe(false)
    expect(replyOf(answer)).toMatchObject({ TxnId: -1, Status: 'Fail', Message })
  })

  test('a failed plan aborts the label', async () => {
    await loadAtBackend(sandbox, { table: 't', body: '1\ta\n', headers: { label: 'planless', columns: 'v' } })
    expect(await loadState(sandbox, 'planless')).toMatchObject({
      state: 'ABORTED',
      reason: 'Column has no default value. column: id',
    })
  })

  test('without Expect the body is taken at once, and an early verdict comes all the same', async () => {
    const body = Buffer.from('5\te\n')
    const url = `http://127.0.0.1:${sandbox.beHttpPort}${loadPath({ table: 't' })}`
    const headers = { authorization: AUTHORIZATION, 'content-length': body.length }
    expect(replyOf(await send('PUT', url, headers, body))).toMatchObject({ Status: 'Success' })
    const big = Buffer.alloc(5_000_000, 'x')
    const refused = await send('PUT', url, { ...headers, 'content-length': big.length, format: 'x' }, big)
    expect(replyOf(refused)).toMatchObject({ Status: 'Fail', Message: 'unknown data format, format=x' })
  })

  test('another Expect', async () => {
    expect((await loadAtBackend(sandbox, { table: 't', body: '1\ta\n', headers: { expect: 'x' } })).status).toBe(417)
  })
})

describe('labels', () => {
  test('a finished label is refused, an aborted one may be used again', async () => {
    const label = nextLabel()
    expect(await streamLoad(sandbox, { table: 't', body: 'x\n', headers: { label } })).toMatchObject({ Status: 'Fail' })
    const first = await streamLoad(sandbox, { table: 't', body: '1\ta\n', headers: { label } })
    expect(first.Status).toBe('Success')
    const answer = await loadAtBackend(sandbox, { table: 't', body: '1\tb\n', headers: { label } })
    expect(answer.continued).toBe(false)
    expect(replyOf(answer)).toMatchObject({
      Status: 'Label Already Exists',
      ExistingJobStatus: 'FINISHED',
      Message: `Label [${label}] has already been used.`,
    })
    expect(Object.keys(JSON.parse(answer.text) as object).slice(2, 5)).toEqual([
      'Status',
      'ExistingJobStatus',
      'Message',
    ])
    expect(await rowsOf(sandbox, 't')).toContainEqual(['1', 'a'])
  })

  test('a body cut in the middle aborts the label', async () => {
    const label = nextLabel()
    await new Promise<void>((resolve, reject) => {
      const headers = { ...loadHeaders(Buffer.alloc(100)), label }
      const url = `http://127.0.0.1:${sandbox.beHttpPort}${loadPath({ table: 't' })}`
      const req = request(url, { method: 'PUT', headers, agent: false })
      req.on('continue', () => req.write('77\tz\n', () => req.destroy()))
      req.on('error', () => undefined)
      req.on('response', () => reject(new Error('an answer to half a body')))
      req.on('close', () => resolve())
      req.flushHeaders()
    })
    while ((await loadState(sandbox, label)).state === 'PREPARE') await new Promise(setImmediate)
    expect(await loadState(sandbox, label)).toMatchObject({ state: 'ABORTED' })
    expect(await rowsOf(sandbox, 't')).not.toContainEqual(['77', 'z'])
    while (sandbox.stats.openLoads > 0) await new Promise(setImmediate)
  })

  test('are kept to 1000 per database', async () => {
    const small = await openSandbox({ mode: 'null' })
    try {
      await makeTable(small, 't (id int NOT NULL) PRIMARY KEY (id) DISTRIBUTED BY HASH(id)')
      for (let at = 0; at <= 1000; at++) {
        await loadAtBackend(small, { table: 't', body: '1\n', headers: { label: `l${at}` } })
      }
      expect(await loadState(small, 'l0')).toMatchObject({ state: 'UNKNOWN' })
      expect(await loadState(small, 'l1')).toMatchObject({ state: 'VISIBLE' })
    } finally {
      await small.close()
    }
  })
})

describe('quality', () => {
  test('too many filtered rows: nothing is loaded, the error log is a sample of 50', async () => {
    const body = Array.from({ length: 60 }, (_, at) => `x${at}\tv\n`).join('')
    const reply = await streamLoad(sandbox, {
      table: 't',
      body: `${body}900\tgood\n`,
      headers: { strict_mode: 'true' },
    })
    expect(reply).toMatchObject({
      Status: 'Fail',
      Message: 'too many filtered rows',
      NumberTotalRows: 61,
      NumberLoadedRows: 1,
      NumberFilteredRows: 60,
    })
    const lines = (await errorLog(reply)).trimEnd().split('\n')
    expect(lines).toHaveLength(50)
    expect(lines[0]).toBe(
      'Error: The field (name = id, pos = 0) is out of range. Type: INT, Value length: 2, Value: x0. Row: x0\tv',
    )
    expect(await rowsOf(sandbox, 't')).not.toContainEqual(['900', 'good'])
  })

  test('an unknown error log', async () => {
    expect((await send('GET', `http://127.0.0.1:${sandbox.beHttpPort}/api/_load_error_log?file=x`)).status).toBe(404)
  })

  test.each([
    ['3.0.0', /^all partitions have no load data/],
    ['3.5.2', /^No partitions have data available for loading\./],
    ['4.0.0', /^No rows were imported from upstream\. Possible causes: /],
  ])('%s: a load without rows fails', async (emulatedVersion, message) => {
    const other = await openSandbox({ emulatedVersion })
    try {
      await makeTable(other, 't (id int NOT NULL) PRIMARY KEY (id) DISTRIBUTED BY HASH(id)')
      for (const body of ['', '\n\n']) {
        const reply = replyOf(await loadAtBackend(other, { table: 't', body, headers: { label: 'empty' } }))
        expect(reply).toMatchObject({ Status: 'Fail', Message: expect.stringMatching(message) })
      }
      expect(await loadState(other, 'empty')).toMatchObject({ state: 'ABORTED' })
    } finally {
      await other.close()
    }
  })
})

describe('faults', () => {
  const load = (label: string) => streamLoad(sandbox, { table: 't', body: '300\tf\n', headers: { label } })

  test.each([
    ['tooManyVersions', /^Failed to load data into tablet \d+, because of too many versions, current\/limit: /],
    ['runningTxnLimit', /^current running txns on db \d+ is \d+, larger than limit \d+$/],
    ['failedWith200', /./],
  ])('%s strikes as often as it was told', async (name, message) => {
    sandbox.faults.set({ [name]: name === 'failedWith200' ? { times: 2 } : 2 })
    const label = nextLabel()
    for (let at = 0; at < 2; at++) {
      expect(await load(label)).toMatchObject({ Status: 'Fail', Message: expect.stringMatching(message) })
    }
    expect(await load(label)).toMatchObject({ Status: 'Success' })
    expect(sandbox.faults.struck(name as 'tooManyVersions')).toBe(2)
  })

  test('publishTimeout: rows are committed, the label is COMMITTED and then VISIBLE', async () => {
    sandbox.faults.set({ publishTimeout: 1 })
    const label = nextLabel()
    expect(await load(label)).toMatchObject({
      Status: 'Publish Timeout',
      Message: 'Publish timeout. The data will be visible after a while, ',
    })
    expect(await load(label)).toMatchObject({ Status: 'Label Already Exists', ExistingJobStatus: 'FINISHED' })
    expect(await loadState(sandbox, label)).toMatchObject({ state: 'COMMITTED' })
    expect(await loadState(sandbox, label)).toMatchObject({ state: 'VISIBLE' })
  })

  test('answerLost: the rows and the label stay', async () => {
    sandbox.faults.set({ answerLost: 1 })
    const label = nextLabel()
    await expect(load(label)).rejects.toThrow(/socket hang up|ECONNRESET/)
    expect(await loadState(sandbox, label)).toMatchObject({ state: 'VISIBLE' })
    expect(await rowsOf(sandbox, 't')).toContainEqual(['300', 'f'])
  })

  test('garbageReply', async () => {
    sandbox.faults.set({ garbageReply: 1 })
    const label = nextLabel()
    await expect(load(label)).rejects.toThrow(SyntaxError)
    expect(await loadState(sandbox, label)).toMatchObject({ state: 'VISIBLE' })
  })

  test('cutBody: aborted, and the same label works again', async () => {
    sandbox.faults.set({ cutBody: { times: 1, table: 't' } })
    const label = nextLabel()
    await expect(load(label)).rejects.toThrow(/socket hang up|ECONNRESET|EPIPE/)
    while ((await loadState(sandbox, label)).state === 'PREPARE') await new Promise(setImmediate)
    expect(await loadState(sandbox, label)).toMatchObject({ state: 'ABORTED' })
    expect(await load(label)).toMatchObject({ Status: 'Success' })
  })

  test('holdAnswer: durable but unanswered until released', async () => {
    sandbox.faults.set({ holdAnswer: true })
    const label = nextLabel()
    const pending = load(label)
    while ((await loadState(sandbox, label)).state !== 'VISIBLE') await new Promise(setImmediate)
    sandbox.faults.set({ holdAnswer: false })
    expect(await pending).toMatchObject({ Status: 'Success' })
  })

  test('slowContinueMs delays and then goes on; a fault of another table and a predicate leave this one alone', async () => {
    sandbox.faults.set({ slowContinueMs: 20, tooManyVersions: { table: 'other' }, failedWith200: t => t.label === 'x' })
    expect(await load(nextLabel())).toMatchObject({ Status: 'Success' })
    expect(sandbox.faults.struck('slowContinueMs')).toBe(1)
  })
})

describe('compression', () => {
  test('format: gzip', async () => {
    const body = gzipSync('400\tzip\n')
    expect(await streamLoad(sandbox, { table: 't', body, headers: { format: 'gzip' } })).toMatchObject({
      Status: 'Success',
      LoadBytes: body.length,
    })
    expect(await rowsOf(sandbox, 't')).toContainEqual(['400', 'zip'])
  })

  test('CSV with a compression header is parsed as raw bytes', async () => {
    const reply = await streamLoad(sandbox, {
      table: 't',
      body: gzipSync('401\tzip\n'),
      headers: { compression: 'gzip' },
    })
    expect(reply).toMatchObject({ Status: 'Fail', Message: 'too many filtered rows' })
  })

  test('JSON with one is unpacked; damaged data fails', async () => {
    const headers = { format: 'json', compression: 'gzip' }
    const body = gzipSync('{"id":402,"v":"zip"}')
    expect(await streamLoad(sandbox, { table: 't', body, headers })).toMatchObject({ Status: 'Success' })
    expect(await streamLoad(sandbox, { table: 't', body: 'x', headers })).toMatchObject({ Status: 'Fail' })
  })
})

test.each(['count', 'null'] as const)('mode %s answers with row counts and stores nothing', async mode => {
  const counting = await openSandbox({ mode })
  try {
    await makeTable(counting, 't (id int NOT NULL) PRIMARY KEY (id) DISTRIBUTED BY HASH(id)')
    const load = { table: 't', body: '1\x022\x023', headers: { label: 'l', row_delimiter: '\\x02' } }
    expect(await streamLoad(counting, load)).toMatchObject({ Status: 'Success', NumberLoadedRows: 3, LoadBytes: 5 })
    expect(await streamLoad(counting, load)).toMatchObject({ Status: 'Label Already Exists' })
    expect(await rowsOf(counting, 't')).toEqual([])
  } finally {
    await counting.close()
  }
})
