import { expect, test } from '@jest/globals'
import { decidedXid } from '../../lib/mysql/xa-id.js'

test.each([
  [`XA COMMIT X'78',X'',1`, `X'78',X'',1`],
  [`XA ROLLBACK X'00FF27',X'622772',7`, `X'00ff27',X'622772',7`],
  [`xa commit X'78' , X'' , 4294967295`, `X'78',X'',4294967295`],
  [`XA COMMIT X'78',X'',-1`, `X'78',X'',4294967295`],
  [`XA COMMIT X'78',X'',4294967301`, `X'78',X'',5`],
  [`XA COMMIT 'x'`, null],
  [`XA PREPARE X'78',X'',1`, null],
])('%s', (sql, xid) => {
  expect(decidedXid(sql)).toBe(xid)
})
