import { describe, expect, test } from '@jest/globals'
import { compileExpression } from '../../lib/expression/compile.js'
import { parseExpression } from '../../lib/expression/parser.js'
import { ExpressionProblem, showProblem } from '../../lib/expression/problem.js'
import { renderSql } from '../../lib/expression/render-sql.js'
import { type Name, namesIn } from '../../lib/expression/syntax.js'
import { sampleScope } from './sample-table.js'

const scope = sampleScope('utf8mb4_0900_ai_ci')

/** The text with carets under what is wrong, and the message. */
function problemOf(text: string): string {
  try {
    compileExpression(parseExpression(text), scope)
  } catch (error) {
    if (error instanceof ExpressionProblem) return `${showProblem(text, error)}\n${error.message}`
    throw error
  }
  return 'nothing is wrong'
}

describe('a problem points at its characters', () => {
  test.each([
    ['i + ', '    ^', 'the expression ends where a value should follow'],
    ['i + * 2', '    ^', '"*" stands where a value should'],
    ['(i + 1', '      ^', 'this is where ")" must stand; found the end of the expression'],
    ['i + 1)', '     ^', '")" is not expected here: the expression ends before it'],
    ["s = 'abc", '    ^', 'this text has no closing quote'],
    ['i = 1 & 2', '      ^', 'expressions have no bit operators such as "&"'],
    ['i || s', '  ^^', '"||" means OR or concatenation, by the server\'s sql_mode: write or, or concat(…)'],
    ['i not 5', '      ^', 'not can be followed by in, between, like or regexp here'],
    ['i between 1 or 2', '            ^^', '"and" is missing here: between a and b'],
    ['case i when 1 then 2', '                    ^', '"end" is missing here: case … end'],
    ['cast(i as text)', '          ^^^^', expect.stringContaining('cast knows signed')],
    ['i = 12abc', '    ^^^^^', '"12abc" is no number; a name that begins with a digit stands between backticks'],
    ['orders.i > 1', '^^^^^^', 'only NEW. and OLD. can stand before the name of a column'],
    ['i > @limit', '    ^', 'session variables are not known here'],
    ['timestampdiff(days, d, dt)', '              ^^^^', expect.stringContaining('a unit must stand here')],
    ['s collate = 3', '          ^', 'collate is followed by a name: utf8mb4_bin'],
    ['i collate utf8mb4_bin = 3', '^', 'collate is for texts, and this is an integer'],
    ['s collate latin1_bin = r', '^^^^^^^^^^^^^^^^^^^^', expect.stringContaining('another character set than utf8mb4')],
    [
      's collate utf8mb4_czech_ci = r',
      '^^^^^^^^^^^^^^^^^^^^^^^^^^',
      'utf8mb4_czech_ci is no collation whose order is known here',
    ],
    ['concat(s, g) = r', '^^^^^^^^^^^^^^^^', expect.stringContaining('have no common order. Say how it is meant')],
    ['i + prce * 2', '    ^^^^', 'there is no column prce'],
    ['$bin_name = s', '^^^^^^^^^', 'there is no variable $bin_name'],
    ['conct(s, r)', '^^^^^', 'there is no function conct; did you mean concat?'],
    ['count(i)', '^^^^^', 'there is no function count; docs/expressions.md lists those there are'],
    ['left(s)', '^^^^', 'left is written left(text, count)'],
    ['d > 20211221', '^^^^^^^^^^^^', expect.stringContaining('cannot be compared')],
    ["d > '2021-13-01'", '    ^^^^^^^^^^^^', "'2021-13-01' is no date"],
    ['d > s', '    ^', expect.stringContaining('cast(… as datetime)')],
    ['s = g', '^^^^^', expect.stringContaining('have no common order')],
    ['j = 1', '^', expect.stringContaining('JSON cannot be compared')],
    ["s -> '$.a'", '^', 'only JSON columns can be looked into; this is none'],
    ["j -> '$.a[*]'", '     ^^^^^^^^', expect.stringContaining('names and indexes only')],
    ["s regexp '(a'", '         ^^^^', expect.stringContaining('this is no pattern')],
    ["s regexp '\\\\w'", '         ^^^^^', expect.stringContaining('"\\w" in a pattern is not known')],
    ['y > 21', '    ^^', 'beside a YEAR stands a whole number of four digits'],
    ['nullif(1.25, y)', '       ^^^^', 'beside a YEAR stands a whole number of four digits'],
    ['interval 1 day', '^^^^^^^^^^^^^^', expect.stringContaining('an interval stands behind')],
    ["greatest(s, 'x')", '^^^^^^^^^^^^^^^^', expect.stringContaining('not certain')],
    ['concat(if(i > 0, n, i))', '       ^^^^^^^^^^^^^^^', expect.stringContaining('different digits')],
  ])('%s', (text, carets, message) => {
    const [line, shown, ...words] = problemOf(text).split('\n')
    expect([line, shown, words.join('\n')]).toEqual([text, carets, message])
  })

  test('in a text of several lines, the line is shown', () => {
    expect(problemOf('i > 0\n  and prce > 1')).toBe('  and prce > 1\n      ^^^^\nthere is no column prce')
  })

  test('in a long line, the part around it is shown', () => {
    const [line, carets] = problemOf(`${'i + '.repeat(60)}prce`).split('\n')
    expect(line!.length).toBeLessThanOrEqual(100)
    expect(line!.slice(carets!.indexOf('^'))).toBe('prce')
  })

  test('what is nested too deeply is a problem, not a crash', () => {
    expect(problemOf('('.repeat(5000))).toContain('nested too deeply')
    expect(problemOf(`${'not '.repeat(5000)}i`)).toContain('nested too deeply')
    expect(problemOf(`${'- '.repeat(5000)}i`)).toContain('nested too deeply')
  })
})

test('names that an expression reads', () => {
  const names = namesIn(
    parseExpression("NEW.a + `b c` > case OLD.a when $table then 1 end and x in (1, y) or z ->> '$.k'"),
  )
  expect(names.map(name => ('variable' in name ? `$${name.variable}` : `${name.row}.${name.column}`))).toEqual([
    'new.a',
    'null.b c',
    'old.a',
    '$table',
    'null.x',
    'null.y',
    'null.z',
  ])
  expect(names[1]).toMatchObject({ at: 8, length: 5 })
})

test('SQL of an expression; none where SQL has no such name', () => {
  const render = (name: Name): string | null => ('column' in name && name.row !== 'old' ? `\`${name.column}\`` : null)
  const sql = (text: string): string | null => renderSql(parseExpression(text), render)
  expect(sql("a + 1 > b and not s like 'x%'")).toBe("(((`a` + 1) > `b`) and (not (`s` like 'x%')))")
  expect(sql("d - interval 2 day = date '2021-12-21'")).toBe("(date_sub(`d`, interval 2 day) = date'2021-12-21')")
  expect(sql("trim(leading 'it''s\\\\' from s)")).toBe("trim(leading 'it''s\\\\' from `s`)")
  expect(sql('OLD.a > 1')).toBeNull()
  expect(sql('concat($table, a)')).toBeNull()
})
