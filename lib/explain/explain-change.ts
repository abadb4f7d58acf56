import type { Config } from '../config/options.js'
import { compareConfigs, keptBecause } from '../config-change.js'
import { reachedAs } from '../config-in-force.js'
import { listTables } from '../mysql/catalog.js'
import { ruleBookOf } from '../registry.js'
import { compareTables, isSameRule } from '../table-changes.js'
import { type Explained, type ExplainOptions, explain, samplesOf, wayOf, withSource } from './explain-config.js'
import type { ChangeReport, ColumnReport, WayChange } from './report.js'
import type { TablesOfRule } from './rule-reports.js'
import type { SampledWay, Samples } from './sample-rows.js'

/** The way of some tables before and after. At least one of them is there. */
interface Pair {
  readonly before: TablesOfRule | null
  readonly after: TablesOfRule | null
  readonly sources: readonly string[]
}

/**
 * What would change if `next` were in force in place of `old`: which tables come, go or change, which of them want another copy,
 * and what is written of their rows before and after. Servers are reached as `next` says. Writes nothing; rejects as `explainConfig` does.
 */
export function explainChange(old: Config, next: Config, options: ExplainOptions): Promise<ChangeReport> {
  const keys = compareConfigs(old, next).map(change => ({ ...change, restart: keptBecause(change) }))
  return withSource(next, async (session, sampleOptions) => {
    const before = await explain(session, reachedAs(next, old), null)
    const after = await explain(session, next, null)
    const all = await listTables(session)
    const isWanted = wanted(options.only)
    const tables = compareTables(ruleBookOf(old), ruleBookOf(next), all).filter(({ schema, table, targets }) =>
      isWanted([`${schema}.${table}`, ...targets]),
    )
    const changed = new Set(tables.map(({ schema, table }) => `${schema}.${table}`))
    const pairs = pairsOf(before, after).filter(
      pair => !isSame(pair) && pair.sources.some(source => changed.has(source)),
    )
    const ways = pairs.flatMap(pair => waysOf(pair, before, after))
    const samples = await samplesOf(ways, options, sampleOptions)
    const touched = new Set(pairs.flatMap(({ after }) => after?.report.target ?? []))
    let at = 0
    return {
      keys,
      tables,
      ways: pairs.map(pair => {
        const own = waysOf(pair, before, after).map(() => samples[at++])
        return wayChange(pair, own)
      }),
      targets: after.targets.map(({ report }) => report).filter(({ target }) => touched.has(target)),
      findings: after.findings,
    }
  })
}

function wanted(only: readonly string[] | null): (names: readonly string[]) => boolean {
  return names => only === null || names.some(name => only.includes(name))
}

/** Tables that are alike on both sides stand in one pair. */
function pairsOf({ tables: old }: Explained, { tables: next }: Explained): Pair[] {
  const before = old.flat()
  const after = next.flat()
  const of = (ways: readonly TablesOfRule[], source: string, target: string) =>
    ways.find(({ report }) => report.target === target && report.sources.includes(source)) ?? null
  const pairs = new Map<string, { before: TablesOfRule | null; after: TablesOfRule | null; sources: string[] }>()
  for (const { report } of [...after, ...before])
    for (const source of report.sources) {
      const [left, right] = [of(before, source, report.target), of(after, source, report.target)]
      const key = `${report.target} ${left === null ? -1 : before.indexOf(left)} ${right === null ? -1 : after.indexOf(right)}`
      const known = pairs.get(key)
      if (known === undefined) pairs.set(key, { before: left, after: right, sources: [source] })
      else if (!known.sources.includes(source)) known.sources.push(source)
    }
  return [...pairs.values()]
}

function isSame({ before, after }: Pair): boolean {
  return before !== null && after !== null && isSameRule(before.planned[0].matched, after.planned[0].matched)
}

/** Of both sides the same table's rows are shown; what one side masks is not shown on the other. */
function waysOf({ before, after, sources }: Pair, old: Explained, next: Explained): SampledWay[] {
  const sides = [
    ...(before === null ? [] : [[old, before] as const]),
    ...(after === null ? [] : [[next, after] as const]),
  ]
  const hidden = [...new Set(sides.flatMap(([, { planned }]) => [...planned[0].matched.rule.shape.mask.keys()]))]
  return sides.map(([explained, tables]) => ({
    ...wayOf(explained, tables, sources[0]),
    hidden,
    hiddenInTarget: hiddenColumns(tables, hidden),
  }))
}

/** Columns of the target whose values are not shown. A module may put what it is shown into any of them. */
function hiddenColumns({ planned, report }: TablesOfRule, hidden: readonly string[]): string[] {
  const { mask } = planned[0].matched.rule.shape
  const isModuleShown =
    report.columns.some(column => column.readBy.includes('transform') && shows(column, hidden)) ||
    report.leftOut.some(
      ({ column, readBy }) => readBy.includes('transform_reads') && hidden.includes(column) && !mask.has(column),
    )
  return report.columns.filter(column => isModuleShown || shows(column, hidden)).map(({ name }) => name)
}

/** Whether a target column has a value of one of these columns, or one that is made of it. */
function shows({ origin, reads }: ColumnReport, hidden: readonly string[]): boolean {
  if (origin.kind === 'mask' || (origin.kind === 'before' && origin.mask !== null)) return false
  return (origin.kind === 'column' && hidden.includes(origin.column)) || reads.some(column => hidden.includes(column))
}

function wayChange({ before, after, sources }: Pair, samples: readonly (Samples | undefined)[]): WayChange {
  const [left, right] = [before === null ? undefined : samples[0], after === null ? undefined : samples.at(-1)]
  const rows = Math.max(left?.samples.length ?? 0, right?.samples.length ?? 0)
  return {
    sources,
    target: (after ?? before)!.report.target,
    before: before?.report.way ?? null,
    after: after?.report.way ?? null,
    columns: columnChanges(before?.report.columns ?? [], after?.report.columns ?? []),
    samples: Array.from({ length: rows }, (_, i) => ({
      before: left?.samples[i] ?? null,
      after: right?.samples[i] ?? null,
    })),
  }
}

function columnChanges(before: readonly ColumnReport[], after: readonly ColumnReport[]): WayChange['columns'] {
  const names = [...new Set([...after, ...before].map(({ name }) => name))]
  return names
    .map(name => ({
      name,
      before: before.find(column => column.name === name) ?? null,
      after: after.find(column => column.name === name) ?? null,
    }))
    .filter(change => JSON.stringify(change.before) !== JSON.stringify(change.after))
}
