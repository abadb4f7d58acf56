import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'

const top = fileURLToPath(new URL('../../', import.meta.url))

test('every test that docs/guarantees.md names is there', () => {
  const rows = readFileSync(`${top}docs/guarantees.md`, 'utf8')
    .split('\n')
    .filter(line => line.startsWith('| '))
  const named = rows.flatMap(row =>
    [
      ...row
        .split('|')
        .at(-2)!
        .matchAll(/`([a-z0-9/-]+)`/g),
    ].map(found => found[1]!),
  )
  const missing = named.filter(
    name => !['', '.e2e', '.mysql'].some(kind => existsSync(`${top}test/${name}${kind}.test.ts`)),
  )
  expect(named.length).toBeGreaterThan(10)
  expect(missing).toEqual([])
})
