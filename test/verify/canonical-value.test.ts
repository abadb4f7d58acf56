import { describe, expect, test } from '@jest/globals'
import { canonicalValue, type ValueKind } from '../../lib/verify/canonical-value.js'

const same: Array<[ValueKind, string, string]> = [
  ['integer', '007', '7'],
  ['integer', '-0', '0'],
  ['integer', '18446744073709551615', '18446744073709551615'],
  ['decimal', '1.50', '1.5'],
  ['decimal', '-0.00', '0'],
  ['decimal', '100', '100.000'],
  ['float', '0.10000000149011612', '0.1'],
  ['float', '16777216', '1.6777216e7'],
  ['float', '3.4028234663852886e38', '3.4028235e+38'],
  ['double', '1e22', '10000000000000000000000'],
  ['moment', '2026-01-02 03:04:05.000000', '2026-01-02 03:04:05'],
  ['moment', '2026-01-02 03:04:05.500000', '2026-01-02 03:04:05.5'],
  ['moment', '2026-01-02 03:04:50', '2026-01-02 03:04:50.0'],
  ['json', '{"b": [1, 2.50], "a": null}', '{"a":null,"b":[1,2.5]}'],
  ['json', '{"a": "\\u00e9\\n"}', '{"a":"é\\n"}'],
  ['json', '{}', ' { } '],
  ['json', '{"a": 1, "a": 2}', '{"a": 2}'],
]

const different: Array<[ValueKind, string, string]> = [
  ['integer', '18446744073709551615', '18446744073709551614'],
  ['integer', '1', 'x'],
  ['integer', '1', '1.0'],
  ['decimal', '1.50', '1.51'],
  ['decimal', '0.1', '0.10000000000000000000000000000000000001'],
  ['decimal', '1e2', '1e3'],
  ['float', '0.10000000149011612', '0.10000001'],
  ['float', '0.10000000149011612', '0.1000000001'],
  ['double', '0.1', '0.10000000000000002'],
  ['moment', '2026-01-02 03:04:05.000001', '2026-01-02 03:04:05'],
  ['moment', '2026-01-02 03:04:50', '2026-01-02 03:04:05'],
  ['text', '1.50', '1.5'],
  ['text', 'a', 'a '],
  ['text', 'a', 'A'],
  ['bytes', '00', ''],
  ['json', '{"n": 12345678901234567890}', '{"n": 12345678901234567891}'],
  ['json', '{"n": 1}', '{"n": "1"}'],
  ['json', '[1, 2]', '[2, 1]'],
  ['json', '{"a": "x"}', '{"a": "x"'],
  ['json', '{"a b": 1}', '{"ab": 1}'],
]

describe('canonicalValue', () => {
  test.each(same)('%s: %s is %s', (kind, left, right) => {
    expect(canonicalValue(kind, left)).toBe(canonicalValue(kind, right))
  })

  test.each(different)('%s: %s is not %s', (kind, left, right) => {
    expect(canonicalValue(kind, left)).not.toBe(canonicalValue(kind, right))
  })
})
