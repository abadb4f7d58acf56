import { expect, test } from '@jest/globals'
import { parseLoadColumns } from '../../lib/sandbox/load-columns.js'

const source = (name: string) => ({ kind: 'source', name })
const derived = (name: string, expression: unknown) => ({ kind: 'derived', name, expression })

test.each([
  ['a, b ,c', [source('a'), source('b'), source('c')]],
  ['`a b`,`c``d`,名', [source('a b'), source('c`d'), source('名')]],
  ['2nd,a', [source('2nd'), source('a')]],
  ["a,__op='delete'", [source('a'), derived('__op', { kind: 'literal', text: 'delete' })]],
  ['a,x=-1', [source('a'), derived('x', { kind: 'literal', text: '-1' })]],
  ['x = NULL', [derived('x', { kind: 'literal', text: null })]],
  ["x='a''b\\'c,d'", [derived('x', { kind: 'literal', text: "a'b'c,d" })]],
  ['t,x=t', [source('t'), derived('x', { kind: 'field', name: 't' })]],
  [
    "t,`b`=to_binary(`t`, 'encode64')",
    [source('t'), derived('b', { kind: 'toBinary', name: 't', encoding: 'encode64' })],
  ],
  ['t,j=parse_json(t)', [source('t'), derived('j', { kind: 'parseJson', name: 't' })]],
  ['x=now()', [derived('x', { kind: 'now' })]],
])('%s', (text, expected) => {
  expect(parseLoadColumns(text)).toEqual(expected)
})

test.each([
  ['', 'it is empty'],
  ['a,', 'a column name is missing'],
  ['a b', "unexpected 'b'"],
  ['`a', 'a closing ` is missing'],
  ['x=', 'an expression is missing'],
  ['x=a+1', "cannot evaluate an expression with '+'"],
  ['x=upper(a)', 'cannot evaluate upper(a)'],
  ['x=to_bitmap(a)', 'cannot evaluate to_bitmap(a)'],
  ['x=f(g(a))', 'cannot evaluate f() with a nested expression'],
])('%s is refused', (text, message) => {
  expect(() => parseLoadColumns(text)).toThrow(message)
})
