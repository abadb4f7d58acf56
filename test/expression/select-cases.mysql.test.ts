import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { freshSchema, sharedServer } from '../support/servers.js'
import { SELECT_CASES } from './select-cases.js'
import { SelectOracle } from './select-oracle.js'

/** Expressions that are asked for in one SELECT. */
const BATCH = 60

let oracle: SelectOracle

beforeAll(async () => {
  const server = await sharedServer('mysql')
  oracle = await SelectOracle.open(server, await freshSchema(server))
}, 180_000)

afterAll(() => oracle?.close())

test('there are cases', () => {
  expect(SELECT_CASES.length).toBeGreaterThan(800)
  expect(new Set(SELECT_CASES).size).toBe(SELECT_CASES.length)
})

test('an expression has the value that SELECT shows, in every row', async () => {
  expect(await differencesOf(text => text)).toEqual([])
})

test('so has the SQL that an expression is rendered to', async () => {
  expect(await differencesOf(text => oracle.rendered(text))).toEqual([])
})

async function differencesOf(sqlOf: (text: string) => string): Promise<string[]> {
  const wrong: string[] = []
  for (let at = 0; at < SELECT_CASES.length; at += BATCH) {
    const batch = SELECT_CASES.slice(at, at + BATCH)
    const shown = await oracle.select(batch.map(sqlOf))
    wrong.push(...batch.flatMap((text, i) => oracle.differences(text, shown[i]!)))
  }
  return wrong
}
