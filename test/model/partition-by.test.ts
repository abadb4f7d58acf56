import { expect, test } from '@jest/globals'
import { parsePartitionBy, renderPartitionBy } from '../../lib/model/partition-by.js'

const rendered = (text: string) => {
  const terms = parsePartitionBy(text)
  return typeof terms === 'string' ? `! ${terms}` : renderPartitionBy(terms, name => `<${name}>`)
}

test.each([
  ["date_trunc('day', created_at)", "date_trunc('day', <created_at>)"],
  [' DATE_TRUNC( "MONTH" ,`created at` ) ', "date_trunc('month', <created at>)"],
  ['time_slice(at, INTERVAL 7 day)', 'time_slice(<at>, INTERVAL 7 day)'],
  ['time_slice(at, interval 1 Hour, floor)', 'time_slice(<at>, INTERVAL 1 hour)'],
  ["time_slice(`a``t`, INTERVAL 1 year, 'floor')", 'time_slice(<a`t>, INTERVAL 1 year)'],
  ['city', '(<city>)'],
  ['(city, `größe`)', '(<city>, <größe>)'],
  ['größe', '(<größe>)'],
])('%s', (text, expected) => expect(rendered(text)).toBe(expected))

test.each([
  ["date_trunc('week', at)", /units hour, day, month, year/],
  ["date_trunc('day', upper(at))", /must be "date_trunc/],
  ['time_slice(at, INTERVAL 0 day)', /at least 1/],
  ['time_slice(at, INTERVAL 1 day, ceil)', /must be "date_trunc/],
  ['RANGE(at) (PARTITION p1 VALUES LESS THAN ("2024-01-01"))', /would be refused/],
  ["date_trunc('day', at), city", /one expression/],
  ['city;', /must be/],
  ['city) DISTRIBUTED BY HASH(x', /must be/],
  ['city -- x', /must be/],
  ['', /must be/],
  ['(city,)', /must be/],
])('%s is refused', (text, message) => expect(parsePartitionBy(text)).toEqual(expect.stringMatching(message)))
