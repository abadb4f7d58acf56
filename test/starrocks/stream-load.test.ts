import { afterEach, describe, expect, test } from '@jest/globals'
import type { Load } from '../../lib/dispatch/sink.js'
import { BodyTransfer } from '../../lib/starrocks/body-transfer.js'
import { Frontends } from '../../lib/starrocks/frontends.js'
import { StreamLoad } from '../../lib/starrocks/stream-load.js'
import {
  backendScript,
  closedPort,
  frontendScript,
  type Script,
  type ScriptedNode,
  ScriptedNodes,
  successText,
} from '../support/stream-load-server.js'
import { csvLoad, sinkOptions } from './fixtures.js'

const nodes = new ScriptedNodes()
afterEach(async () => {
  await nodes.stop()
})

const start = (script: Script): Promise<ScriptedNode> => nodes.start(script)

const LOAD = csvLoad(['1\x01ann\x010\x02', '2\x01bob\x010\x02'])
const NEVER = new AbortController().signal

interface Setup {
  readonly frontends: readonly { readonly port: number }[]
  readonly backends?: readonly string[]
  readonly addressMap?: Record<string, string>
  readonly redirectTimeoutMs?: number
  readonly loadTimeoutMs?: number
  readonly connectTimeoutMs?: number
}

function client(setup: Setup): StreamLoad {
  const frontends = setup.frontends.map(({ port }) => ({ host: '127.0.0.1', queryPort: 9, httpPort: port }))
  const options = sinkOptions({
    frontends,
    ...(setup.backends === undefined ? {} : { backends: setup.backends }),
    addressMap: setup.addressMap ?? {},
    redirectTimeoutMs: setup.redirectTimeoutMs ?? 5000,
    loadTimeoutMs: setup.loadTimeoutMs ?? 60_000,
    connectTimeoutMs: setup.connectTimeoutMs ?? 5000,
  })
  const entrances = new Frontends(options)
  return new StreamLoad(options, entrances, new BodyTransfer(options, entrances))
}

const send = (setup: Setup, load: Load = LOAD) => client(setup).send(load, NEVER)

/** Loads that carried credentials; the question whether a node takes bodies carries none. */
const loadsOf = (node: ScriptedNode) => node.seen.filter(seen => seen.headers.authorization !== undefined)

describe('connections to a BE', () => {
  const answering = (connection: 'keep-alive' | 'close') =>
    backendScript(exchange => exchange.answer(200, successText(2), { connection }))
  const portsOf = (node: ScriptedNode) => loadsOf(node).map(({ clientPort }) => clientPort)

  test.each([
    ['keep-alive', 'the next load goes over the one that the last was answered on', 1],
    ['close', 'a node that closes them gets each load over a new one', 3],
  ] as const)('%s: %s', async (connection, _, connections) => {
    const be = await start(answering(connection))
    const loading = client({ frontends: [{ port: 9 }], backends: [be.address] })
    for (let i = 0; i < 3; i++) expect(await loading.send(LOAD, NEVER)).toMatchObject({ kind: 'done' })
    expect(new Set(portsOf(be)).size).toBe(connections)
  })

  test('loads at the same time have one each', async () => {
    const be = await start(answering('keep-alive'))
    const loading = client({ frontends: [{ port: 9 }], backends: [be.address] })
    await Promise.all([1, 2, 3].map(() => loading.send(LOAD, NEVER)))
    expect(new Set(portsOf(be)).size).toBe(3)
  })

  test('one that was answered before all of the body had left is not used again', async () => {
    const be = await start(answering('keep-alive'))
    be.script = async exchange => {
      if (exchange.seen.headers.authorization === undefined || loadsOf(be).length > 1)
        return answering('keep-alive')(exchange)
      await exchange.readBody(1)
      exchange.answer(200, successText(2, 'Fail'), { connection: 'keep-alive' })
    }
    const loading = client({ frontends: [{ port: 9 }], backends: [be.address] })
    const large = csvLoad(Array.from({ length: 64 }, () => 'x'.repeat(1 << 20)))
    await loading.send(large, NEVER)
    expect(await loading.send(LOAD, NEVER)).toMatchObject({ kind: 'done' })
    expect(loadsOf(be)[1]!.body).toBe('1\x01ann\x010\x022\x01bob\x010\x02')
    expect(new Set(portsOf(be)).size).toBe(2)
  })
})

describe('a load through an FE', () => {
  test('the FE gets headers only, the BE gets headers and body, both with credentials of their own request', async () => {
    const be = await start(backendScript(exchange => exchange.answer(200, successText(2))))
    const fe = await start(frontendScript(() => `http://leaked:pass@${be.address}`))
    expect(await send({ frontends: [fe] })).toMatchObject({ kind: 'done', rows: 2, filtered: 0, visible: true })
    expect(fe.seen).toHaveLength(1)
    expect(fe.seen[0]).toMatchObject({
      method: 'PUT',
      path: '/api/demo/t_user/_stream_load',
      bodyBytes: 0,
      expected: true,
    })
    const [load] = loadsOf(be)
    expect(load).toMatchObject({ path: '/api/demo/t_user/_stream_load', body: '1\x01ann\x010\x022\x01bob\x010\x02' })
    expect(load!.headers).toMatchObject({
      label: 'l-1',
      format: 'csv',
      columns: '`id`,`name`,__op',
      column_separator: '\\x01',
      row_delimiter: '\\x02',
      strict_mode: 'true',
      max_filter_ratio: '0',
      timeout: '60',
      'content-length': String(LOAD.bytes),
      authorization: `Basic ${Buffer.from('sync:se:cret@1').toString('base64')}`,
      connection: 'keep-alive',
    })
    expect(load!.headers.expect).toBeUndefined()
    expect(load!.headers['transfer-encoding']).toBeUndefined()
  })

  test('whether a node takes bodies is asked once, without credentials and without a label', async () => {
    const be = await start(backendScript(exchange => exchange.answer(200, successText(2))))
    const fe = await start(frontendScript(() => be.url))
    const loads = client({ frontends: [fe] })
    await loads.send(LOAD, NEVER)
    await loads.send(LOAD, NEVER)
    const asked = be.seen.filter(seen => seen.headers.authorization === undefined)
    expect(asked).toHaveLength(1)
    expect(asked[0]!.headers.label).toBeUndefined()
    expect(asked[0]!.bodyBytes).toBe(0)
  })

  test('a follower that redirects to an unlisted leader is followed, and neither gets a body', async () => {
    const be = await start(backendScript(exchange => exchange.answer(200, successText(2))))
    const leader = await start(frontendScript(() => be.url))
    const follower = await start(frontendScript(() => leader.url))
    expect(await send({ frontends: [follower] })).toMatchObject({ kind: 'done' })
    for (const fe of [follower, leader]) for (const seen of fe.seen) expect(seen.bodyBytes).toBe(0)
    expect(loadsOf(be)).toHaveLength(1)
  })

  test('the address map sends the load where the redirect cannot', async () => {
    const be = await start(backendScript(exchange => exchange.answer(200, successText(2))))
    const fe = await start(frontendScript(() => 'http://10.0.0.7:8040'))
    const verdict = await send({ frontends: [fe], addressMap: { '10.0.0.7:8040': be.address } })
    expect(verdict).toMatchObject({ kind: 'done', rows: 2 })
  })

  test('a redirect to another scheme is refused before anything is sent', async () => {
    const be = await start(backendScript(exchange => exchange.answer(200, successText(2))))
    const fe = await start(frontendScript(() => `https://sync:secret@${be.address}`))
    await expect(send({ frontends: [fe] })).rejects.toMatchObject({ kind: 'targetUnfit' })
    expect(be.seen).toHaveLength(0)
  })

  test('redirects in a circle end', async () => {
    const fe: ScriptedNode = await start(frontendScript(() => fe.url))
    expect(await send({ frontends: [fe] })).toMatchObject({
      kind: 'unreachable',
      message: expect.stringMatching(/redirects/),
    })
  })

  test('an address that asks for the body itself is loaded directly', async () => {
    const be = await start(backendScript(exchange => exchange.answer(200, successText(2))))
    expect(await send({ frontends: [be] })).toMatchObject({ kind: 'done', rows: 2 })
  })

  test('a body of many pieces arrives whole and in order', async () => {
    const rows = Array.from({ length: 200 }, (_, i) => `${i}\x01${'x'.repeat(20_000)}\x010\x02`)
    const be = await start(backendScript(exchange => exchange.answer(200, successText(200))))
    const load = csvLoad(rows)
    expect(await send({ frontends: [{ port: 1 }], backends: [be.address] }, load)).toMatchObject({ kind: 'done' })
    expect(be.seen[0]!.body).toBe(rows.join(''))
    expect(be.seen[0]!.headers['content-length']).toBe(String(load.bytes))
  })
})

describe('entrances that fail before a byte was sent are passed over', () => {
  test.each([
    ['a closed port', async () => ({ port: await closedPort() })],
    ['an FE that never answers', () => start(() => undefined)],
    ['an FE that cuts the connection', () => start(exchange => exchange.cut())],
    [
      'an FE without a BE',
      () => start(exchange => exchange.answer(200, '{"status":"FAILED","msg":"No backend alive."}')),
    ],
    [
      'an FE without a leader',
      () => start(exchange => exchange.answer(200, '{"Status":"FAILED","Message":"current fe is not master"}')),
    ],
    [
      'an FE that redirects to a dead BE',
      async () => {
        const dead = await closedPort()
        return start(frontendScript(() => `http://127.0.0.1:${dead}`))
      },
    ],
  ])('%s', async (_name, bad) => {
    const be = await start(backendScript(exchange => exchange.answer(200, successText(2))))
    const good = await start(frontendScript(() => be.url))
    const setup = { frontends: [await bad(), good], redirectTimeoutMs: 300 }
    expect(await send(setup)).toMatchObject({ kind: 'done', rows: 2 })
    expect(loadsOf(be)).toHaveLength(1)
  })

  test('when no entrance is left, the verdict names every one of them', async () => {
    const ports = [await closedPort(), await closedPort()]
    const verdict = await send({ frontends: ports.map(port => ({ port })) })
    expect(verdict.kind).toBe('unreachable')
    for (const port of ports) expect(JSON.stringify(verdict)).toContain(`127.0.0.1:${port}`)
  })

  test('the entrance that answered is asked first the next time', async () => {
    const be = await start(backendScript(exchange => exchange.answer(200, successText(2))))
    const bad = await start(exchange => exchange.cut())
    const good = await start(frontendScript(() => be.url))
    const loads = client({ frontends: [bad, good] })
    await loads.send(LOAD, NEVER)
    await loads.send(LOAD, NEVER)
    expect(bad.seen).toHaveLength(1)
    expect(good.seen).toHaveLength(2)
  })

  test('a slow redirect is awaited, and the FE is sent no body meanwhile', async () => {
    const be = await start(backendScript(exchange => exchange.answer(200, successText(2))))
    const fe = await start(async exchange => {
      await new Promise(resolve => setTimeout(resolve, 300))
      exchange.redirect(`${be.url}${exchange.seen.path}`)
    })
    expect(await send({ frontends: [fe] })).toMatchObject({ kind: 'done' })
    expect(fe.seen[0]!.bodyBytes).toBe(0)
  })
})

describe('after a byte was sent, an unread answer is unknown', () => {
  const unanswered: [string, Script][] = [
    ['the connection is cut when the body was read', backendScript(exchange => exchange.cut())],
    [
      'the answer is cut in its middle',
      backendScript(exchange => exchange.raw('HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"Status":"Success","Num')),
    ],
    ['the answer is no JSON', backendScript(exchange => exchange.answer(200, '<html>gateway</html>'))],
    ['the answer is empty', backendScript(exchange => exchange.answer(200, ''))],
    ['the answer is HTTP 502', backendScript(exchange => exchange.answer(502, 'Bad Gateway'))],
    ['the answer says nothing known', backendScript(exchange => exchange.answer(200, '{"Status":"OK"}'))],
  ]
  test.each(unanswered)('%s', async (_name, script) => {
    const be = await start(script)
    const fe = await start(frontendScript(() => be.url))
    const other = await start(frontendScript(() => be.url))
    expect(await send({ frontends: [fe, other] })).toMatchObject({ kind: 'unknown' })
    expect(loadsOf(be)).toHaveLength(1)
    expect(other.seen).toHaveLength(0)
  })

  test('the connection is cut while a large body is on its way', async () => {
    const be = await start(async exchange => {
      if (!exchange.authorized)
        return exchange.answer(200, '{"Status":"Fail","Message":"no valid Basic authorization"}')
      await exchange.readBody(100_000)
      exchange.cut()
    })
    const fe = await start(frontendScript(() => be.url))
    const load = csvLoad(Array.from({ length: 400 }, () => 'x'.repeat(65_536)))
    expect(await send({ frontends: [fe] }, load)).toMatchObject({ kind: 'unknown' })
  })

  test('stopping while the answer is awaited', async () => {
    const stop = new AbortController()
    const be = await start(backendScript(() => stop.abort()))
    const fe = await start(frontendScript(() => be.url))
    const verdict = await client({ frontends: [fe] }).send(LOAD, stop.signal)
    expect(verdict).toMatchObject({ kind: 'unknown', message: expect.stringMatching(/stopped/) })
  })

  test('stopping before anything was sent rejects', async () => {
    const fe = await start(frontendScript(() => 'http://127.0.0.1:1'))
    await expect(client({ frontends: [fe] }).send(LOAD, AbortSignal.abort())).rejects.toMatchObject({
      kind: 'targetUnreachable',
    })
    expect(fe.seen).toHaveLength(0)
  })
})

describe('verdicts', () => {
  test('an answer that comes before the body was read is read', async () => {
    const text =
      '{"Status":"Label Already Exists","ExistingJobStatus":"FINISHED","Message":"Label [l-1] has already been used."}'
    const be = await start(async exchange => {
      if (!exchange.authorized)
        return exchange.answer(200, '{"Status":"Fail","Message":"no valid Basic authorization"}')
      await exchange.readBody(1)
      exchange.answer(200, text)
    })
    const load = csvLoad(Array.from({ length: 400 }, () => 'x'.repeat(65_536)))
    const verdict = await send({ frontends: [{ port: 1 }], backends: [be.address] }, load)
    expect(verdict).toEqual({ kind: 'existing', job: 'finished' })
  })

  test.each([
    ['{"status":"FAILED","msg":"There is no 100-continue header"}', 200, 'rejected'],
    [
      '{"Status":"FAILED","Message":"class com.starrocks.common.DdlException: unknown database, database=demo"}',
      200,
      'rejected',
    ],
    ['{"status":"FAILED","code":"1","msg":"Access denied for sync@127.0.0.1"}', 401, 'denied'],
  ])('an FE that answers %s is not asked for more', async (text, status, kind) => {
    const fe = await start(exchange => exchange.answer(status, text))
    const other = await start(exchange => exchange.cut())
    expect(await send({ frontends: [fe, other] })).toMatchObject({ kind })
    expect(other.seen).toHaveLength(0)
  })

  test('a redirect that comes after the body is a rejected load, not a loop', async () => {
    const proxy = await start(async exchange => {
      if (exchange.seen.expected) exchange.sayContinue()
      await exchange.readBody()
      exchange.redirect('http://10.0.0.7:8040/api/demo/t_user/_stream_load')
    })
    expect(await send({ frontends: [proxy] })).toMatchObject({
      kind: 'rejected',
      message: expect.stringMatching(/sr_be_http/),
    })
  })
})
