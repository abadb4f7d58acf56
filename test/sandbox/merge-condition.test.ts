import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Sandbox } from '../../lib/sandbox/sandbox.js'
import { makeTable, openSandbox, rowsOf, streamLoad } from './stream-load-client.js'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await openSandbox()
  await makeTable(sandbox, 'm (id int NOT NULL, v int, s varchar(9)) PRIMARY KEY (id) DISTRIBUTED BY HASH(id)')
  await makeTable(sandbox, 'dup (id int, v int) DUPLICATE KEY (id) DISTRIBUTED BY HASH(id)')
})
afterAll(() => sandbox.close())

const load = (table: string, body: string, headers: Record<string, string>) =>
  streamLoad(sandbox, { table, body, headers: { column_separator: ',', row_delimiter: ';', ...headers } })

test('a row applies where it has at least the stored value', async () => {
  await load('m', '1,5,a;2,5,a;3,5,a', {})
  expect(await load('m', '1,4,b;2,5,b;3,6,b;4,1,b', { merge_condition: 'v' })).toMatchObject({
    Status: 'Success',
    Message: 'OK',
  })
  expect(await rowsOf(sandbox, 'm', 'ALL')).toEqual([
    ['1', '5', 'a'],
    ['2', '5', 'b'],
    ['3', '6', 'b'],
    ['4', '1', 'b'],
  ])
})

test.each([
  ['m', { merge_condition: 'id' }, /should not be primary key/],
  ['m', { merge_condition: 's' }, /invalid type maybe bitmap/],
  ['m', { merge_condition: 'x' }, /does not exist/],
  ['m', { merge_condition: 'v', columns: 'id,v,s,__op' }, /delete with condition column v/],
  ['dup', { merge_condition: 'v', columns: 'id,v,x,y' }, /only support primary key table/],
])('refused: %s %j', async (table, headers, message) => {
  expect(await load(table, '1,2,a,1', headers)).toMatchObject({
    Status: 'Fail',
    Message: expect.stringMatching(message),
  })
})
