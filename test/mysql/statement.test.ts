import { describe, expect, test } from '@jest/globals'
import { classifyStatement } from '../../lib/mysql/statement.js'

const DIALECT = { mariadb: false, version: 90704, sqlMode: 0 }

describe('classifyStatement', () => {
  test.each([
    ['CREATE TABLE t (id int)', 'ddl'],
    ['/* hi */ CREATE /*! OR REPLACE */ TABLE x.y LIKE z', 'ddl'],
    ['-- note\nALTER ONLINE TABLE "t" ADD c int', 'ddl'],
    ['/*!40000 DROP */ TABLE t', 'ddl'],
    ['CREATE VIEW v AS SELECT 1', 'ddl'],
    ['GRANT ALL ON *.* TO x', 'harmless'],
    ['SAVEPOINT s', 'harmless'],
    ["XA START X'01',X'',1", 'xa'],
    ['INSERT INTO t VALUES (1)', 'rows'],
    ['/*!50001 DELETE */ FROM t', 'rows'],
    ['表操作 nothing', 'harmless'],
    ['', 'harmless'],
  ])('%s', (sql, expected) => expect(classifyStatement(sql, DIALECT).kind).toBe(expected))

  test('a statement of megabytes is read without recursion', () => {
    expect(classifyStatement(`INSERT INTO t VALUES ('${'x'.repeat(5_000_000)}')`, DIALECT).kind).toBe('rows')
  })

  test('the step of an XA statement', () => {
    expect(classifyStatement("xa /* x */ commit X'01'", DIALECT)).toEqual({ kind: 'xa', step: 'COMMIT' })
  })
})
