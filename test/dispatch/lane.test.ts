import { getEventListeners } from 'node:events'
import { expect, test } from '@jest/globals'
import { untilDone } from '../../lib/dispatch/lane.js'
import { Failure } from '../../lib/model/failure.js'
import { csvLoad } from '../starrocks/fixtures.js'

test('loads of many targets that wait for StarRocks together hang on the stream as one, and end with it', async () => {
  const stop = new AbortController()
  let tries = 0
  const away = async (): Promise<void> => {
    tries += 1
    throw new Failure('targetUnreachable', 'no backend is alive')
  }
  const patience = { observer: () => undefined, signal: stop.signal, busy: () => undefined }
  const waiting = Array.from({ length: 30 }, () => untilDone(csvLoad(['1\x02']), patience, away))
  while (tries < 30) await new Promise(done => setImmediate(done))
  await new Promise(done => setImmediate(done))
  expect(getEventListeners(stop.signal, 'abort')).toHaveLength(1)
  stop.abort(new Error('stopped'))
  for (const { status } of await Promise.allSettled(waiting)) expect(status).toBe('rejected')
  expect([tries, getEventListeners(stop.signal, 'abort')]).toEqual([30, []])
})
