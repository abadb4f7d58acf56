import { describe, expect, test } from '@jest/globals'
import { lex, splitStatements } from '../../lib/sandbox/lexer.js'

const texts = (source: string) => lex(source).map(token => `${token.kind}:${token.text}`)

describe('lexer', () => {
  test('strings, names, numbers, variables and operators', () => {
    expect(texts("a `b``c` 'd''e\\n' \"f\\\"g\" 1.5e3 .5 @@session.x @y <=> -> 2024_orders größe")).toEqual([
      'word:a',
      'name:b`c',
      "string:d'e\n",
      'string:f"g',
      'number:1.5e3',
      'number:.5',
      'variable:@@session.x',
      'variable:@y',
      'operator:<=>',
      'operator:->',
      'word:2024_orders',
      'word:größe',
      'end:',
    ])
  })

  test('an escape of LIKE keeps its backslash, any other loses it', () => {
    expect(lex("'a\\%b\\_c\\d\\\\'")[0]?.text).toBe('a\\%b\\_cd\\')
  })

  test('statements are split outside strings and comments only', () => {
    const source = "SELECT ';' -- a; b\n; ; /* c; d */ SELECT `e;f` # g;\n;SELECT 3"
    expect(splitStatements(source)).toEqual(["SELECT ';' -- a; b", '/* c; d */ SELECT `e;f` # g;', 'SELECT 3'])
  })

  test('a literal of 20 MB is one token', () => {
    const long = `it''s ${'x'.repeat(20_000_000)}`
    const [token] = lex(`'${long}'`)
    expect(token?.text.length).toBe(long.length - 1)
  })

  test.each(["'open", '`open', '/* open'])('%s is refused with its place', source => {
    expect(() => lex(`SELECT\n ${source}`)).toThrow(/^Getting syntax error at line 2, column 2\./)
  })
})
