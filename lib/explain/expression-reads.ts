import { parseExpression } from '../expression/parser.js'
import { namesIn } from '../expression/syntax.js'
import type { TableSchema } from '../model/schema.js'
import type { RuleSpec } from '../rules/rule-book.js'
import { findColumn } from '../rules/shape/row-names.js'

/** Which columns of the table the expressions of a rule read, by the key that holds the expression: "where", "computed.total". */
export function expressionReads(schema: TableSchema, { shape }: RuleSpec): ReadonlyMap<string, readonly string[]> {
  const { where, computed } = shape
  const expressions = [
    ...(where === null ? [] : [['where', where] as const]),
    ...[...computed].map(([name, text]) => [`computed.${name}`, text] as const),
  ]
  return new Map(expressions.map(([key, text]) => [key, columnsIn(text, schema)]))
}

function columnsIn(text: string, schema: TableSchema): string[] {
  const read = namesIn(parseExpression(text)).flatMap(name => ('column' in name ? findColumn(schema, name.column) : []))
  return schema.columns.filter((_, i) => read.includes(i)).map(({ name }) => name)
}
