import { describe, expect, test } from '@jest/globals'
import { renderEngineConfig } from '../../lib/demo/companions.js'
import { parseDemoOptions } from '../../lib/demo/demo-options.js'
import { pickEngineNumbers } from '../../lib/demo/engine-numbers.js'
import { type DemoMoment, renderLine, renderView } from '../../lib/demo/live-view.js'
import { FreshnessProbe } from '../../lib/demo/pulse.js'
import { Random } from '../../lib/demo/random.js'
import { moment, note } from '../../lib/demo/shop-values.js'
import { judge, renderVerdict, renderVerdictJson } from '../../lib/demo/verdict.js'

const compared = {
  table: 'orders',
  source: 3,
  target: 3,
  differs: 0,
  missing: 0,
  extra: 0,
  changed: 0,
  examples: [],
}
const played = { rows: 10, freshnessP50Ms: 90, freshnessP99Ms: 120 }

describe('parseDemoOptions', () => {
  test('defaults and values', () => {
    expect(parseDemoOptions([])).toEqual({ seconds: undefined, rate: 1000, server: 'mysql', json: false })
    expect(parseDemoOptions(['--seconds', '5', '--rate=200', '--server', 'mariadb', '--json'])).toEqual({
      seconds: 5,
      rate: 200,
      server: 'mariadb',
      json: true,
    })
  })

  test.each([[['--seconds', 'x']], [['--rate', '0']], [['--server', 'oracle']], [['--fast']], [['more']]])(
    '%j is refused',
    args => {
      expect(() => parseDemoOptions(args)).toThrow(expect.objectContaining({ kind: 'configInvalid' }))
    },
  )
})

describe('judge', () => {
  test('identical only when something was compared and nothing differs', () => {
    expect(judge([compared], played).identical).toBe(true)
    expect(judge([compared, { ...compared, differs: 1, changed: 1 }], played).identical).toBe(false)
    expect(judge([], played).identical).toBe(false)
    expect(judge([{ ...compared, source: 0, target: 0 }], played).identical).toBe(false)
  })

  test('the JSON is one line with the promised members', () => {
    const line = renderVerdictJson(judge([compared], played))
    expect(line).not.toContain('\n')
    expect(JSON.parse(line)).toMatchObject({
      identical: true,
      tables: { orders: { source: 3, target: 3, differs: 0 } },
      rows: 10,
      freshness_p99_ms: 120,
    })
  })

  test('differences are named for people, NULL unlike the text NULL', () => {
    const example = { kind: 'changed' as const, key: ['7', '1'], column: 'note', source: null, target: 'NULL' }
    const text = renderVerdict(judge([{ ...compared, differs: 1, changed: 1, examples: [example] }], played)).join('\n')
    expect(text).toContain('key 7, 1: note is NULL in the source, "NULL" in the target')
    expect(text).toContain('NOT IDENTICAL')
  })
})

describe('pickEngineNumbers', () => {
  test('takes what is there and leaves out the rest', () => {
    const status = {
      state: 'streaming',
      lag_ms: 12,
      rows_per_second: 990.5,
      window: { fill_percent: 4, waiting: false },
      last_load: { target: 'shop.orders', label: 'l', rows: 5, bytes: 9, ms: 30, at_ms: 1 },
      last_error: { kind: 'streamBroken', message: 'cut', advice: '', at_ms: 0 },
      retry: null,
    }
    expect(pickEngineNumbers(status)).toEqual({
      state: 'streaming',
      lagMs: 12,
      rowsPerSecond: 990.5,
      windowPercent: 4,
      lastLoad: 'shop.orders: 5 rows in 30 ms',
    })
    expect(pickEngineNumbers({ ...status, retry: { what: 'stream' } }).trouble).toBe('cut')
    for (const odd of [null, 7, 'x', [], {}, { lag_ms: null, window: null, last_load: 3 }])
      expect(pickEngineNumbers(odd)).toEqual({})
  })
})

describe('FreshnessProbe', () => {
  test('quantiles of what was seen; none without samples', () => {
    const probe = new FreshnessProbe()
    expect(probe.quantileMs(0.99)).toBeUndefined()
    for (let age = 100; age >= 1; age--) probe.add(age)
    expect([probe.quantileMs(0.5), probe.quantileMs(0.99), probe.quantileMs(1), probe.lastMs]).toEqual([50, 99, 100, 1])
    probe.add(1000)
    expect(probe.quantileMs(1)).toBe(1000)
  })
})

describe('the view', () => {
  const now: DemoMoment = {
    title: 'demo',
    elapsedMs: 12_000,
    rows: 1_234_567,
    rowsPerSecond: 1000,
    freshnessMs: 321,
    freshnessP50Ms: 300,
    freshnessP99Ms: undefined,
    engine: { state: 'streaming', lagMs: 5, windowPercent: 50, lastLoad: 'shop.orders: 5 rows in 30 ms' },
    tables: [{ name: 'orders', sent: 1000, inTarget: undefined }],
  }

  test('says all numbers and keeps to the width', () => {
    const text = renderView(now, 100).join('\n')
    for (const part of [
      '1 234 567',
      '1 000/s',
      '321 ms',
      'p50 300 ms',
      'p99 -',
      'lag 5 ms',
      '50 %',
      'shop.orders',
      'orders ',
    ])
      expect(text).toContain(part)
    expect(Math.max(...renderView(now, 30).map(line => line.length))).toBeLessThanOrEqual(30)
    expect(renderLine(now)).not.toContain('\n')
  })
})

describe('the values', () => {
  test('are the same for the same seed', () => {
    const values = (seed: number) => {
      const random = new Random(seed)
      return Array.from({ length: 50 }, () => [note(random), moment(random)])
    }
    expect(values(3)).toEqual(values(3))
    expect(values(3)).not.toEqual(values(4))
  })
})

test('the configuration names every table and quotes what it is given', () => {
  const text = renderEngineConfig(
    {
      mysqlPort: 3310,
      user: 'u',
      password: 'p"w',
      flavor: 'mariadb',
      ports: { fe: 1, be: 2, mysql: 3 },
      database: 'shop',
      tables: ['a', 'b'],
    },
    '/tmp/x',
  )
  for (const line of ['mysql_pass = "p\\"w"', 'sr_port = 3', 'sr_http_port = 1', 'tables = ["a", "b"]', 'table = "b"'])
    expect(text.split('\n')).toContain(line)
})
