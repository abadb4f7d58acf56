import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Sandbox } from '../../lib/sandbox/sandbox.js'
import { makeTable, openSandbox, rowsOf, streamLoad } from './stream-load-client.js'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await openSandbox()
})
afterAll(() => sandbox.close())

test('a CSV body goes from the FE to the BE and into a primary key table', async () => {
  await makeTable(
    sandbox,
    't (id bigint NOT NULL, name varchar(20), amount decimal(10,2)) PRIMARY KEY (id) DISTRIBUTED BY HASH(id)',
  )
  const reply = await streamLoad(sandbox, {
    table: 't',
    body: '1\x01a\x011.5\x010\x022\x01\\N\x01\\N\x010\x02',
    headers: {
      columns: '`id`,`name`,`amount`,`__op`',
      column_separator: '\\x01',
      row_delimiter: '\\x02',
      strict_mode: 'true',
    },
  })
  expect(reply).toMatchObject({ Status: 'Success', Message: 'OK', NumberTotalRows: 2, NumberLoadedRows: 2 })
  expect(await rowsOf(sandbox, 't')).toEqual([
    ['1', 'a', '1.50'],
    ['2', null, null],
  ])
})
