import { expect, test } from '@jest/globals'
import { compileExpression } from '../../lib/expression/compile.js'
import { parseExpression } from '../../lib/expression/parser.js'
import { ExpressionProblem } from '../../lib/expression/problem.js'
import type { ExpressionScope } from '../../lib/expression/scope.js'
import { Random } from '../support/random.js'
import { freshSchema, sharedServer } from '../support/servers.js'
import { RandomExpressions } from './random-expression.js'
import { ERROR, SelectOracle } from './select-oracle.js'

const SEED = Number(process.env.SEED ?? 20211221)
const EXPRESSIONS = Number(process.env.EXPRESSIONS ?? 1500)
const ROWS = 12
const BATCH = 50

test(`random expressions over random rows are what SELECT shows, seed ${SEED}`, async () => {
  const random = new RandomExpressions(new Random(SEED))
  const server = await sharedServer('mysql')
  const rows = Array.from({ length: ROWS }, (_, i) => random.row(i + 1))
  const oracle = await SelectOracle.open(server, await freshSchema(server), rows)
  let compared = 0
  let notComputed = 0
  try {
    const wrong: string[] = []
    for (let made = 0; made < EXPRESSIONS; made += BATCH) {
      const batch = Array.from({ length: BATCH }, () => random.expression()).filter(text => isKnown(text, oracle.scope))
      const shown = await oracle.select(batch)
      const differences = batch.flatMap((text, i) => oracle.differences(text, shown[i]!))
      // A part that does not decide the result is not computed here, so that an error in it does not show.
      const undecided = differences.filter(line => line.endsWith(` in place of ${ERROR}`))
      notComputed += undecided.length
      wrong.push(...differences.filter(line => !undecided.includes(line)))
      compared += batch.length
    }
    expect(wrong).toEqual([])
  } finally {
    await oracle.close()
  }
  expect(notComputed).toBeLessThan((compared * ROWS) / 100)
  // Others hold values that cannot meet, such as a date and a number, which the compiler refuses.
  expect(compared).toBeGreaterThan(EXPRESSIONS / 2)
}, 180_000)

function isKnown(text: string, scope: ExpressionScope): boolean {
  try {
    compileExpression(parseExpression(text), scope)
    return true
  } catch (error) {
    if (error instanceof ExpressionProblem) return false
    throw new Error(`${text}: ${(error as Error).message}`, { cause: error })
  }
}
