import type { ColumnFill } from '../../model/schema-change.js'

/** A table that a schema change tool (gh-ost, pt-online-schema-change) works with beside the table it changes. */
export interface Shadow {
  /** The table it belongs to, of the same schema. */
  readonly of: string
  /** How its columns came from those of that table; null when it was not seen from its creation on. */
  readonly lineage: Lineage | null
}

export interface Lineage {
  /** Column of the table to column of the shadow, where the names differ. */
  readonly renamed: Readonly<Record<string, string>>
  readonly fills: Readonly<Record<string, ColumnFill>>
}

/** gh-ost: _t_gho (the copy), _t_ghc (its log), _t_del and _t_<time>_del (the old table). pt-online-schema-change: _t_new, _t_old, with more underscores when that name is taken. */
const PATTERNS = [/^_(.+)_(?:gho|ghc|ghr)$/, /^_(.+?)(?:_\d{14})?_del$/, /^_(.+)_(?:new|old)$/]

/** Tables that a table of this name may be a shadow of, the likeliest first. */
export function originals(table: string): string[] {
  return PATTERNS.flatMap(pattern => {
    const base = pattern.exec(table)?.[1]
    if (base === undefined) return []
    // "__t_new" belongs to t as well as to _t.
    const names = [base]
    for (let shorter = base; shorter.startsWith('_'); ) {
      shorter = shorter.slice(1)
      if (shorter !== '') names.push(shorter)
    }
    return names
  })
}

/** The lineage behind one more ALTER of the shadow. */
export function extendLineage(
  { renamed, fills }: Lineage,
  step: { readonly renamed: ReadonlyMap<string, string>; readonly fills: ReadonlyMap<string, ColumnFill> },
): Lineage {
  const current = (name: string): string => step.renamed.get(name) ?? name
  const origins = new Map(Object.entries(renamed).map(([from, to]) => [to, from]))
  const moved = Object.entries(renamed).map(([from, to]) => [from, current(to)] as const)
  const known = Object.entries(fills).map(([name, fill]) => [current(name), fill] as const)
  const fresh = [...step.renamed].filter(([from]) => !origins.has(from) && !(from in fills))
  return {
    renamed: Object.fromEntries([...moved, ...fresh].filter(([from, to]) => from !== to)),
    fills: Object.fromEntries([...known, ...step.fills]),
  }
}
