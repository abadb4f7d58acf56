import { describe, expect, test } from '@jest/globals'
import { deliveryWish } from '../../lib/config/delivery-wish.js'
import { load, MINIMAL, problems } from '../support/config-text.js'

const RULE = `${MINIMAL}\n[[rule]]\nschema = "shop"\ntable = "orders"\n`

test('the keys of a rule that say how its rows are loaded and stored', () => {
  const [rule] = load(
    `${RULE}column_separator = '\\x03'\nbuckets = 8\ndistributed_by = ["id"]\nproperties = { compression = "ZSTD" }\nshard_key = ["shard"]\nconstants = { shard = "$schema" }\npartial_update_mode = "auto"\n`,
  ).rule
  expect(rule).toMatchObject({
    column_separator: '\\x03',
    buckets: 8,
    distributed_by: ['id'],
    shard_key: ['shard'],
    on_key_collision: 'stop',
    partial_update_mode: 'auto',
  })
})

describe('refused', () => {
  test.each([
    ['shard_key = ["shard"]', /shard_key names column "shard", which constants does not set/],
    ['mode = "append"\nconstants = { a = "1" }\nshard_key = ["a"]', /shard_key is not for mode = "append"/],
    ['merge_condition = "n"', /merge_condition cannot be combined with deletes/],
    ['merge_condition = "n"\non_delete = "ignore"\nwhere = "a = 1"', /merge_condition cannot be combined with where/],
    ['merge_condition = "n"\nmode = "append"', /merge_condition is for primary key tables/],
    ['partial_update_mode = "row"\nmode = "append"', /partial_update_mode is for primary key tables/],
    ['row_delimiter = "|"\ncolumn_separator = "|"', /row_delimiter must differ from column_separator/],
    ['properties = { replication_num = "3" }', /\[schema\] replication_num does/],
    ['model = "unique"', /model = "unique" replaces rows and deletes none/],
    ['model = "duplicate"', /model = "duplicate" replaces no row/],
    ['model = "aggregate"', /model = "aggregate" is for rules with group_by/],
    ['model = "primary"\nmode = "append"', /needs "duplicate"/],
    ['model = "primary"\ngroup_by = ["a"]\nmeasures = { n = "count(*)" }', /needs "aggregate"/],
  ])('%j', (lines, expected) => {
    expect(problems(`${RULE}${lines}\n`)).toEqual([expect.stringMatching(expected)])
  })
  test.each([
    ['delivery = "atomic"', 'partial_update_mode = "auto"', /delivery = "atomic" writes no partial updates/],
    ['delivery = "atomic"', 'delivery = "labels"', /= "atomic" does not go with delivery = "labels" of another/],
    ['delivery = "auto"', 'delivery = "atomic"\nmode = "partial"', /"atomic" does not go with mode = "partial"/],
    [
      'on_bad_row = "dead_letter"',
      'merge_condition = "n"\non_delete = "ignore"',
      /does not go with the merge_condition/,
    ],
  ])('%s with %j', (top, lines, expected) => {
    expect(problems(`${top}\n${RULE}${lines}\n`)).toEqual([expect.stringMatching(expected)])
  })
})

test('unique and merge_condition where no row is deleted', () => {
  expect(problems(`${RULE}model = "unique"\noperations = ["INSERT", "UPDATE"]\n`)).toEqual([])
  expect(problems(`${RULE}merge_condition = "n"\non_delete = "soft"\n`)).toEqual([])
})

test('delivery of a rule counts for all where nothing is said above them', () => {
  const two = `${RULE}delivery = "labels"\n[[rule]]\nschema = "shop"\ntable = "items"\n`
  expect(deliveryWish(load(two))).toBe('labels')
  expect(deliveryWish(load(RULE))).toBe('auto')
  expect(problems(`${two}delivery = "atomic"\n`)).toEqual([
    expect.stringMatching(/delivery = "labels" does not go with/),
  ])
})
