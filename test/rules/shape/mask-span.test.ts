import { expect, test } from '@jest/globals'
import { TextValueWriter } from '../../../lib/binlog/text-image-writer.js'
import type { Mask } from '../../../lib/model/mask.js'
import { maskSpan } from '../../../lib/rules/shape/mask-span.js'
import { maskText } from '../../../lib/rules/shape/mask-text.js'
import { Random } from '../../support/random.js'

const MASKS: readonly Mask[] = [
  { by: 'keep', head: 2, tail: 2, fill: '*' },
  { by: 'keep', head: 0, tail: 4, fill: 'x' },
  { by: 'keep', head: 3, tail: 0, fill: '#' },
  { by: 'keep', head: 0, tail: 0, fill: '*' },
  { by: 'email' },
  { by: 'fixed', text: 'hiddén' },
  { by: 'truncate', length: 3 },
  { by: 'truncate', length: 300 },
]

/** What is written, without its length. */
function written(mask: Mask, text: string): string {
  const image = Buffer.from(`before${text}behind`)
  const writer = new TextValueWriter()
  writer.begin(image, 0, image.length)
  const first = writer.end
  maskSpan(mask)!(image, 'before'.length, text.length, writer)
  const bytes = writer.buffer.subarray(first, writer.end)
  const head = bytes[0]! <= 250 ? 1 : 3
  expect(head === 1 ? bytes[0] : bytes.readUInt16LE(1)).toBe(bytes.length - head)
  return bytes.toString('utf8', head)
}

test('a masked span is the masked text', () => {
  const random = new Random(7)
  const texts = [
    '',
    'a',
    '@',
    'a@',
    '@b',
    'a@b',
    'ab@c',
    'me@home@example.org',
    'abcd',
    'abcde',
    'abcdefgh',
    'abcdefghi',
  ]
  for (let i = 0; i < 300; i++)
    texts.push(Array.from({ length: random.below(600) }, () => String.fromCharCode(33 + random.below(94))).join(''))
  for (const mask of MASKS) {
    const write = maskText(mask, null)
    for (const text of texts) expect([mask, text, written(mask, text)]).toEqual([mask, text, write(text)])
  }
})

test('masks that need the text itself, or write none of its bytes, have no span', () => {
  const others: readonly Mask[] = [{ by: 'sha256' }, { by: 'year' }, { by: 'keep', head: 1, tail: 1, fill: '·' }]
  for (const mask of others) expect(maskSpan(mask)).toBeNull()
})
