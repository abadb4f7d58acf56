import { expect, test } from '@jest/globals'
import type { FaultOp } from '../../lib/sandbox/fault-names.js'
import { Faults, parseFault } from '../../lib/sandbox/faults.js'

const target = { database: 'd', table: 't', label: 'l', op: 'streamLoad' } as const

test('a number strikes that many times, true until cleared', () => {
  const faults = new Faults()
  faults.set({ answerLost: 2, publishTimeout: true })
  expect([1, 2, 3].map(() => faults.take('answerLost', target))).toEqual([true, true, null])
  expect([1, 2, 3].map(() => faults.take('publishTimeout', target))).toEqual([true, true, true])
  faults.set({ publishTimeout: false })
  expect(faults.take('publishTimeout', target)).toBeNull()
  expect([faults.struck('answerLost'), faults.struck('publishTimeout'), faults.struck('cutBody')]).toEqual([2, 3, 0])
})

test('values, tables and predicates', () => {
  const faults = new Faults()
  faults.set({
    redirectTo: 'h:1',
    slowContinueMs: 7,
    failedWith200: { value: 'text', times: 1 },
    tooManyVersions: { table: 'other' },
    answerLost: about => about.label === 'l',
  })
  expect(faults.take('redirectTo', target)).toBe('h:1')
  expect(faults.take('slowContinueMs', target)).toBe(7)
  expect(faults.take('failedWith200', target)).toBe('text')
  expect(faults.take('failedWith200', target)).toBeNull()
  expect(faults.take('tooManyVersions', target)).toBeNull()
  expect(faults.take('tooManyVersions', { ...target, table: 'other' })).toBe(true)
  expect(faults.take('answerLost', { ...target, label: 'x' })).toBeNull()
  expect(faults.take('answerLost', target)).toBe(true)
})

test('a wrong setting changes nothing', () => {
  const faults = new Faults()
  expect(() => faults.set({ answerLost: 1, nothing: 1 })).toThrow('unknown fault "nothing"')
  expect(() => faults.set({ answerLost: 'x' })).toThrow(TypeError)
  expect(() => faults.set({ answerLost: 1.5 })).toThrow(TypeError)
  expect(faults.armed()).toEqual({})
})

test('operations: the usual ones, or the one that is named', () => {
  const faults = new Faults()
  const at = (op: FaultOp) => ({ ...target, op })
  faults.set({ answerLost: true })
  expect((['streamLoad', 'commit', 'begin', 'load'] as const).map(op => faults.take('answerLost', at(op)))).toEqual([
    true,
    true,
    null,
    null,
  ])
  faults.set({ answerLost: { op: 'begin', label: 'l', database: 'd' } })
  expect((['streamLoad', 'commit', 'begin'] as const).map(op => faults.take('answerLost', at(op)))).toEqual([
    null,
    null,
    true,
  ])
  expect(faults.take('answerLost', { ...at('begin'), database: 'other' })).toBeNull()
  expect(faults.take('answerLost', { ...at('begin'), label: 'other' })).toBeNull()
  expect(() => faults.set({ answerLost: { op: 'state' } })).toThrow('can strike at streamLoad, commit, begin')
  expect(() => faults.set({ answerLost: { op: 'nothing' as 'load' } })).toThrow(TypeError)
  expect(faults.allStruck()).toEqual({ answerLost: 3 })
})

test('a hold of one time holds one request, until it is cleared or set anew', async () => {
  const faults = new Faults()
  faults.set({ holdCommit: 1 })
  let released = false
  const held = faults.held('holdCommit', target).then(() => {
    released = true
  })
  await faults.held('holdCommit', target)
  await new Promise(setImmediate)
  expect([released, faults.armed()]).toEqual([false, { holdCommit: 0 }])
  faults.set({ holdCommit: 0 })
  await held
})

test.each([
  ['answerLost', { answerLost: true }],
  ['answerLost=3', { answerLost: 3 }],
  ['redirectTo=127.0.0.1:1', { redirectTo: '127.0.0.1:1' }],
  ['failedWith200=a=b', { failedWith200: 'a=b' }],
  ['holdCommit={"op":"commit","times":1}', { holdCommit: { op: 'commit', times: 1 } }],
])('on the command line: %s', (text, setting) => {
  expect(parseFault(text)).toEqual(setting)
  new Faults().set(parseFault(text))
})

test('a rule on the command line that is no JSON', () => {
  expect(() => parseFault('answerLost={')).toThrow(TypeError)
})

test('a hold ends when it is cleared, and only then', async () => {
  const faults = new Faults()
  faults.set({ holdAnswer: { table: 't' } })
  await faults.held('holdAnswer', { ...target, table: 'other' })
  let released = false
  const held = faults.held('holdAnswer', target).then(() => {
    released = true
  })
  faults.set({ answerLost: 1 })
  await new Promise(setImmediate)
  expect(released).toBe(false)
  faults.clear()
  await held
  expect(released).toBe(true)
})
