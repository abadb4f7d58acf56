import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { AlteredTarget, stepsOf } from '../support/altered-target.js'
import { rejectionOf } from '../support/failure-of.js'

let target: AlteredTarget
beforeAll(async () => {
  target = await AlteredTarget.start()
})
afterAll(() => target.close())
beforeEach(() => target.reset())

const rows = [{ name: 'b', text: 'x' }]

test('the values of an added column go into the rows of one table, also when it is there already', async () => {
  const fill = { kind: 'value', text: '7', form: 'plain', asDefault: true } as const
  const steps = stepsOf(
    { kind: 'addColumn', name: 'c', type: 'int', comment: '', fill: { kind: 'null' } },
    { kind: 'fillRows', name: 'c', fill, rows },
  )
  for (let n = 0; n < 2; n++) {
    await target.alter({ ...steps, shared: true, rows })
    expect(await target.rows('SELECT id, c FROM d.t ORDER BY id')).toEqual([
      ['1', '7'],
      ['2', null],
    ])
  }
})

test('the rows of one table are deleted', async () => {
  const { statements } = await target.alter({ ...stepsOf({ kind: 'deleteRows', rows }), shared: true, rows })
  expect(statements).toEqual(['DELETE FROM `d`.`t` WHERE `b` = "x"'])
  expect(await target.rows('SELECT id FROM d.t')).toEqual([['2']])
})

test('a column that one of several tables dropped and another adds: the tag tells whose values they are', async () => {
  const left = stepsOf({ kind: 'leaveColumn', name: 'a', mark: true })
  await target.alter({ ...left, shared: true, rows })
  const added = stepsOf({ kind: 'addColumn', name: 'a', type: 'int', comment: '', fill: { kind: 'null' } })
  expect(await rejectionOf(target.alter({ ...added, shared: true }))).toMatchObject({
    kind: 'ddlUnsupported',
    message: expect.stringMatching(/no column tells the rows of s\.t/),
  })
  await target.alter({
    ...added,
    steps: [...added.steps, { kind: 'fillRows', name: 'a', fill: { kind: 'null' }, rows }],
    shared: true,
    rows,
  })
  expect(await target.rows('SELECT id, a FROM d.t ORDER BY id')).toEqual([
    ['1', null],
    ['2', null],
  ])
  expect((await target.columns())[1]).toBe('a int YES')
})

test('the comment by which a dropped column is known stays while others change theirs', async () => {
  await target.alter({ ...stepsOf({ kind: 'leaveColumn', name: 'a', mark: true }), shared: true, rows })
  const before = await target.columns()
  await target.alter({ ...stepsOf({ kind: 'commentColumn', name: 'a', comment: 'other' }), shared: true, rows })
  expect(await target.columns()).toEqual(before)
})
