import { expect, test } from '@jest/globals'
import { type CpuProfile, stageBudget } from '../../bench/stage-budget.js'

const frame = (functionName: string, url = '') => ({ functionName, url, lineNumber: 9 })
const lib = (file: string) => `file:///somewhere/dist/lib/${file}`

/** The socket hands an event to the decoder by way of framing; the window sends bodies by undici. */
const PROFILE: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame('(root)'), children: [2, 8, 9, 10, 11] },
    { id: 2, callFrame: frame('onStreamRead', 'node:internal/stream_base_commons'), children: [3] },
    { id: 3, callFrame: frame('execute', 'file:///x/node_modules/mysql2/lib/packet_parser.js'), children: [4, 5] },
    { id: 4, callFrame: frame('slice', 'node:buffer') },
    { id: 5, callFrame: frame('decode', lib('binlog/decoder.js')), children: [6, 7] },
    { id: 6, callFrame: frame('encode') },
    { id: 7, callFrame: frame('admit', lib('dispatch/window.js')) },
    { id: 8, callFrame: frame('(idle)') },
    { id: 9, callFrame: frame('(garbage collector)') },
    { id: 10, callFrame: frame('(program)') },
    { id: 11, callFrame: frame('dispatch', 'file:///x/node_modules/undici/lib/client.js') },
  ],
  samples: [2, 3, 4, 5, 6, 6, 7, 8, 9, 10, 11],
  timeDeltas: [100, 100, 100, 100, 200, 100, 100, 5000, 50, 50, 100],
}

test('time is shared out by stage: what has none is its caller’s, idle time is no one’s', () => {
  const { busy_ms, shares } = stageBudget('a', PROFILE)
  expect(busy_ms).toBe(1)
  expect(shares).toEqual({
    framing: 0.2,
    'decode and encode': 0.4,
    'positions and schema': 0,
    'window and epochs': 0.1,
    HTTP: 0.1,
    start: 0,
    'garbage collection': 0.05,
    other: 0.15,
  })
  expect(Object.values(shares).reduce((sum, share) => sum + share)).toBeCloseTo(1)
})

test('functions by time of their own, generated code by its name', () => {
  const { top } = stageBudget('a', PROFILE)
  expect(top[0]).toEqual({ place: 'encode (generated or native)', share: 0.3 })
  expect(top).toContainEqual({ place: 'admit lib/dispatch/window.js:10', share: 0.1 })
  expect(top).toContainEqual({ place: 'execute mysql2/lib/packet_parser.js:10', share: 0.1 })
})

test('a gap in which the process did not run is nobody’s', () => {
  const [first, ...others] = PROFILE.timeDeltas
  const { busy_ms } = stageBudget('a', { ...PROFILE, timeDeltas: [first! + 1e6, ...others] })
  expect(busy_ms).toBe(3)
})
