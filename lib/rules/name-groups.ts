import { compileNamePattern } from '../config/name-pattern.js'
import { Failure } from '../model/failure.js'

/** The groups of a name; null where the pattern does not match it. */
export function matchGroups(pattern: RegExp, name: string): readonly string[] | null {
  const found = pattern.exec(name)
  return found === null ? null : found.slice(1).map(group => group ?? '')
}

/**
 * "$1" is taken from the first of the group lists that has any.
 * @throws Failure ruleInvalid, naming `where`, for a group that the pattern does not have
 */
export function fillGroups(text: string, lists: readonly (readonly string[])[], where: string): string {
  const groups = lists.find(list => list.length > 0) ?? []
  return text.replace(/\$(\d)/g, (whole, digit: string) => groupOf(groups, digit, { text, whole, where }))
}

/** A rule and a table that it takes. */
interface Taken {
  readonly rule: { readonly where: string; readonly schema: string; readonly table: string }
  readonly schema: string
  readonly table: string
}

/**
 * The text of a constant for one table: `$schema` and `$table` are its names, `$schema{1}` and `$table{1}` the groups of their
 * patterns, `$1` as in sr_table (of the table's pattern, or else of the schema's). A "$1" stays as it is where no pattern has groups.
 * @throws Failure ruleInvalid for a group that the pattern does not have
 */
export function fillConstant(text: string, { rule, schema, table }: Taken): string {
  if (!text.includes('$')) return text
  const groups = {
    schema: matchGroups(compileNamePattern(rule.schema), schema) ?? [],
    table: matchGroups(compileNamePattern(rule.table), table) ?? [],
  }
  const either = groups.table.length > 0 ? groups.table : groups.schema
  return text.replace(
    /\$(schema|table)(?:\{(\d)\})?|\$(\d)/g,
    (whole, name: 'schema' | 'table' | undefined, ofName: string | undefined, digit: string) => {
      const at = { text, whole, where: rule.where }
      if (name === undefined) return either.length === 0 ? whole : groupOf(either, digit, at)
      if (ofName !== undefined) return groupOf(groups[name], ofName, at)
      return name === 'schema' ? schema : table
    },
  )
}

function groupOf(
  groups: readonly string[],
  digit: string,
  { text, whole, where }: { readonly text: string; readonly whole: string; readonly where: string },
): string {
  const group = groups[Number(digit) - 1]
  if (group !== undefined) return group
  throw new Failure('ruleInvalid', `${where}: "${text}" uses ${whole}, but the pattern has no group ${digit}.`)
}
