import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { askEngine } from '../../lib/control/ask-engine.js'
import { ControlServer, type RequestHandlers } from '../../lib/control/control-server.js'
import { Failure } from '../../lib/model/failure.js'

let dataDir: string
const open: ControlServer[] = []

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'control-'))
})

afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
  rmSync(dataDir, { recursive: true, force: true })
})

async function serve(handlers: RequestHandlers, folder = dataDir): Promise<ControlServer> {
  const server = await ControlServer.open(
    { dataDir: folder, filter: text => text.replaceAll('secret', '***') },
    handlers,
  )
  open.push(server)
  return server
}

function echo(): RequestHandlers {
  return new Map([['echo', async options => options]])
}

/** What the server says to raw bytes, until it hangs up. */
function say(path: string, bytes: string | Buffer, hangUp = false): Promise<string> {
  return new Promise((resolve, reject) => {
    const heard: Buffer[] = []
    const socket = connect(path, () => (hangUp ? socket.end(bytes) : socket.write(bytes)))
    socket.on('data', data => heard.push(data))
    socket.on('error', reject)
    socket.on('close', () => resolve(Buffer.concat(heard).toString()))
  })
}

test('a request is answered with progress and a result', async () => {
  await serve(
    new Map([
      [
        'count',
        async ({ to }, { progress }) => {
          for (let i = 1; i <= Number(to); i++) progress({ at: i })
          return { counted: to, text: 'ä\n' }
        },
      ],
    ]),
  )
  const seen: unknown[] = []
  const options = { to: 3 }
  const result = await askEngine({ dataDir, request: 'count', options, onProgress: value => seen.push(value) })
  expect(seen).toEqual([{ at: 1 }, { at: 2 }, { at: 3 }])
  expect(result).toEqual({ counted: 3, text: 'ä\n' })
})

test('a failure comes with its kind, its message and its advice, without secrets', async () => {
  const failure = new Failure('targetUnfit', 'no table for secret', { advice: 'make one' })
  await serve(new Map([['reload', () => Promise.reject(failure)]]))
  await expect(askEngine({ dataDir, request: 'reload' })).rejects.toMatchObject({
    kind: 'targetUnfit',
    message: 'no table for ***',
    advice: 'make one',
  })
})

test('a request that is not known names those that are', async () => {
  const handlers = echo()
  await serve(handlers)
  await expect(askEngine({ dataDir, request: 'recopy' })).rejects.toMatchObject({
    kind: 'requestRefused',
    message: expect.stringContaining('what it answers: echo'),
  })
  handlers.set('recopy', async () => 'done')
  expect(await askEngine({ dataDir, request: 'recopy' })).toBe('done')
})

test.each([
  ['no JSON', 'hello\n', 'this is no request'],
  ['no object', '[1]\n', 'this is no request'],
  ['no name', '{"options":{}}\n', 'this is no request'],
  ['options that are none', '{"request":"echo","options":[1]}\n', 'are no object'],
  ['bytes that are no text', Buffer.from([0xff, 0x00, 0xfe, 0x0a]), 'this is no request'],
  ['a name of an object', '{"request":"constructor"}\n', 'cannot be asked to'],
])('%s is refused, and the next request is answered', async (_what, bytes, reason) => {
  const { path } = await serve(echo())
  expect(JSON.parse(await say(path, bytes))).toMatchObject({
    failure: { kind: 'requestRefused', message: expect.stringContaining(reason) },
  })
  expect(await askEngine({ dataDir, request: 'echo', options: { a: 1 } })).toEqual({ a: 1 })
})

test('a request without an end, and one that is too long, are no load on the engine', async () => {
  const { path } = await serve(echo())
  expect(await say(path, '{"request":"echo"', true)).toBe('')
  const long = Buffer.alloc(17 * 1024 * 1024, 'x')
  const answer = await say(path, long).catch((error: NodeJS.ErrnoException) => error.code)
  // The answer may be cut off by the bytes that nobody reads any more.
  if (answer !== 'EPIPE' && answer !== 'ECONNRESET') expect(answer).toContain('a request has at most')
  expect(await askEngine({ dataDir, request: 'echo' })).toEqual({})
})

test('without an engine the message says so', async () => {
  await expect(askEngine({ dataDir, request: 'echo' })).rejects.toMatchObject({
    kind: 'notRunning',
    message: `no engine runs for ${dataDir}`,
  })
  await expect(askEngine({ dataDir: join(dataDir, 'none'), request: 'echo' })).rejects.toMatchObject({
    kind: 'notRunning',
  })
})

test('an engine that ends before its answer is told of', async () => {
  let gone: AbortSignal | null = null
  const server = await serve(
    new Map([
      [
        'wait',
        (_options, exchange) => {
          gone = exchange.gone
          exchange.progress('begun')
          return new Promise(() => undefined)
        },
      ],
    ]),
  )
  const begun: unknown[] = []
  const asked = askEngine({
    dataDir,
    request: 'wait',
    onProgress: value => {
      begun.push(value)
      void server.close()
    },
  })
  await expect(asked).rejects.toMatchObject({ kind: 'answerLost', message: expect.stringContaining('engine ended') })
  expect(begun).toEqual(['begun'])
  expect(gone!.aborted).toBe(true)
})

test('who hangs up is noticed', async () => {
  const hungUp = new AbortController()
  const noticed = new Promise<void>(resolve => {
    void serve(
      new Map([
        [
          'wait',
          (_options, { progress, gone }) => {
            gone.addEventListener('abort', () => resolve())
            progress('begun')
            return new Promise(() => undefined)
          },
        ],
      ]),
    ).then(() =>
      askEngine({
        dataDir,
        request: 'wait',
        signal: hungUp.signal,
        onProgress: () => hungUp.abort(),
      }).catch(() => undefined),
    )
  })
  await noticed
})

test('an answer that is none is not taken for one', async () => {
  const server = createServer(socket => socket.resume().end('{"done":true}\n'))
  await new Promise<void>(resolve => server.listen(join(dataDir, 'control.sock'), resolve))
  await expect(askEngine({ dataDir, request: 'echo' })).rejects.toMatchObject({ kind: 'answerLost' })
  await new Promise(resolve => server.close(resolve))
})

test('only this user may connect', async () => {
  const { path } = await serve(echo())
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('a data_dir whose path is too long for a socket has it elsewhere, and says where', async () => {
  const deep = join(dataDir, 'd'.repeat(100), 'ä'.repeat(60))
  mkdirSync(deep, { recursive: true })
  const server = await serve(echo(), deep)
  const { path } = server
  expect(Buffer.byteLength(path)).toBeLessThanOrEqual(103)
  expect(readFileSync(join(deep, 'control.path'), 'utf8')).toBe(`${path}\n`)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(statSync(dirname(path)).mode & 0o777).toBe(0o700)
  expect(await askEngine({ dataDir: deep, request: 'echo', options: { far: true } })).toEqual({ far: true })
  await server.close()
  open.length = 0
  expect(existsSync(dirname(path))).toBe(false)
  expect(existsSync(join(deep, 'control.path'))).toBe(false)
})

test('two engines cannot share a data_dir', async () => {
  await serve(echo())
  await expect(serve(new Map())).rejects.toMatchObject({ kind: 'alreadyRunning' })
  expect(await askEngine({ dataDir, request: 'echo' })).toEqual({})
})

/** A socket as an engine that was killed leaves it. */
function abandon(path: string): void {
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  spawnSync(process.execPath, ['-e', script])
  expect(existsSync(path)).toBe(true)
}

test('the socket of an engine that was killed is taken over', async () => {
  abandon(join(dataDir, 'control.sock'))
  await expect(askEngine({ dataDir, request: 'echo' })).rejects.toMatchObject({ kind: 'notRunning' })
  await serve(echo())
  expect(await askEngine({ dataDir, request: 'echo' })).toEqual({})
})

test('one that lay elsewhere is removed with its folder, and nothing else is', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mysql-sr-sync-'))
  abandon(join(folder, 'control.sock'))
  writeFileSync(join(dataDir, 'control.path'), `${join(folder, 'control.sock')}\n`)
  const { path } = await serve(echo())
  expect(path).toBe(join(dataDir, 'control.sock'))
  expect(existsSync(folder)).toBe(false)
  await open.pop()!.close()
  const other = join(dataDir, 'kept')
  writeFileSync(other, '')
  writeFileSync(join(dataDir, 'control.path'), `${other}\n`)
  await serve(echo())
  expect(existsSync(other)).toBe(true)
})
