import { expect, test } from '@jest/globals'
import { nextMode } from '../../lib/snapshot/copy-mode.js'

test('a copy goes back to atOnce only where no epoch is read again that held fewer rows', () => {
  const modes = [null, 'atOnce', 'behindFrontier'] as const
  expect(modes.map(last => nextMode('atOnce', last, false))).toEqual(['atOnce', 'atOnce', 'atOnce'])
  expect(modes.map(last => nextMode('atOnce', last, true))).toEqual(['behindFrontier', 'atOnce', 'behindFrontier'])
})

test('it goes over to behindFrontier at any start', () => {
  for (const last of [null, 'atOnce', 'behindFrontier'] as const)
    for (const replaying of [false, true]) expect(nextMode('behindFrontier', last, replaying)).toBe('behindFrontier')
})
