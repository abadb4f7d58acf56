import { isSameName } from '../model/same-name.js'
import { type TableSchema, type TargetTable, tableName } from '../model/schema.js'
import type { PlannedSource, PlannedTarget } from '../schema-plan.js'
import { quoteIdentifier, quoteTable } from '../starrocks/ddl.js'
import { parseTargetType } from '../starrocks/target-type.js'
import { type ComparedColumn, compareColumns } from './compared-columns.js'
import { groupedRows } from './compared-groups.js'
import type { SourceDialect } from './expression-sql.js'
import { isFused, isOwnKey, keyColumns } from './fused-parts.js'
import { tolerated, unmarked } from './rule-promise.js'
import { quoteName, sourceLiteral, sourceText } from './source-literal.js'
import { sourceCondition } from './source-value.js'
import type { SuspectKind } from './verdict.js'

/** Where the rows of one side come from, and the text of each compared column in them. */
export interface RowSource {
  /** A table, or a SELECT in parentheses with an alias. */
  readonly from: string
  /** Which of its rows; null: all. */
  readonly where: string | null
  /** One SQL expression for each compared column; the key columns stand at `ComparedTable.key`. */
  readonly texts: readonly string[]
  /** Quoted names of integer key columns by which ranges are cut; empty where keys have no order that both sides share. */
  readonly ranged: readonly string[]
  /** Literals of key values, by which a row is found again; null: only by the digest of its key. */
  readonly keyLiterals: ((texts: readonly (string | null)[]) => readonly string[]) | null
  /** Quoted names of the key columns, for these literals. */
  readonly keyNames: readonly string[]
}

export interface ComparedSource extends RowSource {
  readonly table: TableSchema
  /** Whether a row with this key in the target may be one of this table: its tags are. */
  isOwner(texts: readonly (string | null)[]): boolean
  /** Literals of the table's own key, by which a row is asked for (`KeyBound`), from the texts of a key of the target; null: they are of other columns. */
  readonly ownKey: ((texts: readonly (string | null)[]) => readonly string[]) | null
}

/** What is compared for one target, as plain data. */
export interface ComparedTable {
  readonly columns: readonly ComparedColumn[]
  /** Which of the columns are the key. */
  readonly key: readonly number[]
  readonly sources: readonly ComparedSource[]
  readonly target: RowSource
  /** Rows of one side alone that are no differences. */
  readonly tolerated: ReadonlySet<SuspectKind>
  /** Columns that are not compared, with the reason. */
  readonly ignored: Readonly<Record<string, string>>
}

const INTEGERS = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint'])
const TARGET_INTEGERS = new Set(['tinyint', 'smallint', 'int', 'bigint', 'largeint'])

/** How a target is compared with its source tables; a sentence where it cannot be. */
export function composeComparison(
  planned: PlannedTarget,
  existing: TargetTable,
  dialect: SourceDialect,
): ComparedTable | string {
  const [first] = planned.sources
  const { mode } = first.matched.rule
  const passed = tolerated(planned)
  if (typeof passed === 'string') return passed
  const conditions: (string | null)[] = []
  for (const source of planned.sources) {
    const told = sourceCondition(source, dialect)
    if ('reason' in told) return `which rows its rule's where lets in the source does not tell: ${told.reason}`
    conditions.push(told.sql)
  }
  const { columns, texts, ignored } = compareColumns(planned, existing, dialect)
  const keyNames = first.plan.key
  const key = keyNames.map(name => columns.findIndex(column => column.name === name))
  if (key.length === 0) return 'it has no key by which rows could be found again'
  const unkeyed = keyNames.find((_, n) => key[n]! < 0 || columns[key[n]!]!.fetched)
  if (unkeyed !== undefined) return unkeyedReason(unkeyed, columns, ignored)
  const table = { columns, key, ignored, tolerated: passed }
  if (mode === 'aggregate') return { ...table, ...grouped(planned, existing, table, texts, conditions) }
  if (!isFused(planned)) return { ...table, ...plainRows(planned, existing, table, texts, conditions) }
  const own = columns.flatMap((_, at) => (key.includes(at) ? [] : [at]))
  if (own.length === 0) return 'none of the columns that its rule owns can be compared'
  const fused = conditions.map((condition, n) => fusedCondition(planned.sources[n]!, condition, own, texts[n]!))
  const { sources, target } = plainRows(planned, existing, table, texts, fused)
  const isMade = anyOf(own.map(at => columns[at]!.target))
  return { ...table, sources, target: { ...target, where: allOf([target.where, isMade]) } }
}

export function unkeyedReason(
  name: string,
  columns: readonly ComparedColumn[],
  ignored: Readonly<Record<string, string>>,
): string {
  if (columns.some(column => column.name === name && column.hash !== undefined))
    return `its key column ${name} is hashed, so the source does not know which of its rows a row of the target is`
  return `its key column ${name} has no exact comparison in SQL${ignored[name] === undefined ? '' : `: ${ignored[name]}`}`
}

/**
 * Rows that leave their marks in a target whose rows several rules make: those with a key there, and with a value in a column of
 * the rule. One with NULL in all of them is as none is.
 */
function fusedCondition(
  { table, matched }: PlannedSource,
  condition: string | null,
  own: readonly number[],
  texts: readonly string[],
): string {
  const keys = keyColumns(table, matched).map(name => `${quoteName(name)} IS NOT NULL`)
  return allOf([condition, ...keys, anyOf(own.map(at => texts[at]!))])
}

function anyOf(values: readonly string[]): string {
  return values.map(value => `${value} IS NOT NULL`).join(' OR ')
}

function allOf(conditions: readonly (string | null)[]): string {
  return conditions.flatMap(condition => (condition === null ? [] : [`(${condition})`])).join(' AND ')
}

type Shape = Pick<ComparedTable, 'columns' | 'key'>

/** Rows of the target that each are one of a source table, by its key. */
export function plainRows(
  planned: PlannedTarget,
  existing: TargetTable,
  { columns, key }: Shape,
  texts: readonly (readonly string[])[],
  conditions: readonly (string | null)[],
): Pick<ComparedTable, 'sources' | 'target'> {
  const { sources } = planned
  const targetKey = key.map(at => existing.columns.find(column => isSameName(column.name, columns[at]!.name))!)
  const keys = sources.map(({ table, matched }) =>
    keyColumns(table, matched).map(name => table.columns.find(column => column.name === name)!),
  )
  const ranged =
    keys.every(list => list.every(column => INTEGERS.has(column.dataType))) &&
    targetKey.every(column => TARGET_INTEGERS.has(parseTargetType(column.type).base))
  const targetNames = targetKey.map(column => quoteIdentifier(column.name))
  return {
    sources: sources.map((source, n) => {
      const { table, plan } = source
      const names = keys[n]!.map(column => quoteName(column.name))
      // Of the target's key a tag may be part, which is the same in all rows of a table.
      const tagged = key.slice(names.length)
      const tags = tagged.map(at => texts[n]![at]!)
      const tagTexts = tagged.map(at => plan.constants.find(({ name }) => name === columns[at]!.name)?.text)
      const ownLiterals = (values: readonly (string | null)[]) =>
        names.map((_, at) => sourceLiteral(keys[n]![at]!, values[at] ?? ''))
      return {
        table,
        from: `${quoteName(table.schema)}.${quoteName(table.table)}`,
        where: conditions[n]!,
        texts: texts[n]!,
        ranged: ranged ? names : [],
        keyNames: [...names, ...tags],
        keyLiterals: values => [
          ...ownLiterals(values),
          ...values.slice(names.length).map(value => sourceText(value ?? '')),
        ],
        isOwner: values => tagTexts.every((text, at) => text === values[names.length + at]),
        ownKey: isOwnKey(source) ? ownLiterals : null,
      }
    }),
    target: {
      from: quoteTable(existing),
      where: unmarked(planned),
      texts: columns.map(column => column.target),
      ranged: ranged ? targetNames : [],
      keyNames: targetNames,
      keyLiterals: values =>
        values.map((value, at) =>
          TARGET_INTEGERS.has(parseTargetType(targetKey[at]!.type).base) ? (value ?? '') : targetText(value ?? ''),
        ),
    },
  }
}

/** All source tables of an aggregate are one: their rows add up in the same groups. */
function grouped(
  planned: PlannedTarget,
  existing: TargetTable,
  { columns, key }: Shape,
  texts: readonly (readonly string[])[],
  conditions: readonly (string | null)[],
): Pick<ComparedTable, 'sources' | 'target'> {
  const { source, target } = groupedRows(planned, existing, columns, key, texts, conditions)
  const none = { where: null, ranged: [], keyNames: [], keyLiterals: null }
  return {
    sources: [{ table: planned.sources[0].table, ...source, ...none, isOwner: () => false, ownKey: null }],
    target: { ...target, ...none },
  }
}

/** A literal for StarRocks on one line. */
function targetText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\0', '\\0')}'`
}

/** Names for messages: of the source tables of a target. */
export function sourceNames(planned: PlannedTarget): string {
  return planned.sources.map(({ table }) => tableName(table)).join(', ')
}
