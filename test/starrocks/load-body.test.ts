import { describe, expect, test } from '@jest/globals'
import { basicAuthorization, loadHeaders, loadPath } from '../../lib/starrocks/load-body.js'
import { csvLoad } from './fixtures.js'

const OPTIONS = { loadTimeoutMs: 90_500, throughFrontend: true }

describe('load headers', () => {
  test('CSV', () => {
    expect(loadHeaders(csvLoad([]), OPTIONS)).toEqual({
      label: 'l-1',
      format: 'csv',
      timeout: '91',
      strict_mode: 'true',
      max_filter_ratio: '0',
      columns: '`id`,`name`,__op',
      column_separator: '\\x01',
      row_delimiter: '\\x02',
    })
  })
  test('JSON', () => {
    const headers = loadHeaders(csvLoad([], { format: 'json' }), OPTIONS)
    expect(headers).toMatchObject({
      format: 'json',
      strip_outer_array: 'true',
      ignore_json_size: 'true',
      strict_mode: 'true',
    })
    expect(headers).not.toHaveProperty('column_separator')
  })
  test('a partial update says so', () => {
    expect(loadHeaders(csvLoad([], { partial: true }), OPTIONS).partial_update).toBe('true')
    expect(loadHeaders(csvLoad([]), OPTIONS)).not.toHaveProperty('partial_update')
  })
  test('names beyond ASCII travel as UTF-8 bytes', () => {
    const { columns } = loadHeaders(csvLoad([], { columns: '`größe`,`名`' }), OPTIONS)
    expect(Buffer.from(columns!, 'latin1').toString('utf8')).toBe('`größe`,`名`')
  })
  test('the time-out stays within what StarRocks takes', () => {
    expect(loadHeaders(csvLoad([]), { ...OPTIONS, loadTimeoutMs: 0 }).timeout).toBe('1')
    expect(loadHeaders(csvLoad([]), { ...OPTIONS, loadTimeoutMs: 1e12 }).timeout).toBe('259200')
  })
  test.each(['', 'a b', 'x'.repeat(129), 'ü'])('the label %j is refused', label => {
    expect(() => loadHeaders(csvLoad([], { label }), OPTIONS)).toThrow(/label/)
  })
  test('control characters are refused, not sent', () => {
    expect(() => loadHeaders(csvLoad([], { columns: 'a\r\nx: y' }), OPTIONS)).toThrow(/demo\.t_user.*columns header/)
    expect(() => loadHeaders(csvLoad([], { columnSeparator: '\x01' }), OPTIONS)).toThrow(/column_separator/)
  })
  test('more header bytes than an FE reads are refused, except where no FE reads them', () => {
    const wide = csvLoad([], { columns: 'c'.repeat(33_000) })
    expect(() => loadHeaders(wide, OPTIONS)).toThrow(/demo\.t_user.*32768/)
    expect(loadHeaders(wide, { ...OPTIONS, throughFrontend: false }).columns).toHaveLength(33_000)
  })
})

test('paths and credentials', () => {
  expect(loadPath({ database: 'demo', table: 't_user' })).toBe('/api/demo/t_user/_stream_load')
  expect(loadPath({ database: 'd', table: 'a/b?c' })).toBe('/api/d/a%2Fb%3Fc/_stream_load')
  expect(basicAuthorization('u', 'p:ä')).toBe(`Basic ${Buffer.from('u:p:ä').toString('base64')}`)
})
