import type { WrittenRow } from './fixture.js'
import type { TargetRow } from './target-rows.js'

/** How what is in a target is not what a test expects. */
export type RowDifference =
  | { readonly kind: 'missing'; readonly row: WrittenRow }
  | { readonly kind: 'extra'; readonly row: TargetRow }
  | {
      readonly kind: 'changed'
      /** Values by which expected and actual row were taken for the same. */
      readonly key: WrittenRow
      readonly columns: readonly {
        readonly name: string
        readonly expected: unknown
        readonly actual: string | null | undefined
      }[]
    }

/**
 * Compares rows in any order. Only columns that an expected row names are looked at; each row of the target must be expected.
 * `key`: names of the target's key columns, by which a row that is not as expected is shown beside the one it should be.
 */
export function compareRows(
  expected: readonly WrittenRow[],
  actual: readonly TargetRow[],
  key: readonly string[],
): RowDifference[] {
  const left = [...actual]
  const unmet = expected.filter(row => {
    const at = left.findIndex(other => differing(row, other).length === 0)
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
  const differences = unmet.map((row): RowDifference => {
    const named = key.length > 0 && key.every(name => Object.hasOwn(row, name))
    const own = Object.fromEntries(key.map(name => [name, row[name]]))
    const at = named ? left.findIndex(other => differing(own, other).length === 0) : -1
    if (at < 0) return { kind: 'missing', row }
    const [other] = left.splice(at, 1)
    return { kind: 'changed', key: own, columns: differing(row, other!) }
  })
  return [...differences, ...left.map((row): RowDifference => ({ kind: 'extra', row }))]
}

function differing(expected: WrittenRow, actual: TargetRow) {
  return Object.entries(expected).flatMap(([name, value]) => {
    const text = actual.get(name)
    return isExpected(value, text) ? [] : [{ name, expected: value, actual: text }]
  })
}

/** Numbers count by their value, [] is NULL. */
function isExpected(expected: unknown, actual: string | null | undefined): boolean {
  if (actual === undefined) return false
  if (Array.isArray(expected) && expected.length === 0) return actual === null
  if (actual === null) return false
  switch (typeof expected) {
    case 'boolean':
      return actual === (expected ? '1' : '0')
    case 'number':
    case 'bigint':
      return isSameNumber(String(expected), actual)
    case 'string':
      return expected === actual || isSameMoment(expected, actual) || isSameBytes(expected, actual)
  }
  if (expected instanceof Date) return isSameMoment(expected.toISOString(), actual)
  return isSameDocument(expected, actual)
}

function isSameNumber(expected: string, actual: string): boolean {
  const plain = (text: string) => text.replace(/^(-?\d+)\.(\d*?)0*$/, '$1.$2').replace(/\.$/, '')
  return plain(expected) === plain(actual) || (/e/i.test(expected + actual) && Number(expected) === Number(actual))
}

/** "2024-02-29 12:00:00" is "2024-02-29 12:00:00.000". */
function isSameMoment(expected: string, actual: string): boolean {
  const plain = (text: string) =>
    text
      .replace('T', ' ')
      .replace(/\.(\d*?)0*$/, '.$1')
      .replace(/\.$/, '')
  return /^\d{4}-\d\d-\d\d[ T]\d\d:/.test(expected) && plain(expected) === plain(actual)
}

/** Bytes stand as 0x… in a target's row, and may be written as text. */
function isSameBytes(expected: string, actual: string): boolean {
  return /^0x([0-9a-f]{2})*$/.test(actual) && actual === `0x${Buffer.from(expected).toString('hex')}`
}

function isSameDocument(expected: unknown, actual: string): boolean {
  try {
    return JSON.stringify(sorted(expected)) === JSON.stringify(sorted(JSON.parse(actual)))
  } catch (error) {
    // A text that is no document is not the one that is expected.
    if (error instanceof SyntaxError) return false
    throw error
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? Number(value) : value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, item]) => [name, sorted(item)]),
  )
}
