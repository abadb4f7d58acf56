import type { Config } from '../config/options.js'
import type { RuleShape } from '../model/rule-shape.js'
import { type TargetTable, tableName, targetName } from '../model/schema.js'
import { ruleBookOf } from '../registry.js'
import { planShape, type ShapedTable } from '../rules/shape/shaped-table.js'
import type { PlannedSource } from '../schema-plan.js'
import { explainColumns } from './column-reports.js'
import type { ExplainedTarget } from './explained-targets.js'
import { explainLoads } from './load-report.js'
import type { RowWay, RuleReport, TablesReport } from './report.js'
import type { Samples } from './sample-rows.js'

/** Tables of one rule that it treats alike: they have the same target, columns and ways. */
export interface TablesOfRule {
  /** In the order of `report.sources`. */
  readonly planned: readonly [PlannedSource, ...PlannedSource[]]
  readonly target: TargetTable
  readonly report: Omit<TablesReport, 'samples' | 'problem'>
}

/** The tables of each rule, in the order of the rules. */
export function tablesOfRules(config: Config, targets: readonly ExplainedTarget[]): TablesOfRule[][] {
  return ruleBookOf(config).rules.map(({ where }) => {
    const alike = new Map<string, Alike>()
    for (const { planned: target, effective } of targets)
      for (const planned of target.sources.filter(({ matched }) => matched.rule.where === where)) {
        const name = targetName(target.request)
        const way = wayOf(planShape(planned.table, planned.matched), planned.matched.rule.shape)
        const parts = { target: name, way, ...explainColumns(planned, effective) }
        const key = JSON.stringify(parts)
        const known = alike.get(key)
        if (known === undefined) alike.set(key, { planned: [planned], target: effective, parts })
        else known.planned.push(planned)
      }
    return [...alike.values()].map(({ planned, target, parts }) => ({
      planned,
      target,
      report: { sources: planned.map(({ table }) => tableName(table)), ...parts },
    }))
  })
}

interface Alike {
  readonly planned: [PlannedSource, ...PlannedSource[]]
  readonly target: TargetTable
  readonly parts: Omit<TablesOfRule['report'], 'sources'>
}

/** `samples`: of each of the tables, in their order. */
export function ruleReport(
  config: Config,
  number: number,
  tables: readonly TablesOfRule[],
  samples: readonly Samples[],
): RuleReport {
  const block = config.rule[number - 1]!
  const { shape, mode } = ruleBookOf(config).rules[number - 1]!
  return {
    number,
    place: `${block.at.file}, line ${block.at.line}`,
    source: `${block.schema}.${block.table}`,
    mode: shape.partial ? 'partial' : mode,
    where: shape.where,
    operations: shape.operations.map(operation => operation.toUpperCase()),
    onDelete: shape.onDelete,
    module: shape.transform?.path ?? null,
    load: explainLoads(block, config),
    tables: tables.map(({ report }, i) => ({ ...report, ...(samples[i] ?? { samples: [], problem: null }) })),
  }
}

/** As `compileShape` goes through them. */
function wayOf({ isPlain, added }: ShapedTable, { transform }: RuleShape): RowWay {
  if (transform !== null) return 'module'
  if (isPlain) return 'bytes'
  return added.length === 0 ? 'pieces' : 'extended'
}
