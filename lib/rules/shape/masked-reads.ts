import { parseExpression } from '../../expression/parser.js'
import { namesIn } from '../../expression/syntax.js'
import { type TableSchema, tableName, targetName } from '../../model/schema.js'
import { measuredColumns } from '../planned-measures.js'
import type { MatchedRule } from '../rule-book.js'
import { findColumn } from './row-names.js'

/** Columns of expressions that read what the rule masks, as sentences for the operator: an expression is given values as they are. */
export function maskedReads(schema: TableSchema, matched: MatchedRule): string[] {
  const { measures, shape } = matched.rule
  const { mask, computed } = shape
  if (mask.size === 0) return []
  const made = [...computed, ...measuredColumns(measures).map(({ name, text }) => [name, text] as const)]
  return made.flatMap(([name, text]) => {
    const read = namesIn(parseExpression(text)).flatMap(one => ('column' in one ? findColumn(schema, one.column) : []))
    const hidden = schema.columns.find((column, i) => mask.has(column.name) && read.includes(i))
    if (hidden === undefined) return []
    return `${targetName(matched)}.${name} = "${text}" reads ${tableName(schema)}.${hidden.name}, which the rule masks: the expression is given the value as it is.`
  })
}

/** What to do about it. */
export const MASKED_READS_ADVICE = 'See that nothing of the value can be told from the computed column.'
