import { parseExpression } from '../expression/parser.js'
import { asFailure } from '../model/failure.js'
import { measuredAs } from '../rules/shape/measured-values.js'
import type { PlannedSource, PlannedTarget } from '../schema-plan.js'
import { expressionSql, type SourceDialect } from './expression-sql.js'
import { quoteName } from './source-literal.js'
import type { Ask } from './table-side.js'

/** Dates are printed whatever they are. */
const MODE_OF_VALUES = 'ALLOW_INVALID_DATES'
/** What the values of expressions are by: the server's own default, but for how statements are judged. */
const MODE_OF_EXPRESSIONS = 'STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO'
/** What texts are compared by where no column says it. */
const COLLATION = 'utf8mb4_0900_ai_ci'

/** Has the session compute what the rules of a target compute as they do, and asks it what of that it cannot. */
export async function dialectFor(
  ask: Ask,
  { sources }: PlannedTarget,
  flavor: SourceDialect['flavor'],
): Promise<SourceDialect> {
  const refused = new Map<string, string>()
  const all = sources.map(source => ({ source, sqls: expressionsOf(source, { flavor, refused }) }))
  const computing = all.filter(({ sqls }) => sqls.length > 0)
  await ask(`SET sql_mode = '${computing.length === 0 ? MODE_OF_VALUES : MODE_OF_EXPRESSIONS}'`)
  if (computing.length === 0) return { flavor, refused }
  const known = await ask(
    `SELECT COLLATION_NAME AS name FROM information_schema.COLLATIONS WHERE COLLATION_NAME = '${COLLATION}'`,
  )
  if (known.length > 0) await ask(`SET collation_connection = '${COLLATION}'`)
  for (const { source, sqls } of computing)
    for (const sql of sqls) {
      const why = await refusal(ask, source, sql)
      if (why !== null) refused.set(sql, why)
    }
  return { flavor, refused }
}

function expressionsOf({ table, shaped, matched }: PlannedSource, dialect: SourceDialect): string[] {
  const { where, computed } = matched.rule.shape
  const texts = [...(where === null ? [] : [where]), ...computed.values()]
  const measured = shaped.columns.flatMap(({ name, summed }) =>
    summed === true ? (measuredAs(name, table, matched.rule)?.expression ?? []) : [],
  )
  return [...texts.map(text => parseExpression(text)), ...measured].flatMap(expression => {
    const told = expressionSql(expression, table, dialect)
    return 'sql' in told ? [told.sql] : []
  })
}

/** Why the server does not take an expression, as a sentence's end; null: it does. A function may be missing there. */
async function refusal(ask: Ask, { table }: PlannedSource, sql: string): Promise<string | null> {
  try {
    await ask(`SELECT ${sql} AS v FROM ${quoteName(table.schema)}.${quoteName(table.table)} LIMIT 0`)
    return null
  } catch (error) {
    const failure = asFailure(error)
    if (failure.kind !== 'sourceUnfit') throw error
    return `the source does not compute it: ${failure.message}`
  }
}
