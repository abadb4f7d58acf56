import { Failure } from '../model/failure.js'
import { type TableSchema, tableName, targetName } from '../model/schema.js'
import type { MatchedRule } from './rule-book.js'

/**
 * Source columns that a rule makes the key columns of its target, with their names there; empty where it maps none.
 * @throws Failure ruleInvalid where the table does not have one of them, or several of its rows may have the same values
 */
export function mappedKey(schema: TableSchema, matched: MatchedRule): ReadonlyMap<string, string> {
  const { rule } = matched
  const { key } = rule.shape
  if (!rule.shape.partial || key.size === 0) return new Map()
  const mapped = new Map([...key].map(([target, source]) => [source, target]))
  const unknown = [...mapped.keys()].find(name => !schema.columns.some(c => c.name === name && c.added !== true))
  if (unknown !== undefined)
    throw new Failure(
      'ruleInvalid',
      `${rule.where}: key names column "${unknown}", which ${tableName(schema)} does not have.`,
    )
  if (!isUnique([...mapped.keys()], schema))
    throw new Failure(
      'ruleInvalid',
      `${rule.where}: key maps (${[...mapped.keys()].join(', ')}) of ${tableName(schema)}, over which it has no unique key: two of its rows could be one row of ${targetName(matched)}, and the later would replace the columns of the other.`,
      {
        advice: `ALTER TABLE ${tableName(schema)} ADD UNIQUE (${[...mapped.keys()].join(', ')}) if they are unique, or map columns that are.`,
      },
    )
  return mapped
}

/** Source columns, by name, that find a row of the table in the target of an `upsert` rule, in the order of its key. */
export function keyColumns(schema: TableSchema, { rule }: MatchedRule): readonly string[] {
  const { partial, key } = rule.shape
  return partial && key.size > 0 ? [...key.values()] : schema.key
}

/** Whether the rule's key can be told from the table's own: not where it maps other columns. */
export function isOwnKey(schema: TableSchema, matched: MatchedRule): boolean {
  return keyColumns(schema, matched).every(name => schema.key.includes(name))
}

/** A unique key over some of the columns is one over all of them. */
function isUnique(columns: readonly string[], { key, uniqueKeys = [] }: TableSchema): boolean {
  return [key, ...uniqueKeys].some(unique => unique.length > 0 && unique.every(name => columns.includes(name)))
}
