import type { RowTag } from '../model/target-change.js'
import { fillConstant } from './name-groups.js'
import type { MatchedRule, RuleBook } from './rule-book.js'

type TargetRef = { readonly database: string; readonly table: string }
type TableRef = { readonly schema: string; readonly table: string }

/**
 * The constants by which the rows of a source table are told from those of all others in a target; null: nothing tells them.
 * `tables`: those that may be written there.
 */
export function shardTag(
  book: RuleBook,
  target: TargetRef,
  of: TableRef,
  tables: readonly TableRef[],
): readonly RowTag[] | null {
  const own = constantsOf(book, target, of)
  const others = book
    .writersOf(target, tables)
    .filter(({ schema, table }) => schema !== of.schema || table !== of.table)
    .map(other => constantsOf(book, target, other))
  const differs = (other: readonly RowTag[]): boolean =>
    own.some(({ name, text }) => other.find(constant => constant.name === name)?.text !== text)
  return own.length > 0 && others.every(differs) ? own : null
}

/** The one constant by which every table that is written into a target is told from every other; null: there is none. */
export function tellingTag(
  book: RuleBook,
  target: TargetRef,
  of: TableRef,
  tables: readonly TableRef[],
): RowTag | null {
  const all = new Map(
    book.writersOf(target, tables).map(one => [`${one.schema}.${one.table}`, constantsOf(book, target, one)]),
  )
  const tells = ({ name }: RowTag): boolean => {
    const texts = [...all.values()].map(constants => constants.find(constant => constant.name === name)?.text)
    return !texts.includes(undefined) && new Set(texts).size === texts.length
  }
  return constantsOf(book, target, of).find(tells) ?? null
}

/** Whether tags are part of the target's key, so that equal keys of two tables are two rows; false where nothing tells them apart. */
export function isTaggedKey(book: RuleBook, target: TargetRef, of: TableRef, tables: readonly TableRef[]): boolean {
  const key = wayOf(book, target, of)?.rule.shards.key ?? []
  const inKey = (table: TableRef) =>
    JSON.stringify(constantsOf(book, target, table).filter(({ name }) => key.includes(name)))
  const own = inKey(of)
  return (
    key.length > 0 &&
    book
      .writersOf(target, tables)
      .every(other => (other.schema === of.schema && other.table === of.table) || inKey(other) !== own)
  )
}

function constantsOf(book: RuleBook, target: TargetRef, of: TableRef): readonly RowTag[] {
  const way = wayOf(book, target, of)
  if (way === null) return []
  const { rule } = way
  return [...rule.constants].map(([name, text]) => ({ name, text: fillConstant(text, { rule, ...of }) }))
}

function wayOf(book: RuleBook, target: TargetRef, { schema, table }: TableRef): MatchedRule | null {
  return book.match(schema, table).find(w => w.database === target.database && w.table === target.table) ?? null
}
