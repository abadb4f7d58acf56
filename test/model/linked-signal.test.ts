import { getEventListeners } from 'node:events'
import { expect, test } from '@jest/globals'
import { underSignals } from '../../lib/model/linked-signal.js'
import { StarRocksSink } from '../../lib/starrocks/starrocks-sink.js'
import { csvLoad, sinkOptions } from '../starrocks/fixtures.js'
import { backendScript, frontendScript, ScriptedNode, successText } from '../support/stream-load-server.js'

/** What hangs on a signal: listeners, and the signals `AbortSignal.any` made from it, which are no listeners. */
function hangingOn(signal: AbortSignal): number {
  const hidden = Object.getOwnPropertySymbols(signal)
    .filter(symbol => /depend/i.test(symbol.description ?? ''))
    .map(symbol => (signal as unknown as Record<symbol, { size?: number } | undefined>)[symbol]?.size ?? 0)
  return getEventListeners(signal, 'abort').length + hidden.reduce((sum, size) => sum + size, 0)
}

test('the measure sees what AbortSignal.any leaves', () => {
  const { signal } = new AbortController()
  const kept = AbortSignal.any([signal])
  expect([hangingOn(signal), kept.aborted]).toEqual([1, false])
})

test('100,000 uses leave nothing on either signal', async () => {
  const [a, b] = [new AbortController().signal, new AbortController().signal]
  for (let i = 0; i < 100_000; i += 1) {
    await underSignals([a, b], async () => {
      if (i % 3 === 0) throw new Error('no')
    }).catch(() => undefined)
    // Early, since a heap of listeners would take its time.
    if (i === 99) expect([hangingOn(a), hangingOn(b)]).toEqual([0, 0])
  }
  expect([hangingOn(a), hangingOn(b)]).toEqual([0, 0])
})

test('either one aborts, with its reason, also when it did before', async () => {
  for (const which of [0, 1]) {
    const both = [new AbortController(), new AbortController()]
    await underSignals([both[0]!.signal, both[1]!.signal], async either => {
      expect(either.aborted).toBe(false)
      both[which]!.abort(new Error('mine'))
      expect(either.reason).toMatchObject({ message: 'mine' })
    })
    await underSignals([both[0]!.signal, both[1]!.signal], async either => expect(either.aborted).toBe(true))
  }
})

test('as many as there are at the same time have one listener, and each hears of the end', async () => {
  const [a, b] = [new AbortController(), new AbortController()]
  const heard: unknown[] = []
  const begun: Promise<void>[] = []
  for (let i = 0; i < 40; i += 1)
    begun.push(
      underSignals([a.signal, b.signal], async own => {
        await new Promise(done => own.addEventListener('abort', done))
        heard.push(own.reason)
      }),
    )
  expect([hangingOn(a.signal), hangingOn(b.signal)]).toEqual([1, 1])
  a.abort('over')
  await Promise.all(begun)
  expect(heard).toEqual(Array(40).fill('over'))
  expect([hangingOn(a.signal), hangingOn(b.signal)]).toEqual([0, 0])
})

test('loads leave nothing on the signal they are given', async () => {
  const be = await ScriptedNode.start(backendScript(exchange => exchange.answer(200, successText(1))))
  const fe = await ScriptedNode.start(frontendScript(() => be.url))
  const sink = new StarRocksSink(sinkOptions({ frontends: [{ host: '127.0.0.1', queryPort: 9, httpPort: fe.port }] }))
  const { signal } = new AbortController()
  try {
    for (let i = 0; i < 10; i += 1) await sink.write(csvLoad(['1\x02']), signal)
    expect(hangingOn(signal)).toBe(0)
  } finally {
    await sink.close()
    await Promise.all([be.stop(), fe.stop()])
  }
})
