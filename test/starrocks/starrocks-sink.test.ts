import { afterEach, describe, expect, test } from '@jest/globals'
import { asFailure, type Failure } from '../../lib/model/failure.js'
import { StarRocksSink, type StarRocksSinkOptions } from '../../lib/starrocks/starrocks-sink.js'
import {
  backendScript,
  closedPort,
  type Exchange,
  frontendScript,
  type Script,
  type ScriptedNode,
  ScriptedNodes,
  successText,
} from '../support/stream-load-server.js'
import { csvLoad, sinkOptions } from './fixtures.js'

const nodes = new ScriptedNodes()
const sinks: StarRocksSink[] = []
afterEach(async () => {
  await Promise.all(sinks.splice(0).map(sink => sink.close()))
  await nodes.stop()
})

const start = (script: Script): Promise<ScriptedNode> => nodes.start(script)

const LOAD = csvLoad(['1\x01ann\x010\x02', '2\x01bob\x010\x02'])
const NEVER = new AbortController().signal

interface Cluster {
  readonly sink: StarRocksSink
  readonly be: ScriptedNode
  readonly fe: ScriptedNode
  /** Bodies that reached the BE. */
  bodies(): number
  /** Questions for the label's state. */
  questions(): number
}

async function cluster(
  verdict: (exchange: Exchange) => void | Promise<void>,
  states: readonly string[] = [],
  more: Partial<StarRocksSinkOptions> = {},
): Promise<Cluster> {
  const left = [...states]
  const be = await start(backendScript(verdict))
  const fe = await start(
    frontendScript(
      () => be.url,
      () => left.shift() ?? 'UNKNOWN',
    ),
  )
  const sink = new StarRocksSink(
    sinkOptions({ frontends: [{ host: '127.0.0.1', queryPort: 9, httpPort: fe.port }], ...more }),
  )
  sinks.push(sink)
  return {
    sink,
    be,
    fe,
    bodies: () => be.seen.filter(seen => seen.bodyBytes > 0).length,
    questions: () => fe.seen.filter(seen => seen.path.includes('/get_load_state')).length,
  }
}

async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  return promise.then(
    () => {
      throw new Error('it was to fail')
    },
    (error: unknown) => asFailure(error),
  )
}

const answer = (fields: object) => (exchange: Exchange) => exchange.answer(200, JSON.stringify(fields))
const counts = (loaded: number, filtered: number) => ({ NumberLoadedRows: loaded, NumberFilteredRows: filtered })

describe('answers that settle a load', () => {
  test('Success with all rows', async () => {
    const { sink, questions } = await cluster(exchange => exchange.answer(200, successText(2)))
    expect(await sink.write(LOAD, NEVER)).toEqual({ rows: 2 })
    expect(questions()).toBe(0)
  })
  test('Publish Timeout: committed; done when it is visible', async () => {
    const late = (exchange: Exchange) => exchange.answer(200, successText(2, 'Publish Timeout'))
    const { sink, questions, bodies } = await cluster(late, ['COMMITTED', 'COMMITTED', 'VISIBLE'])
    expect(await sink.write(LOAD, NEVER)).toEqual({ rows: 2 })
    expect(questions()).toBe(3)
    expect(bodies()).toBe(1)
  })
  test('the label is finished: the rows are those of the earlier try', async () => {
    const { sink } = await cluster(answer({ Status: 'Label Already Exists', ExistingJobStatus: 'FINISHED' }))
    expect(await sink.write(LOAD, NEVER)).toEqual({ rows: 2 })
  })
  test('the label is running: its state is asked until it is VISIBLE', async () => {
    const running = answer({ Status: 'Label Already Exists', ExistingJobStatus: 'RUNNING' })
    const { sink, questions } = await cluster(running, ['PREPARE', 'PREPARED', 'VISIBLE'])
    expect(await sink.write(LOAD, NEVER)).toEqual({ rows: 2 })
    expect(questions()).toBe(3)
  })
  test.each([
    ['fewer rows', { Status: 'Success', ...counts(1, 0) }],
    ['filtered rows', { Status: 'Success', ...counts(2, 1) }],
    ['unselected rows', { Status: 'Publish Timeout', ...counts(0, 0) }],
  ])('%s than sent is a failure, although the load stands', async (_name, fields) => {
    const { sink } = await cluster(answer(fields))
    const failure = await failureOf(sink.write(LOAD, NEVER))
    expect(failure).toMatchObject({
      kind: 'rowsMiscounted',
      message: expect.stringMatching(/demo\.t_user: 2 rows were sent/),
    })
  })
})

describe('outcomes that are not known', () => {
  test.each([['VISIBLE'], ['COMMITTED', 'VISIBLE']])('%s: done, and nothing is sent twice', async (...states) => {
    const { sink, bodies } = await cluster(exchange => exchange.cut(), ['PREPARE', ...states])
    expect(await sink.write(LOAD, NEVER)).toEqual({ rows: 2 })
    expect(bodies()).toBe(1)
  })

  test.each(['ABORTED', 'UNKNOWN'])('%s: the same load may be given again', async state => {
    let calls = 0
    const { sink, bodies, questions } = await cluster(
      exchange => (++calls === 1 ? exchange.cut() : exchange.answer(200, successText(2))),
      [state, state],
    )
    expect(await failureOf(sink.write(LOAD, NEVER))).toMatchObject({ kind: 'loadUnknown', retriable: true })
    expect(await sink.write(LOAD, NEVER)).toEqual({ rows: 2 })
    expect(bodies()).toBe(2)
    expect(questions()).toBe(2)
  })

  test('a commit seen only later is found before the load is sent again', async () => {
    const { sink, bodies } = await cluster(exchange => exchange.cut(), ['UNKNOWN', 'VISIBLE'])
    expect(await failureOf(sink.write(LOAD, NEVER))).toMatchObject({ kind: 'loadUnknown' })
    expect(await sink.write(LOAD, NEVER)).toEqual({ rows: 2 })
    expect(bodies()).toBe(1)
  })

  test('an open transaction is awaited only as long as a load may run', async () => {
    const open = Array.from({ length: 500 }, () => 'PREPARE')
    const { sink } = await cluster(exchange => exchange.cut(), open, { loadTimeoutMs: 40 })
    expect(await failureOf(sink.write(LOAD, NEVER))).toMatchObject({
      kind: 'loadUnknown',
      message: expect.stringMatching(/PREPARE/),
    })
  })

  test('a BE that never answers is given up after the load time-out', async () => {
    const { sink } = await cluster(() => undefined, ['VISIBLE'], {
      loadTimeoutMs: 60,
      connectTimeoutMs: 200,
      answerGraceMs: 10,
    })
    expect(await sink.write(LOAD, NEVER)).toEqual({ rows: 2 })
  })

  test('when no FE can tell, nothing is sent again until one can', async () => {
    let broken = true
    const be = await start(backendScript(exchange => exchange.cut()))
    const healthy = frontendScript(
      () => be.url,
      () => 'VISIBLE',
    )
    const fe = await start(exchange =>
      broken && exchange.seen.path.includes('get_load_state') ? exchange.answer(500, 'oops') : healthy(exchange),
    )
    const sink = new StarRocksSink(sinkOptions({ frontends: [{ host: '127.0.0.1', queryPort: 9, httpPort: fe.port }] }))
    sinks.push(sink)
    for (let i = 0; i < 3; i += 1)
      expect(await failureOf(sink.write(LOAD, NEVER))).toMatchObject({ kind: 'loadUnknown' })
    broken = false
    expect(await sink.write(LOAD, NEVER)).toEqual({ rows: 2 })
    expect(be.seen.filter(seen => seen.bodyBytes > 0)).toHaveLength(1)
  })

  test('a follower redirects the question to its leader', async () => {
    const { be, fe } = await cluster(exchange => exchange.cut(), ['VISIBLE'])
    const follower = await start(exchange =>
      exchange.seen.path.includes('get_load_state')
        ? exchange.redirect(`${fe.url}${exchange.seen.path}`)
        : exchange.redirect(`${be.url}${exchange.seen.path}`),
    )
    const frontends = [{ host: '127.0.0.1', queryPort: 9, httpPort: follower.port }]
    const sink = new StarRocksSink(sinkOptions({ frontends }))
    sinks.push(sink)
    expect(await sink.write(LOAD, NEVER)).toEqual({ rows: 2 })
    const question = fe.seen.find(seen => seen.path.includes('get_load_state'))
    expect(question).toMatchObject({ path: '/api/demo/get_load_state?label=l-1' })
    expect(question!.headers.authorization).toBeDefined()
  })

  test('stopping ends the wait', async () => {
    const stop = new AbortController()
    const be = await start(backendScript(exchange => exchange.cut()))
    const fe = await start(
      frontendScript(
        () => be.url,
        () => {
          stop.abort()
          return 'PREPARE'
        },
      ),
    )
    const frontends = [{ host: '127.0.0.1', queryPort: 9, httpPort: fe.port }]
    const sink = new StarRocksSink(sinkOptions({ frontends, statePollMs: 60_000 }))
    sinks.push(sink)
    expect(await failureOf(sink.write(LOAD, stop.signal))).toMatchObject({ kind: 'loadUnknown' })
  })
})

describe('rejections', () => {
  test('the first rejected rows are read from the error log and name table and column', async () => {
    const logs = await start(exchange =>
      exchange.answer(
        200,
        "Error: String 'abcdef'(length=6) is too long. The max length of 'name' is 5. Row: [1, 'abcdef']\n".repeat(9),
      ),
    )
    const ErrorURL = 'http://10.9.8.7:8040/api/_load_error_log?file=error_log_1_2'
    const { sink } = await cluster(
      answer({ Status: 'Fail', Message: 'too many filtered rows', ErrorURL, ...counts(1, 1) }),
      [],
      {
        addressMap: { '10.9.8.7:8040': logs.address },
      },
    )
    const failure = await failureOf(sink.write(LOAD, NEVER))
    expect(failure).toMatchObject({ kind: 'rowRejected', retriable: false })
    expect(failure.message).toMatch(
      /^demo\.t_user: StarRocks rejected 1 of 2 rows because of column name: String 'abcdef'/,
    )
    expect(failure.message).toContain('label l-1')
    expect(logs.seen[0]).toMatchObject({ path: '/api/_load_error_log?file=error_log_1_2' })
    expect(logs.seen[0]!.headers.authorization).toBeUndefined()
  })

  test('an error log that cannot be read leaves the message standing', async () => {
    const ErrorURL = `http://127.0.0.1:${await closedPort()}/api/_load_error_log?file=e`
    const { sink } = await cluster(
      answer({ Status: 'Fail', Message: 'too many filtered rows', ErrorURL, ...counts(0, 2) }),
    )
    const failure = await failureOf(sink.write(LOAD, NEVER))
    expect(failure).toMatchObject({
      kind: 'rowRejected',
      message: expect.stringMatching(/too many filtered rows.*could not be read/),
    })
  })

  test.each([
    ['Access denied; you need the INSERT privilege', 'targetDenied'],
    ['too many versions, current/limit: 1001/1000', 'targetBusy'],
    ['Service is shutting down, please retry later!', 'targetUnreachable'],
    ['unknown table "demo.t_user"', 'loadRejected'],
  ])('%s is %s', async (Message, kind) => {
    const { sink } = await cluster(answer({ Status: 'Fail', Message }))
    const failure = await failureOf(sink.write(LOAD, NEVER))
    expect(failure).toMatchObject({ kind })
    expect(failure.message).toContain(Message)
  })

  test('closed ports are targetUnreachable', async () => {
    const frontends = [{ host: '127.0.0.1', queryPort: await closedPort(), httpPort: await closedPort() }]
    const sink = new StarRocksSink(sinkOptions({ frontends }))
    sinks.push(sink)
    expect(await failureOf(sink.write(LOAD, NEVER))).toMatchObject({ kind: 'targetUnreachable' })
    expect(await failureOf(sink.truncate(LOAD.target))).toMatchObject({ kind: 'targetUnreachable' })
  })
})

test('no failure shows a password, however StarRocks echoes it', async () => {
  const url = 'http://sync:se:cret@1@10.0.0.1:8040/x'
  const texts = [
    { Status: 'Fail', Message: `redirected from ${url}` },
    { status: 'FAILED', msg: `Access denied at ${url}` },
    { Status: `odd ${url}` },
  ]
  for (const fields of texts) {
    const { sink } = await cluster(answer(fields))
    const failure = await failureOf(sink.write(LOAD, NEVER))
    const shown = [failure.message, failure.advice, failure.stack, String(failure.cause)].join('\n')
    expect(shown).not.toMatch(/cret|c2U6/)
  }
})
