import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { TestServer } from '../../lib/servers/test-server.js'
import { SyncBench } from '../support/sync-bench.js'

// Its connections are ended: those of another test's engine are none of this one's.
let bench: SyncBench<TestServer>
const socket = createSocket('udp4')
/** Sums of counters and last values of the others, by full name. */
const seen = new Map<string, number>()

beforeAll(async () => {
  bench = await SyncBench.own('mysql')
  await bench.server.sql(`create table ${bench.schema}.t (id int primary key)`)
  await bench.server.sql(`create table ${bench.schema}.unrelated (id int primary key)`)
  socket.on('message', datagram => {
    for (const line of datagram.toString().split('\n').filter(Boolean)) {
      const [, name, value, type] = /^([^:]+):(-?[\d.]+)\|(c|g|ms)$/.exec(line)!
      seen.set(name!, Number(value) + (type === 'c' ? (seen.get(name!) ?? 0) : 0))
    }
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
})
afterAll(async () => {
  await bench?.close()
  socket.close()
})

function configure(top: Record<string, string | number> = {}): Promise<void> {
  return bench.configure({
    top: { statsd_host: '127.0.0.1', statsd_port: socket.address().port, statsd_prefix: 'shop.sync', ...top },
    blocks: bench.blocks({ t: '' }),
  })
}

async function count(name: string): Promise<number> {
  while (!seen.has(name)) await once(socket, 'message')
  return seen.get(name)!
}

test('the metrics of docs/metrics.md arrive from a real run', async () => {
  await configure()
  bench.engine.start()
  await bench.engine.caughtUp()
  bench.sandbox.faults.set({ noBackendAlive: 2 })
  await bench.server.sql([
    `insert into ${bench.schema}.t values (1), (2), (3)`,
    `insert into ${bench.schema}.unrelated values (1)`,
  ])
  await bench.engine.caughtUp()
  await bench.server.sql(`flush binary logs`)
  await bench.engine.caughtUp()
  // The source ends the connection; the engine makes another.
  const [dump] = await bench.server.sql(
    `select id from information_schema.processlist where command like 'Binlog Dump%'`,
  )
  await bench.server.sql(`kill ${dump!.ID ?? dump!.id}`)
  await bench.server.sql(`insert into ${bench.schema}.t values (4)`)
  await bench.engine.said(/disconnect|reading again/)
  await bench.engine.caughtUp()
  expect(await bench.engine.stop()).toBe(0)
  // A failure that ends the flow, a warning, and a position that cannot be saved for a while are the operator's alarms.
  await configure({ mysql_user: 'nobody' })
  bench.engine.start()
  expect(await bench.engine.ended()).toBe(4)

  const of = (name: string) => count(`shop.sync.${name}`)
  const table = `${bench.schema}.t`
  expect(await of(`received_rows.${table}`)).toBe(4)
  expect(await of(`received_bytes.${table}`)).toBeGreaterThan(0)
  expect(await of(`loaded_rows.${table}`)).toBe(4)
  expect(await of(`loaded_bytes.${table}`)).toBe(await of(`received_bytes.${table}`))
  expect(await of(`loads.${table}`)).toBeGreaterThanOrEqual(2)
  expect(await of(`load_ms.${table}`)).toBeGreaterThan(0)
  expect(await of(`retried_loads.${table}`)).toBe(2)
  expect(await of(`retried_rows.${table}`)).toBe(6)
  expect(await of(`retried_bytes.${table}`)).toBeGreaterThan(0)
  expect(await of('filtered_events')).toBeGreaterThanOrEqual(1)
  expect(await of('filtered_bytes')).toBeGreaterThan(0)
  expect(await of('durable_rows')).toBe(4)
  expect(await of('freshness_ms')).toBeGreaterThanOrEqual(0)
  expect(await of('lag_ms')).toBeGreaterThanOrEqual(0)
  expect(await of('window_rows')).toBeGreaterThanOrEqual(0)
  expect(await of('window_bytes')).toBeGreaterThanOrEqual(0)
  expect(await of('window_fill')).toBeGreaterThanOrEqual(0)
  expect(await of('reconnects')).toBeGreaterThanOrEqual(1)
  expect(await of('errors')).toBe(1)

  const documented = [...(await readFile('docs/metrics.md', 'utf8')).matchAll(/^\| `(\w+)` \|/gm)].map(
    match => match[1],
  )
  const sent = new Set([...seen.keys()].map(name => name.split('.')[2]))
  const rest = documented.filter(name => !sent.has(name))
  // Sent while StarRocks is slow, which it may be here or not.
  expect(rest.filter(name => name !== 'flush_interval_ms')).toEqual([
    'parked_rows',
    'held_events',
    'held_bytes',
    'dead_letters',
    'accounted_filtered',
    'accounted_collapsed',
    'accounted_parked',
    'save_retries',
    'warnings',
  ])
  expect([...sent].filter(name => !documented.includes(name))).toEqual([])
}, 120_000)
