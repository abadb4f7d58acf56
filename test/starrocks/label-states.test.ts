import { expect, test } from '@jest/globals'
import { pauseBehind } from '../../lib/starrocks/label-states.js'

test('the state of a label is asked for soon, then ever less often, up to the longest pause', () => {
  const pauses = Array.from({ length: 7 }, (_, question) => pauseBehind(question, 800))
  expect(pauses).toEqual([50, 100, 200, 400, 800, 800, 800])
})
