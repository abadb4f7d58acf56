import { expect, test } from '@jest/globals'
import { WIRE } from '../../lib/binlog/wire-type.js'
import { imageText } from '../../lib/rules/image-text.js'
import { u8, u16, u32 } from '../support/binlog-builder.js'
import { column, int, varchar } from '../support/bound-columns.js'
import { UTC } from '../support/encoded-rows.js'

const columns = [
  int('id'),
  varchar('na"me', { nullable: true }),
  column('shape', WIRE.BLOB, { length: 2, undecodable: 'is of type geometry', form: 'binary' }),
  column('raw', WIRE.BLOB, { length: 1, isBinary: true, form: 'binary' }),
]

const image = (id: number, raw: string) =>
  Buffer.concat([u8(0), u32(id), u8(4), Buffer.from('a"\nb'), u16(3), u8(1, 2, 3), u8(raw.length), Buffer.from(raw)])

test('an image becomes an object of every column that can be decoded, by source name', () => {
  const render = imageText(columns, UTC)
  const first = image(7, 'xyz')
  const both = Buffer.concat([first, image(8, '')])
  expect(JSON.parse(render(both, 0, both.length))).toEqual({ id: '7', 'na"me': 'a"\nb', raw: 'eHl6' })
  expect(JSON.parse(render(both, first.length, both.length))).toEqual({ id: '8', 'na"me': 'a"\nb', raw: '' })
})

test('NULL stays null', () => {
  const nameless = Buffer.concat([u8(0b10), u32(7), u16(0), u8(0)])
  expect(imageText(columns, UTC)(nameless, 0, nameless.length)).toBe('{"id":"7","na\\"me":null,"raw":""}')
})

test('a damaged image is a failure that names the table', () => {
  const cut = image(7, 'xyz').subarray(0, 9)
  expect(() => imageText(columns, UTC)(cut, 0, cut.length)).toThrow(/s\.t/)
})
