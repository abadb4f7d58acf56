import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { MASKS, parseMask } from '../../../lib/config/mask.js'
import { MaskSalt } from '../../../lib/rules/shape/mask-salt.js'
import { maskText } from '../../../lib/rules/shape/mask-text.js'

const PAGE = readFileSync('docs/masks.md', 'utf8')
const ROWS = [...PAGE.matchAll(/^\| `([^`]+)` \|[^|]*\| `([^`]+)` \| ([^|]+?) \|/gm)].map(match => match.slice(1, 4))
const SALT = new MaskSalt('0123456789abcdef')

test('the page has every mask', () => {
  const named = ROWS.map(([text]) => parseMask(text!)).map(mask => (typeof mask === 'string' ? mask : mask.by))
  expect([...new Set(named)].sort()).toEqual(Object.keys(MASKS).sort())
})

test.each(ROWS)('%s of %s is %s', (text, value, shown) => {
  const mask = parseMask(text!)
  if (typeof mask === 'string') throw new Error(mask)
  const masked = maskText(mask, SALT)(value!)
  if (shown === '64 hex digits') expect(masked).toMatch(/^[0-9a-f]{64}$/)
  else expect(masked).toBe(shown === 'NULL' ? null : shown!.replaceAll('`', ''))
})
