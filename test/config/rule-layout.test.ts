import { expect, test } from '@jest/globals'
import { ruleBookOf, starRocksOptions } from '../../lib/registry.js'
import { load, MINIMAL, problems } from '../support/config-text.js'

const RULE = `${MINIMAL}[[rule]]\nschema = "shop"\ntable = "/^log_[0-9]+$/"\n`
const ofRule = (lines: string) => problems(`${RULE}${lines}\n`).map(text => text.split('\n')[0])

test('sort key and partitions reach the rule as they are written', () => {
  const config = load(`${RULE}order_by = ["b", "a"]\npartition_by = "date_trunc('day', at)"\n`)
  const [matched] = ruleBookOf(config).match('shop', 'log_1')
  expect(matched!.rule).toMatchObject({ orderBy: ['b', 'a'], partitionBy: "date_trunc('day', at)" })
  expect(ruleBookOf(load(RULE)).match('shop', 'log_1')[0]!.rule).toMatchObject({ orderBy: null, partitionBy: null })
})

test.each([
  ['order_by = []', '12:12: order_by must not be empty'],
  ['order_by = ["a", "A"]', '12:12: order_by names column "A" twice'],
  ['partition_by = ""', '12:16: partition_by must not be empty'],
  ['partition_by = "RANGE(at) ()"', '12:16: partition_by must be an expression: rows outside'],
  [`partition_by = "date_trunc('week', at)"`, '12:16: partition_by must have one of the units hour, day, month, year'],
])('%s is refused', (line, problem) => expect(ofRule(line)).toEqual([expect.stringContaining(problem)]))

test('auto_shard decides for the engine and the command alike', () => {
  const target = (lines: string) => ruleBookOf(load(`${RULE}${lines}`)).match('shop', 'log_7')[0]!.table
  expect(target('')).toBe('log_7')
  expect(target('[schema]\nauto_shard = true\n')).toBe('log__auto_shard')
  expect(target('sr_table = "logs"\n[schema]\nauto_shard = true\n')).toBe('logs')
})

test('two buckets for each backend', () => {
  expect(starRocksOptions(load(`${MINIMAL}[schema]\nbe_num = 5\n`)).bucketCount).toBe(10)
})
