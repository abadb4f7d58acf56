import { expect, test } from '@jest/globals'
import { Faults } from '../../lib/sandbox/faults.js'

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
