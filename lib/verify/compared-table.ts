import { type SourceColumn, type TableSchema, type TargetTable, tableName } from '../model/schema.js'
import type { PlannedSource, PlannedTarget } from '../schema-plan.js'
import { type ComparedKind, type ComparedText, comparedText } from '../starrocks/compared-text.js'
import { quoteIdentifier, quoteTable } from '../starrocks/ddl.js'
import { parseTargetType } from '../starrocks/target-type.js'
import { groupedRows, measureTexts } from './compared-groups.js'

/** One column as both sides are asked for it. */
export interface ComparedColumn {
  /** Name in the target. */
  readonly name: string
  readonly kind: ComparedKind
  /** Its texts are fetched and compared here; else a digest of them is enough. */
  readonly fetched: boolean
  readonly long: boolean
  /** SQL of the target. */
  readonly target: string
}

/** Where the rows of one side come from, and the text of each compared column in them. */
export interface RowSource {
  /** A table, or a SELECT in parentheses with an alias. */
  readonly from: string
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
}

/** What is compared for one target, as plain data. */
export interface ComparedTable {
  readonly columns: readonly ComparedColumn[]
  /** Which of the columns are the key. */
  readonly key: readonly number[]
  readonly sources: readonly ComparedSource[]
  readonly target: RowSource
  /** Columns that are not compared, with the reason. */
  readonly ignored: Readonly<Record<string, string>>
}

const INTEGERS = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint'])
const TARGET_INTEGERS = new Set(['tinyint', 'smallint', 'int', 'bigint', 'largeint'])

/** How a target is compared with its source tables; a sentence where it cannot be. */
export function composeComparison(planned: PlannedTarget, existing: TargetTable): ComparedTable | string {
  const [first] = planned.sources
  const { mode } = first.matched.rule
  if (mode === 'append') return 'each of its rows is a change: the source keeps nothing to compare them with'
  const parts = planned.sources.map(source => partsOf(source, existing))
  const names = [...new Set(parts.flatMap(part => [...part.keys()]))]
  const ignored: Record<string, string> = {}
  const columns: ComparedColumn[] = []
  const texts: string[][] = planned.sources.map(() => [])
  for (const name of names) {
    const found = parts.map(part => part.get(name) ?? ABSENT)
    const reason = found.find(text => text.how === 'ignored')
    if (reason?.how === 'ignored') {
      ignored[name] = reason.reason
      continue
    }
    const compared = found.filter(text => text.how !== 'ignored')
    const shown = compared.find(text => text !== ABSENT)!
    columns.push({
      name,
      kind: shown.kind,
      fetched: compared.some(text => text.how === 'rows'),
      long: compared.some(text => text.long),
      target: shown.target,
    })
    for (const [n, text] of compared.entries()) texts[n]!.push(text.source)
  }
  const keyNames = first.plan.key
  const key = keyNames.map(name => columns.findIndex(column => column.name === name))
  if (key.length === 0) return 'it has no key by which rows could be found again'
  const unkeyed = keyNames.find((_, n) => key[n]! < 0 || columns[key[n]!]!.fetched)
  if (unkeyed !== undefined)
    return `its key column ${unkeyed} has no exact comparison in SQL${ignored[unkeyed] === undefined ? '' : `: ${ignored[unkeyed]}`}`
  const table = { columns, key, ignored }
  return mode === 'aggregate'
    ? { ...table, ...grouped(planned, existing, table, texts) }
    : { ...table, ...plain(planned, existing, table, texts) }
}

const ABSENT: ComparedText = { how: 'digest', kind: 'text', source: 'NULL', target: 'NULL', long: false }

/** By target name, how each column of a source table's rule is compared. */
function partsOf(source: PlannedSource, existing: TargetTable): Map<string, ComparedText> {
  const { table, plan, matched } = source
  const parts = new Map<string, ComparedText>()
  const find = (name: string) => existing.columns.find(column => column.name.toLowerCase() === name.toLowerCase())
  table.columns.forEach((column, i) => {
    const name = plan.targets[i]
    if (name == null) return
    const target = find(name)
    if (matched.rule.shape.mask.has(column.name)) {
      parts.set(name, { how: 'ignored', reason: 'its values are masked' })
      return
    }
    parts.set(
      name,
      target === undefined
        ? { how: 'ignored', reason: 'the target has no such column' }
        : comparedText(column, {
            name: target.name,
            type: target.type,
            isKey: plan.key.includes(name),
            zeroDate: matched.rule.zeroDate,
          }),
    )
  })
  for (const { name, text } of plan.constants) {
    const target = find(name)
    parts.set(
      name,
      target === undefined || !/^(var)?char/.test(target.type)
        ? { how: 'ignored', reason: 'a constant is compared in a text column only' }
        : { how: 'digest', kind: 'text', source: sourceText(text), target: quoteIdentifier(target.name), long: false },
    )
  }
  for (const measure of plan.measures) parts.set(measure.name, measureTexts(source, measure, find(measure.name)))
  return parts
}

type Shape = Pick<ComparedTable, 'columns' | 'key'>

function plain(
  { sources }: PlannedTarget,
  existing: TargetTable,
  { columns, key }: Shape,
  texts: readonly (readonly string[])[],
): Pick<ComparedTable, 'sources' | 'target'> {
  const targetKey = key.map(
    at => existing.columns.find(column => column.name.toLowerCase() === columns[at]!.name.toLowerCase())!,
  )
  const keyColumns = sources.map(({ table }) =>
    table.key.map(name => table.columns.find(column => column.name === name)!),
  )
  const ranged =
    keyColumns.every(list => list.every(column => INTEGERS.has(column.dataType))) &&
    targetKey.every(column => TARGET_INTEGERS.has(parseTargetType(column.type).base))
  const targetNames = targetKey.map(column => quoteIdentifier(column.name))
  return {
    sources: sources.map(({ table }, n) => {
      const names = table.key.map(quoteName)
      // Of the target's key a tag may be part, which is the same in all rows of a table.
      const tags = key.slice(names.length).map(at => texts[n]![at]!)
      return {
        table,
        from: `${quoteName(table.schema)}.${quoteName(table.table)}`,
        texts: texts[n]!,
        ranged: ranged ? names : [],
        keyNames: [...names, ...tags],
        keyLiterals: values =>
          values.map((value, at) =>
            at < names.length ? sourceLiteral(keyColumns[n]![at]!, value ?? '') : sourceText(value ?? ''),
          ),
      }
    }),
    target: {
      from: quoteTable(existing),
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
): Pick<ComparedTable, 'sources' | 'target'> {
  const { source, target } = groupedRows(planned, existing, columns, key, texts)
  const none = { ranged: [], keyNames: [], keyLiterals: null }
  return { sources: [{ table: planned.sources[0].table, ...source, ...none }], target: { ...target, ...none } }
}

/** A literal by which MySQL finds the row again by its index. `text` is what the stream writes for the value. */
export function sourceLiteral(column: SourceColumn, text: string): string {
  switch (column.dataType) {
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'bigint':
    case 'year':
    case 'bit':
    case 'decimal':
      if (/^-?\d+(\.\d+)?$/.test(text)) return text
      break
    case 'binary':
    case 'varbinary':
    case 'tinyblob':
    case 'blob':
    case 'mediumblob':
    case 'longblob':
      return `x'${Buffer.from(text, 'base64').toString('hex')}'`
  }
  return sourceText(text)
}

/** Any text as a literal that no sql_mode and no charset of the session changes, and that takes the collation of what it is compared with. */
function sourceText(text: string): string {
  return `_utf8mb4 x'${Buffer.from(text, 'utf8').toString('hex')}'`
}

/** A literal for StarRocks on one line. */
function targetText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\0', '\\0')}'`
}

export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

/** Names for messages: of the source tables of a target. */
export function sourceNames(planned: PlannedTarget): string {
  return planned.sources.map(({ table }) => tableName(table)).join(', ')
}
