import { expect, test } from '@jest/globals'
import type { Happening } from '../../lib/model/observer.js'
import { combineWatchers } from '../../lib/observe/watchers.js'
import { happenings } from '../support/happenings.js'

test('a watcher that throws is reported once and disturbs no other', () => {
  const seen: Happening[] = []
  const reports: [string, unknown][] = []
  const defect = new Error('broken watcher')
  const observer = combineWatchers(
    [
      {
        name: 'bad',
        observe: () => {
          throw defect
        },
      },
      { name: 'good', observe: happening => void seen.push(happening) },
    ],
    (name, error) => void reports.push([name, error]),
  )
  const { loaded, stopped } = happenings(0)
  observer(loaded)
  observer(stopped)
  expect(seen).toEqual([loaded, stopped])
  expect(reports).toEqual([['bad', defect]])
})
