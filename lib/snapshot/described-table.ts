import { type TableSchema, targetName } from '../model/schema.js'
import type { RuleBook } from '../rules/rule-book.js'
import { usableRules } from '../rules/target-modes.js'
import type { RuledTable } from './copy-list.js'
import type { CopyMode } from './copy-plan.js'

/** What the rules make of a table; null: nothing. */
export function describeTable(schema: TableSchema, book: RuleBook, skipsTablesWithoutKey: boolean): RuledTable | null {
  if (!book.wanted(schema.schema, schema.table)) return null
  const matches = book.match(schema.schema, schema.table)
  const ways = usableRules(schema, matches, skipsTablesWithoutKey, () => undefined)
  if (ways.length === 0) return null
  return {
    schema: schema.schema,
    table: schema.table,
    targets: ways.map(targetName),
    key: schema.key.map(name => {
      const column = schema.columns.find(one => one.name === name)
      return `${name} ${column?.columnType ?? ''} ${column?.charset ?? ''}`.trim()
    }),
    strict: ways.some(({ rule }) => rule.mode !== 'upsert'),
  }
}

/** See `CopyMode`. `wholeImages`: row images hold every column. */
export function copyModeOf(table: RuledTable | null, wholeImages: boolean): CopyMode {
  return table !== null && !table.strict && wholeImages ? 'atOnce' : 'behindFrontier'
}
