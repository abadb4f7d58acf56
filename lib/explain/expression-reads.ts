import { parseExpression } from '../expression/parser.js'
import { namesIn } from '../expression/syntax.js'
import type { TableSchema } from '../model/schema.js'
import type { RuleSpec } from '../rules/rule-book.js'
import { findColumn } from '../rules/shape/row-names.js'

/** Which columns of the table the expressions of a rule read, by the key that holds the expression: "where", "computed.total". */
export function expressionReads(schema: TableSchema, rule: RuleSpec): ReadonlyMap<string, readonly string[]> {
  const { where, computed } = rule.shape
  const expressions = [
    ...(where === null ? [] : [['where', where] as const]),
    ...[...computed].map(([name, text]) => [`computed.${name}`, text] as const),
  ]
  return new Map(expressions.map(([key, text]) => [key, columnsIn(text, schema, new Map())]))
}

/** The columns of the table that a measure of an expression reads, those included of which a computed column that it names is made. */
export function measureReads(text: string, schema: TableSchema, { shape }: RuleSpec): readonly string[] {
  return columnsIn(text, schema, shape.computed)
}

/** In the order of the table. */
function columnsIn(text: string, schema: TableSchema, computed: ReadonlyMap<string, string>): readonly string[] {
  const names = namesIn(parseExpression(text)).flatMap(name => ('column' in name ? name.column : []))
  const read = new Set(
    names.flatMap(name => {
      const own = schema.columns[findColumn(schema, name)]
      if (own !== undefined) return own.name
      const made = computed.get(name)
      return made === undefined ? [] : columnsIn(made, schema, new Map())
    }),
  )
  return schema.columns.map(({ name }) => name).filter(name => read.has(name))
}
