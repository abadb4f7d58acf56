import { expect, test } from '@jest/globals'
import { composeLetter } from '../../lib/dispatch/letter.js'
import type { RowOrigin } from '../../lib/dispatch/row-trace.js'
import { TARGET } from '../support/traced-loads.js'

const LOAD = { target: TARGET, format: 'json', columns: 'k,v', columnSeparator: ',', rowDelimiter: ';' } as const
const ORIGIN: RowOrigin = {
  ...{ source: 's.t', rule: 'rule', op: 'insert', commitMs: 5, before: null, after: '{}', keyHash: 1 },
  place: { binName: 'b.000001', binPos: 4, event: 0, row: 0, takesAway: false },
}
const REFUSAL = { reason: 'too long', atMs: 7, server: 'u' }

test('rows that a module made of one change are letters of their own, the same whenever they are parked', () => {
  const id = (row: string, isMade: boolean) =>
    composeLetter(
      LOAD,
      'upsert',
      Buffer.from(row),
      { ...ORIGIN, ...(isMade ? { isMade: true as const } : {}) },
      REFUSAL,
    ).id
  expect(id('{"k":"1"}', true)).not.toBe(id('{"k":"2"}', true))
  expect(id('{"k":"1"}', true)).toBe(id('{"k":"1"}', true))
  // Another text of the only row of a change is that row still.
  expect(id('{"k":"1"}', false)).toBe(id('{"k":"2"}', false))
})
