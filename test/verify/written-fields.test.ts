import { expect, test } from '@jest/globals'
import { fieldReader } from '../../lib/verify/written-fields.js'

test('texts, NULL and bytes by the names of the target, in lower case', () => {
  const read = fieldReader("`Id`,`__base64_1`,`a,b`,`Bytes`=to_binary(`__base64_1`,'encode64')", new Set())
  const row = '{"Id":"1","__base64_1":"/wA=","a,b":"x\\"}\\\\","none":null,"__op":"0"}'
  expect([...read(row)]).toEqual([
    ['id', '1'],
    ['bytes', 'FF00'],
    ['a,b', 'x"}\\'],
    ['none', null],
    ['__op', '0'],
  ])
  expect(read('{"__base64_1":null}').get('bytes')).toBeNull()
})

test('documents are told digit for digit', () => {
  const read = fieldReader('`d`,`t`', new Set(['d']))
  const document = '{"n": 18446744073709551615, "s": "a,}\\"", "l": [1.50, {"x": null}]}'
  expect(read(`{"d":${document},"t":"x"}`)).toEqual(
    new Map([
      ['d', document],
      ['t', 'x'],
    ]),
  )
  expect(read('{"t":1.0,"d":"a text"}')).toEqual(
    new Map([
      ['t', '1.0'],
      ['d', '"a text"'],
    ]),
  )
  expect(read('{"d":null}').get('d')).toBeNull()
})
