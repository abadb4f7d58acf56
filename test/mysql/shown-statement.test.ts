import { expect, test } from '@jest/globals'
import { shownStatement } from '../../lib/mysql/shown-statement.js'

test.each([
  [
    "INSERT INTO shop.orders VALUES (1, 'canary', -2.5e3, x'00ff', 0xFF, NULL)",
    'INSERT INTO shop.orders VALUES (?, ?, ?, ?, ?, NULL)',
  ],
  ["UPDATE t1 SET a='it''s \\' canary', b = \"can\\\"ary\" WHERE c2=7", 'UPDATE t1 SET a=?, b = ? WHERE c2=?'],
  [
    "INSERT INTO `o'rders` (`a 1`) VALUES (_utf8mb4'canary'),(N'canary')",
    "INSERT INTO `o'rders` (`a 1`) VALUES (?),(?)",
  ],
  ["UPDATE t SET a = 'x`canary`y', b = `c`", 'UPDATE t SET a = ?, b = `c`'],
  ["UPDATE t SET a = 'x`canary', b = 'y`canary'", 'UPDATE t SET a = ?, b = ?'],
  ['/* canary */ DELETE FROM t # canary\n WHERE a IN (.5,1.) -- canary', 'DELETE FROM t WHERE a IN (?,?)'],
  ["INSERT INTO t VALUES ('canary", 'INSERT INTO t VALUES (?'],
  ["INSERT INTO t VALUES ('canary\\", 'INSERT INTO t VALUES (?'],
  ['DELETE FROM t2024 WHERE `x`=2024', 'DELETE FROM t2024 WHERE `x`=?'],
  ['/* canary', ''],
])('%s', (sql, shown) => {
  expect(shownStatement(sql)).toBe(shown)
})

test('is cut behind the values are hidden', () => {
  expect(shownStatement(`INSERT INTO t VALUES ${"('canary'),".repeat(100)}`)).toMatch(
    /^INSERT INTO t VALUES (\(\?\),)+.*…$/,
  )
})
