import type { Connection } from 'mysql2/promise'
import { Failure } from '../model/failure.js'
import { valueKind } from '../verify/canonical-value.js'
import { type CanonicalRow, detectFlavour, type ReadColumn, readColumnTypes, TableReader } from './table-reader.js'

export interface ComparedColumn {
  readonly source: string
  readonly target: string
}

export interface ComparedTable {
  readonly source: { readonly schema: string; readonly table: string }
  readonly target: { readonly database: string; readonly table: string }
  /** Source names of the columns that identify a row on both sides. */
  readonly key: readonly string[]
  /** Source names, or pairs where the target's name is another; default all columns of the source. */
  readonly columns?: ReadonlyArray<string | ComparedColumn>
}

export interface CompareOptions {
  readonly source: Connection
  readonly target: Connection
  readonly tables: readonly ComparedTable[]
  /** Rows fetched at a time from each side; default 5000. */
  readonly chunkRows?: number
  /** Differences described per table; default 5. All are counted. */
  readonly examples?: number
}

/** One difference; values are in canonical form, null is NULL. */
export type Difference =
  | { readonly kind: 'missing' | 'extra'; readonly key: readonly string[] }
  | {
      readonly kind: 'changed'
      readonly key: readonly string[]
      readonly column: string
      readonly source: string | null
      readonly target: string | null
    }

export interface TableComparison {
  readonly table: string
  /** Rows on each side. */
  readonly source: number
  readonly target: number
  /** Rows that are not the same: missing + extra + changed. */
  readonly differs: number
  readonly missing: number
  readonly extra: number
  readonly changed: number
  readonly examples: readonly Difference[]
}

/**
 * Compares tables row by row and column by column, source against target.
 *
 * Both sides are read in the order of the key, in chunks, and merged, so memory stays small. Values are compared in one
 * canonical form given by the source's type (see canonicalValue). The source is MySQL or MariaDB; the target StarRocks
 * or one of these. Each connection must deliver text as UTF-8, and the source's session time zone must be the one in
 * which the target's values were written. The tables must not change meanwhile.
 */
export async function compareTables(options: CompareOptions): Promise<TableComparison[]> {
  const flavours = { source: await detectFlavour(options.source), target: await detectFlavour(options.target) }
  const results: TableComparison[] = []
  for (const table of options.tables) results.push(await compareTable(table, options, flavours))
  return results
}

async function compareTable(
  table: ComparedTable,
  options: CompareOptions,
  flavours: Record<'source' | 'target', 'mysql' | 'starrocks'>,
): Promise<TableComparison> {
  const sourceName = table.source
  const targetName = { schema: table.target.database, table: table.target.table }
  const sourceTypes = await readColumnTypes(options.source, sourceName)
  const targetTypes = await readColumnTypes(options.target, targetName)
  const pairs = (table.columns ?? [...sourceTypes.keys()]).map(column =>
    typeof column === 'string' ? { source: column, target: column } : column,
  )
  const columns = (types: ReadonlyMap<string, string>, side: 'source' | 'target'): ReadColumn[] =>
    pairs.map(pair => {
      const sourceType = sourceTypes.get(pair.source)
      const dataType = types.get(pair[side])
      if (sourceType === undefined || dataType === undefined)
        throw new Failure('targetUnfit', `compare: the ${side} ${table.source.table} has no column ${pair[side]}`)
      return { name: pair[side], dataType, kind: valueKind(sourceType) }
    })
  const targetKey = table.key.map(name => pairs.find(pair => pair.source === name)?.target ?? name)
  const chunkRows = options.chunkRows ?? 5000
  const source = new TableReader(
    { flavour: flavours.source, name: sourceName, columns: columns(sourceTypes, 'source'), key: table.key, chunkRows },
    options.source,
  )
  const target = new TableReader(
    { flavour: flavours.target, name: targetName, columns: columns(targetTypes, 'target'), key: targetKey, chunkRows },
    options.target,
  )
  return merge(table.source.table, source, target, pairs, options.examples ?? 5)
}

async function merge(
  table: string,
  source: TableReader,
  target: TableReader,
  pairs: readonly ComparedColumn[],
  examplesWanted: number,
): Promise<TableComparison> {
  const count = { source: 0, target: 0, missing: 0, extra: 0, changed: 0 }
  const examples: Difference[] = []
  const note = (difference: Difference) => {
    if (examples.length < examplesWanted) examples.push(difference)
  }
  const [sourceRows, targetRows] = [source.rows(), target.rows()]
  let [left, right] = await Promise.all([sourceRows.next(), targetRows.next()])
  while (!left.done || !right.done) {
    const order = left.done ? 1 : right.done ? -1 : source.compareKeys(left.value.key, right.value.key)
    if (order < 0) {
      count.source++
      count.missing++
      note({ kind: 'missing', key: (left.value as CanonicalRow).key })
      left = await sourceRows.next()
    } else if (order > 0) {
      count.target++
      count.extra++
      note({ kind: 'extra', key: (right.value as CanonicalRow).key })
      right = await targetRows.next()
    } else {
      count.source++
      count.target++
      const [ours, theirs] = [left.value as CanonicalRow, right.value as CanonicalRow]
      const at = ours.values.findIndex((value, n) => value !== theirs.values[n])
      if (at >= 0) {
        count.changed++
        const values = { source: ours.values[at] ?? null, target: theirs.values[at] ?? null }
        note({ kind: 'changed', key: ours.key, column: pairs[at]!.source, ...values })
      }
      ;[left, right] = await Promise.all([sourceRows.next(), targetRows.next()])
    }
  }
  return { table, ...count, differs: count.missing + count.extra + count.changed, examples }
}
