import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { expect, test } from '@jest/globals'
import { METRICS, observeMetrics } from '../../lib/observe/metrics.js'
import { metricTable, StatsdOutput } from '../../lib/observe/statsd.js'
import { happenings } from '../support/happenings.js'

test('every metric of the table reaches a statsd server, tables as parts of the name', async () => {
  const server = createSocket('udp4')
  server.bind(0, '127.0.0.1')
  await once(server, 'listening')
  const lines: string[] = []
  const complete = new Promise<void>(resolve => {
    server.on('message', message => {
      lines.push(...message.toString().trim().split('\n'))
      const names = new Set(lines.map(line => line.split(/[.:]/)[1]))
      if (Object.keys(METRICS).every(name => names.has(name))) resolve()
    })
  })
  const errors: Error[] = []
  const options = { host: '127.0.0.1', port: server.address().port, prefix: 'dbsync' }
  const output = new StatsdOutput(options, error => void errors.push(error))
  const now = Date.now()
  const observer = observeMetrics(output, () => now)
  for (const happening of Object.values(happenings(now))) observer(happening)
  await output.close()
  await complete
  server.close()
  expect(errors).toEqual([])
  expect(lines.sort()).toEqual([
    'dbsync.accounted_collapsed.shop.orders:2|c',
    'dbsync.accounted_decoded.shop.orders:14|c',
    'dbsync.accounted_filtered.shop.orders:1|c',
    'dbsync.accounted_loaded.shop.orders:10|c',
    'dbsync.accounted_parked.shop.orders:1|c',
    'dbsync.dead_letters:4|g',
    'dbsync.durable_rows:10|c',
    'dbsync.errors:1|c',
    'dbsync.errors:1|c',
    'dbsync.filtered_bytes:300|c',
    'dbsync.filtered_events:3|c',
    'dbsync.flush_interval_ms:4200|g',
    'dbsync.freshness_ms:300|ms',
    'dbsync.freshness_ms:900|ms',
    'dbsync.halted_tables:1|g',
    'dbsync.held_bytes.shop.sales:80|c',
    'dbsync.held_events.shop.sales:1|c',
    'dbsync.lag_ms:0|g',
    'dbsync.load_ms.demo.orders:42|ms',
    'dbsync.loaded_bytes.demo.orders:1000|c',
    'dbsync.loaded_rows.demo.orders:10|c',
    'dbsync.loads.demo.orders:1|c',
    'dbsync.parked_rows.demo.orders:3|c',
    'dbsync.received_bytes.shop.orders:1000|c',
    'dbsync.received_rows.shop.orders:10|c',
    'dbsync.reconnects:1|c',
    'dbsync.retried_bytes.demo.orders:500|c',
    'dbsync.retried_loads.demo.orders:1|c',
    'dbsync.retried_rows.demo.orders:5|c',
    'dbsync.save_retries:1|c',
    'dbsync.warnings:1|c',
    'dbsync.warnings:1|c',
    'dbsync.window_bytes:1000|g',
    'dbsync.window_fill:25|g',
    'dbsync.window_rows:10|g',
  ])
})

test.each([
  ['shop.orders', 'shop.orders'],
  ['shop.a.b:c|d@e f', 'shop.a_b_c_d_e_f'],
  ['shop.订单', 'shop.订单'],
])('table %s is %s in a name', (table, part) => {
  expect(metricTable(table)).toBe(part)
})
