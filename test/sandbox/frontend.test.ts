import { connect } from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import type { Sandbox } from '../../lib/sandbox/sandbox.js'
import {
  AUTHORIZATION,
  loadHeaders,
  loadPath,
  loadState,
  makeTable,
  openSandbox,
  send,
  streamLoad,
} from './stream-load-client.js'

const BODY = Buffer.from('1\n')
let sandbox: Sandbox
afterEach(() => sandbox.close())

async function open(emulatedVersion = '3.5.2'): Promise<void> {
  sandbox = await openSandbox({ emulatedVersion })
  await makeTable(sandbox, 't (id int NOT NULL) PRIMARY KEY (id) DISTRIBUTED BY HASH(id)')
}

function atFrontend(headers: Record<string, string | number | undefined> = {}, path = loadPath({ table: 't' })) {
  const all = { ...loadHeaders(BODY), ...headers }
  for (const name of Object.keys(all)) if (all[name] === undefined) delete all[name]
  return send('PUT', `http://127.0.0.1:${sandbox.feHttpPort}${path}`, all, BODY)
}

/** Sends raw bytes and gives back everything until the server closes. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    socket.on('data', chunk => {
      received += chunk.toString()
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(received))
  })
}

describe('redirect', () => {
  test('307 to the BE with path and query, no 100 Continue, connection closed, no credentials', async () => {
    await open()
    const answer = await atFrontend({}, `${loadPath({ table: 't' })}?a=b`)
    expect(answer.status).toBe(307)
    expect(answer.continued).toBe(false)
    expect(answer.headers.connection).toBe('close')
    expect(answer.headers.location).toBe(`http://127.0.0.1:${sandbox.beHttpPort}/api/d/t/_stream_load?a=b`)
  })

  test('from 3.5 the path stays percent-encoded, before it is decoded to raw UTF-8', async () => {
    await open()
    expect((await atFrontend({}, '/api/d/%E8%A1%A8/_stream_load')).headers.location).toContain('/api/d/%E8%A1%A8/')
    await sandbox.close()
    await open('3.4.0')
    const location = (await atFrontend({}, '/api/d/%E8%A1%A8/_stream_load')).headers.location!
    expect(Buffer.from(location, 'latin1').toString('utf8')).toContain('/api/d/表/')
  })

  test('a follower sends to the leader first', async () => {
    await open()
    sandbox.faults.set({ followerRedirect: 1 })
    expect((await atFrontend()).headers.location).toContain(`:${sandbox.feHttpPort}/`)
    expect((await atFrontend()).headers.location).toContain(`:${sandbox.beHttpPort}/`)
  })

  test('to an address where nobody listens', async () => {
    await open()
    sandbox.faults.set({ redirectTo: '127.0.0.1:1' })
    expect((await atFrontend()).headers.location).toBe('http://127.0.0.1:1/api/d/t/_stream_load')
    expect((await atFrontend()).headers.location).toContain('127.0.0.1:1/')
    sandbox.faults.set({ redirectTo: null })
    expect((await atFrontend()).headers.location).toContain(`:${sandbox.beHttpPort}/`)
  })
})

describe('Expect', () => {
  test.each(['2.5.0', '3.0.9'])('%s: any value will do; without it the old error shape', async version => {
    await open(version)
    const refused = await atFrontend({ expect: undefined })
    expect([refused.status, JSON.parse(refused.text)]).toEqual([
      200,
      { status: 'FAILED', msg: 'There is no 100-continue header' },
    ])
    expect((await atFrontend({ expect: 'anything' })).status).toBe(307)
  })

  test.each(['3.1.0', '3.5.2'])(
    '%s: 100-continue is wanted; the new error shape and a closed connection',
    async version => {
      await open(version)
      for (const expectation of [undefined, 'anything']) {
        const refused = await atFrontend({ expect: expectation })
        expect([refused.status, JSON.parse(refused.text)]).toEqual([
          200,
          {
            Status: 'FAILED',
            Message: 'class com.starrocks.common.DdlException: There is no 100-continue header',
          },
        ])
        expect(refused.headers.connection).toBe('close')
        expect(refused.text).toContain('\n')
      }
      expect((await atFrontend({ expect: '100-Continue' })).status).toBe(307)
    },
  )

  test('HTTP/1.0 is exempt from 3.1 on', async () => {
    await open()
    const text = `PUT /api/d/t/_stream_load HTTP/1.0\r\nAuthorization: ${AUTHORIZATION}\r\nContent-Length: 2\r\n\r\n`
    expect(await raw(sandbox.feHttpPort, text)).toMatch(/^HTTP\/1\.\d 307 /)
  })
})

describe('refusals', () => {
  test.each([
    ['2.5.0', { status: 'FAILED', msg: 'No backend alive.' }],
    ['3.5.2', { Status: 'FAILED', Message: 'class com.starrocks.common.DdlException: No backend alive.' }],
  ])('%s: no backend alive', async (version, body) => {
    await open(version)
    sandbox.faults.set({ noBackendAlive: 1 })
    const answer = await atFrontend()
    expect([answer.status, JSON.parse(answer.text)]).toEqual([200, body])
    expect((await atFrontend()).status).toBe(307)
  })

  test('wrong and missing credentials', async () => {
    await open()
    const wrong = await atFrontend({ authorization: `Basic ${Buffer.from('root:no').toString('base64')}` })
    expect(wrong.status).toBe(401)
    expect(wrong.headers['www-authenticate']).toBe('Basic realm=""')
    expect(JSON.parse(wrong.text)).toMatchObject({
      status: 'FAILED',
      code: '1',
      msg: expect.stringMatching(/^Access denied for root@/),
      message: expect.stringMatching(/^Access denied for root@/),
    })
    expect(JSON.parse((await atFrontend({ authorization: undefined })).text).msg).toBe('Need auth information.')
    sandbox.faults.set({ unauthorized: 1 })
    expect((await atFrontend()).status).toBe(401)
    expect((await atFrontend()).status).toBe(307)
  })

  test('before 3.4 the failure has no code', async () => {
    await open('3.3.0')
    expect(JSON.parse((await atFrontend({ authorization: undefined })).text)).toEqual({
      status: 'FAILED',
      msg: 'Need auth information.',
    })
  })

  test('a user name is cut at its @', async () => {
    await open()
    const authorization = `Basic ${Buffer.from('root@cluster:p:w@d').toString('base64')}`
    expect((await atFrontend({ authorization })).status).toBe(307)
  })

  test('headers over 32768 bytes', async () => {
    await open()
    const answer = await raw(
      sandbox.feHttpPort,
      `PUT /api/d/t/_stream_load HTTP/1.1\r\nHost: x\r\ncolumns: ${'c,'.repeat(17_000)}\r\n\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer).toContain('Bad Request. <br/> ')
  })

  test('an unexpected exception', async () => {
    await open()
    sandbox.faults.set({ feError: 1 })
    expect((await atFrontend()).status).toBe(500)
  })

  test('an unknown path', async () => {
    await open()
    expect((await send('GET', `http://127.0.0.1:${sandbox.feHttpPort}/api/nothing`)).status).toBe(404)
  })
})

describe('label state', () => {
  const load = (label: string, body: string) => streamLoad(sandbox, { table: 't', body, headers: { label } })

  test('VISIBLE, ABORTED with its reason, UNKNOWN', async () => {
    await open()
    await load('good', '1\n')
    await load('bad', 'x\n')
    expect(await loadState(sandbox, 'good')).toEqual({
      state: 'VISIBLE',
      reason: '',
      status: 'OK',
      code: '0',
      msg: 'Success',
      message: 'OK',
    })
    expect(await loadState(sandbox, 'bad')).toMatchObject({ state: 'ABORTED', reason: 'too many filtered rows' })
    expect(await loadState(sandbox, 'never')).toMatchObject({ state: 'UNKNOWN', status: 'OK' })
    sandbox.faults.set({ stateUnknown: 1 })
    expect(await loadState(sandbox, 'good')).toMatchObject({ state: 'UNKNOWN' })
    expect(await loadState(sandbox, 'good')).toMatchObject({ state: 'VISIBLE' })
  })

  test('before 3.4', async () => {
    await open('3.3.0')
    await load('good', '1\n')
    expect(await loadState(sandbox, 'good')).toEqual({ state: 'VISIBLE', status: 'OK', msg: 'Success' })
  })

  test('PREPARE while the load waits, then cancelled', async () => {
    await open()
    sandbox.faults.set({ holdContinue: true })
    const pending = load('slow', '1\n')
    while ((await loadState(sandbox, 'slow')).state !== 'PREPARE') await new Promise(setImmediate)
    expect(await load('slow', '2\n')).toMatchObject({ Status: 'Label Already Exists', ExistingJobStatus: 'RUNNING' })
    const cancel = await send('POST', `http://127.0.0.1:${sandbox.feHttpPort}/api/d/t/_cancel?label=slow`, {
      authorization: AUTHORIZATION,
    })
    expect(JSON.parse(cancel.text)).toMatchObject({ status: 'OK' })
    sandbox.faults.set({ holdContinue: false })
    expect(await pending).toMatchObject({ Status: 'Fail', Message: expect.stringContaining('cancelled') })
    expect(await loadState(sandbox, 'slow')).toMatchObject({ state: 'ABORTED' })
    const again = await send('POST', `http://127.0.0.1:${sandbox.feHttpPort}/api/d/t/_cancel?label=slow`, {
      authorization: AUTHORIZATION,
    })
    expect(JSON.parse(again.text)).toMatchObject({ status: 'FAILED' })
  })

  test('no label, no such database, no account', async () => {
    await open()
    const url = `http://127.0.0.1:${sandbox.feHttpPort}/api`
    const get = async (path: string) =>
      JSON.parse((await send('GET', `${url}/${path}`, { authorization: AUTHORIZATION })).text) as unknown
    expect(await get('d/get_load_state')).toMatchObject({ status: 'FAILED', msg: 'No label selected.' })
    expect(await get('x/get_load_state?label=l')).toMatchObject({
      status: 'FAILED',
      msg: 'unknown database, database=x',
    })
    expect((await send('GET', `${url}/d/get_load_state?label=l`)).status).toBe(401)
  })

  test('a follower sends the question to the leader', async () => {
    await open()
    sandbox.faults.set({ followerRedirect: 1 })
    const url = `http://127.0.0.1:${sandbox.feHttpPort}/api/d/get_load_state?label=l`
    const answer = await send('GET', url, { authorization: AUTHORIZATION })
    expect([answer.status, answer.headers.location]).toEqual([307, url])
  })
})

test('health and bootstrap need no account', async () => {
  await open()
  const get = async (path: string) =>
    JSON.parse((await send('GET', `http://127.0.0.1:${sandbox.feHttpPort}/api/${path}`)).text) as unknown
  expect(await get('health')).toMatchObject({ online_backend_num: 1, total_backend_num: 1, status: 'OK' })
  expect(await get('bootstrap')).toMatchObject({ status: 'OK' })
})

describe('the sandbox own routes', () => {
  test('faults over HTTP', async () => {
    await open()
    const url = `http://127.0.0.1:${sandbox.feHttpPort}/sandbox/faults`
    const post = (body: string) => send('POST', url, {}, Buffer.from(body))
    expect((await post('{"tooManyVersions": 2, "redirectTo": "h:1"}')).text).toBe(
      '{"tooManyVersions":2,"redirectTo":null}\n',
    )
    expect(JSON.parse((await send('GET', url)).text)).toEqual({ tooManyVersions: 2, redirectTo: null })
    for (const bad of ['{', '[]', '{"nothing": 1}', '{"tooManyVersions": -1}', '{"tooManyVersions": "x"}']) {
      expect((await post(bad)).status).toBe(400)
    }
    expect((await post('{"tooManyVersions": 0, "redirectTo": null}')).text).toBe('{}\n')
  })

  test('stats', async () => {
    await open()
    await streamLoad(sandbox, { table: 't', body: '1\n2\n' })
    await streamLoad(sandbox, { table: 't', body: 'x\n' })
    const stats = await send('GET', `http://127.0.0.1:${sandbox.feHttpPort}/sandbox/stats`)
    expect(JSON.parse(stats.text)).toEqual({ loads: 1, failedLoads: 1, rows: 2, bytes: 4, openLoads: 0 })
  })
})
