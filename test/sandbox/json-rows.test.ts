import { describe, expect, test } from '@jest/globals'
import { jsonRows } from '../../lib/sandbox/json-rows.js'
import { canonicalJson, parseJsonValue } from '../../lib/sandbox/json-scan.js'

function read(body: string | Buffer, strip = false, names = ['a', 'b']) {
  return [...jsonRows(Buffer.from(body as Buffer), names, strip)].map(row => {
    if ('reason' in row) return row.reason
    return row.fields.map(field => (field === null ? null : field.text))
  })
}

describe('documents one after another', () => {
  test.each<[string, string, unknown]>([
    [
      'lines',
      '{"a":1,"b":2}\n{"a":3}\n',
      [
        ['1', '2'],
        ['3', null],
      ],
    ],
    [
      'without white space',
      '{"a":1}{"a":2}',
      [
        ['1', null],
        ['2', null],
      ],
    ],
    ['null is NULL, as is a missing key', '{"a":null}', [[null, null]]],
    ['the first of equal keys wins, also when it is null', '{"a":1,"a":2,"b":null,"b":3}', [['1', null]]],
    ['keys are case-sensitive, unknown ones ignored', '{"A":1,"c":{"a":[1]},"b":2}', [[null, '2']]],
    [
      'numbers keep their text',
      '{"a":123456789012345678901234567890.10,"b":1e2}',
      [['123456789012345678901234567890.10', '1e2']],
    ],
    ['escapes', '{"a":"\\u00e4\\n\\"\\ud83d\\ude00"}', [['ä\n"😀', null]]],
    ['an empty body', ' \n', []],
    ['an empty object', '{}', [[null, null]]],
  ])('%s', (_, body, expected) => {
    expect(read(body)).toEqual(expected)
  })

  test.each([
    ['{"a":1', /^parse error\./],
    ['{"a":1}{', /^parse error\./],
    ['{"a":01}', /^parse error\./],
    ['{"a":.5}', /^parse error\./],
    ['{"a":nul}', /^parse error\./],
    ['{"a" 1}', /^parse error\./],
    ['{"a":1,}', /^parse error\./],
    ['{a:1}', /^parse error\./],
    ['{"a":"x\ny"}', /^parse error\./],
    ['{"a":"\\x"}', /^parse error\./],
    [`{"a":${'['.repeat(2000)}}`, /^parse error\./],
    [
      '{"a":1} [1]',
      /^parse error\. The value is array type in json document stream, you can set strip_outer_array=true/,
    ],
    ['x', /^illegal json started with \[x\]/],
    ['1', /^illegal json started with \[1\]/],
  ])('%s fails the load', (body, message) => {
    expect(() => read(body)).toThrow(message)
  })

  test('bytes that are not UTF-8 fail the load', () => {
    expect(() => read(Buffer.from([0x7b, 0xff, 0x7d]))).toThrow(/^parse error\..*UTF-8/)
  })
})

describe('strip_outer_array', () => {
  test.each<[string, unknown]>([
    [
      '[{"a":1},{"b":2}]',
      [
        ['1', null],
        [null, '2'],
      ],
    ],
    [' [ ] ', []],
  ])('%s', (body, expected) => {
    expect(read(body, true)).toEqual(expected)
  })

  test.each([
    ['{"a":1}', /the value should be array type with strip_outer_array=true/],
    ['[{"a":1}', /^parse error\./],
    ['[{"a":1}][]', /^parse error\./],
    ['[1]', /^parse error\./],
  ])('%s fails the load', (body, message) => {
    expect(() => read(body, true)).toThrow(message)
  })
})

test('a missing __op is an upsert', () => {
  expect(read('{"a":1}{"a":2,"__op":1}', false, ['a', '__op'])).toEqual([
    ['1', '0'],
    ['2', '1'],
  ])
})

test.each([
  ['{"b":1,"a":{"d":[],"c":{}}}', '{"a": {"c": {}, "d": []}, "b": 1}'],
  ['[1.0,1e2,-0,0.1,12345678901234567890]', '[1, 100, 0, 0.1, 12345678901234567890]'],
  ['"\\u00e4\\/"', '"ä/"'],
])('a JSON column holds %s as %s', (text, expected) => {
  expect(canonicalJson(parseJsonValue(text))).toBe(expected)
})
