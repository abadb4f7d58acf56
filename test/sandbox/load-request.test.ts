import { expect, test } from '@jest/globals'
import { parseLabel, parseLoadRequest } from '../../lib/sandbox/load-request.js'

test('nothing given: StarRocks defaults', () => {
  expect(parseLoadRequest({})).toEqual({
    format: 'csv',
    compression: 'none',
    columns: null,
    columnSeparator: Buffer.from('\t'),
    rowDelimiter: Buffer.from('\n'),
    enclose: null,
    escape: null,
    skipHeader: 0,
    trimSpace: false,
    strictMode: false,
    maxFilterRatio: 0,
    timeoutSeconds: 600,
    partialUpdate: false,
    mergeCondition: null,
    stripOuterArray: false,
  })
})

test('values are read; an empty one counts as absent', () => {
  const request = parseLoadRequest({
    format: 'json',
    strict_mode: 'TRUE',
    max_filter_ratio: '0.5',
    timeout: '30',
    partial_update: 'true',
    partial_update_mode: 'row',
    strip_outer_array: 'true',
    columns: Buffer.from('名').toString('latin1'),
    where: '',
  })
  expect(request).toMatchObject({
    format: 'json',
    strictMode: true,
    maxFilterRatio: 0.5,
    timeoutSeconds: 30,
    partialUpdate: true,
    stripOuterArray: true,
    columns: [{ kind: 'source', name: '名' }],
  })
})

test.each([
  ['format', 'parquet', 'unknown data format, format=parquet'],
  ['format', 'lz4', "The sandbox cannot decompress 'lz4'"],
  ['strict_mode', 'yes', 'Invalid strict mode format. Must be bool type'],
  ['partial_update', 'x', 'Invalid partial update flag format. Must be bool type'],
  ['trim_space', 'x', 'Invalid trim space format. Must be bool type'],
  ['skip_header', '-1', 'skip_header must be equal or greater than 0'],
  ['skip_header', 'x', 'Invalid csv load skip_header format'],
  ['timeout', 'x', 'Invalid timeout format'],
  ['timeout', '0', "Invalid timeout: '0'. Expected values should be between 1 and 259200 seconds"],
  ['timeout', '259201', 'Invalid timeout'],
  ['column_separator', 'x'.repeat(51), "The valid bytes length for 'column separator' is [1, 50]"],
  ['where', 'a > 1', "The sandbox does not support the header 'where'"],
  ['jsonpaths', '["$.a"]', "The sandbox does not support the header 'jsonpaths'"],
  ['json_root', '$.a', "The sandbox does not support the header 'json_root'"],
  ['partitions', 'p1', "The sandbox does not support the header 'partitions'"],
  ['negative', 'true', "The sandbox does not support the header 'negative'"],
  ['envelope', 'debezium', "The sandbox does not support the header 'envelope'"],
  ['enable_merge_commit', 'true', "The sandbox does not support the header 'enable_merge_commit'"],
  ['log_rejected_record_num', '1', "The sandbox does not support the header 'log_rejected_record_num'"],
])('%s: %s', (name, value, message) => {
  expect(() => parseLoadRequest({ [name]: value })).toThrow(message)
})

test('how a partial update is written changes nothing of what it means', () => {
  for (const mode of ['row', 'column', 'auto'])
    expect(parseLoadRequest({ partial_update: 'true', partial_update_mode: mode }).partialUpdate).toBe(true)
  expect(parseLoadRequest({ merge_condition: 'v' }).mergeCondition).toBe('v')
})

test('both names of JSON compression', () => {
  expect(() => parseLoadRequest({ format: 'json', compression: 'gzip', 'content-encoding': 'gzip' })).toThrow(
    'Only one of http header content-encoding and compression can be set',
  )
  expect(parseLoadRequest({ format: 'json', compression: 'GZIP' }).compression).toBe('gzip')
  expect(() => parseLoadRequest({ format: 'json', compression: 'rar' })).toThrow('Unsupported compression type: rar')
})

test('JSON over 100 MB needs ignore_json_size', () => {
  const headers = { format: 'json', 'content-length': '104857601' }
  expect(() => parseLoadRequest(headers)).toThrow(
    'The size of this batch exceed the max size [104857600]  of json type data  data [ 104857601 ]. Set ignore_json_size to skip the check',
  )
  expect(parseLoadRequest({ ...headers, ignore_json_size: 'true' }).format).toBe('json')
  expect(parseLoadRequest({ ...headers, format: 'csv' }).format).toBe('csv')
})

test('labels', () => {
  expect(parseLabel({ label: 'a-B_9' })).toBe('a-B_9')
  expect(parseLabel({})).toBeUndefined()
  expect(() => parseLabel({ label: 'a b' })).toThrow('Label format error. regex: ^[-\\w]{1,128}$, label: a b')
  expect(() => parseLabel({ label: 'x'.repeat(129) })).toThrow('Label format error')
})
