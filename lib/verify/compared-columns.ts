import type { KeyedHash } from '../model/mask.js'
import { isSameName } from '../model/same-name.js'
import type { SourceColumn, TargetColumn, TargetTable } from '../model/schema.js'
import type { PlannedSource, PlannedTarget } from '../schema-plan.js'
import { type ComparedKind, type ComparedText, comparedText } from '../starrocks/compared-text.js'
import { quoteIdentifier } from '../starrocks/ddl.js'
import { measureTexts } from './compared-groups.js'
import type { SourceDialect } from './expression-sql.js'
import { sourceText } from './source-literal.js'
import { sourceValue } from './source-value.js'

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
  /** The target holds the hash of what the source's text tells in hexadecimal digits; absent: the text itself. */
  readonly hash?: KeyedHash
}

export interface ComparedColumns {
  readonly columns: readonly ComparedColumn[]
  /** For each source table its SQL of each of the columns. */
  readonly texts: readonly (readonly string[])[]
  /** Columns that are not compared, with the reason. */
  readonly ignored: Readonly<Record<string, string>>
}

/** How the columns of a target are compared with what its source tables have for them. */
export function compareColumns(
  { sources }: PlannedTarget,
  existing: TargetTable,
  dialect: SourceDialect,
): ComparedColumns {
  const parts = sources.map(source => partsOf(source, existing, dialect))
  const names = [...new Set(parts.flatMap(part => [...part.keys()]))]
  const ignored: Record<string, string> = {}
  const columns: ComparedColumn[] = []
  const texts: string[][] = sources.map(() => [])
  for (const name of names) {
    const merged = mergeTexts(
      name,
      parts.map(part => part.get(name) ?? ABSENT),
    )
    if (typeof merged === 'string') {
      ignored[name] = merged
      continue
    }
    columns.push(merged.column)
    for (const [n, text] of merged.sources.entries()) texts[n]!.push(text)
  }
  return { columns, texts, ignored }
}

const ABSENT: ComparedText = { how: 'digest', kind: 'text', source: 'NULL', target: 'NULL', long: false }

/** One column of the target from what each source table has for it; why it cannot be compared. */
function mergeTexts(
  name: string,
  found: readonly ComparedText[],
): { readonly column: ComparedColumn; readonly sources: readonly string[] } | string {
  const reason = found.find(text => text.how === 'ignored')
  if (reason?.how === 'ignored') return reason.reason
  const compared = found.filter(text => text.how !== 'ignored')
  const present = compared.filter(text => text !== ABSENT)
  const shown = present[0]!
  if (present.some(text => text.hash !== shown.hash)) return 'not all of its tables hash it, or not with one salt'
  const column = {
    name,
    kind: shown.kind,
    fetched: compared.some(text => text.how === 'rows'),
    long: compared.some(text => text.long),
    target: shown.target,
    ...(shown.hash === undefined ? {} : { hash: shown.hash }),
  }
  return { column, sources: compared.map(text => text.source) }
}

/** By target name, how each column of a source table's rule is compared. */
function partsOf(source: PlannedSource, existing: TargetTable, dialect: SourceDialect): Map<string, ComparedText> {
  const { shaped, plan } = source
  const parts = new Map<string, ComparedText>()
  const find = (name: string) => existing.columns.find(column => isSameName(column.name, name))
  shaped.columns.forEach((column, i) => {
    const name = plan.targets[i]
    if (name == null) return
    const target = find(name)
    parts.set(
      name,
      target === undefined
        ? { how: 'ignored', reason: 'the target has no such column' }
        : columnText(source, i, column, target, dialect),
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
  for (const measure of plan.measures) {
    const summed = measure.column === null ? null : sourceValue(source, measure.column, dialect)
    parts.set(measure.name, measureTexts(shaped, measure, summed, find(measure.name)))
  }
  return parts
}

function columnText(
  source: PlannedSource,
  i: number,
  column: SourceColumn,
  target: TargetColumn,
  dialect: SourceDialect,
): ComparedText {
  const value = sourceValue(source, i, dialect)
  switch (value.how) {
    case 'none':
      return { how: 'ignored', reason: value.reason }
    case 'hashed':
      return {
        how: 'rows',
        kind: 'text',
        source: value.sql,
        target: quoteIdentifier(target.name),
        hash: value.hash,
        long: false,
      }
    case 'sql': {
      const { name, type } = target
      const isKey = source.plan.key.includes(source.plan.targets[i]!)
      return comparedText(column, { name, type, isKey, zeroDate: source.matched.rule.zeroDate }, value.sql)
    }
  }
}
