import type { Config, RuleBlock } from '../config/options.js'
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
  /** The first of them stands for all. */
  readonly planned: PlannedSource
  readonly target: TargetTable
  readonly report: Omit<TablesReport, 'samples' | 'problem'>
}

/** The tables of each rule, in the order of the rules. */
export function tablesOfRules(config: Config, targets: readonly ExplainedTarget[]): TablesOfRule[][] {
  return ruleBookOf(config).rules.map(({ where }) => {
    const alike = new Map<string, TablesOfRule & { readonly sources: string[] }>()
    for (const { planned: target, effective } of targets)
      for (const planned of target.sources.filter(({ matched }) => matched.rule.where === where)) {
        const name = targetName(target.request)
        const way = wayOf(planShape(planned.table, planned.matched))
        const parts = { target: name, way, ...explainColumns(planned, effective) }
        const key = JSON.stringify(parts)
        const known = alike.get(key)
        if (known !== undefined) known.sources.push(tableName(planned.table))
        else {
          const sources = [tableName(planned.table)]
          alike.set(key, { planned, target: effective, sources, report: { sources, ...parts } })
        }
      }
    return [...alike.values()]
  })
}

/** `samples`: of each of the tables, in their order. */
export function ruleReport(
  config: Config,
  number: number,
  tables: readonly TablesOfRule[],
  samples: readonly Samples[],
): RuleReport {
  const block = config.rule[number - 1]!
  return {
    number,
    place: `${block.at.file}, line ${block.at.line}`,
    source: `${block.schema}.${block.table}`,
    mode: modeOf(block),
    where: block.where ?? null,
    operations: block.operations ?? ['INSERT', 'UPDATE', 'DELETE'],
    onDelete: block.on_delete,
    load: explainLoads(block, config),
    tables: tables.map(({ report }, i) => ({ ...report, ...(samples[i] ?? { samples: [], problem: null }) })),
  }
}

function modeOf({ mode, group_by }: RuleBlock): RuleReport['mode'] {
  return group_by === undefined ? mode : 'aggregate'
}

/** As `compileShape` goes through them. */
function wayOf({ isPlain, added }: ShapedTable): RowWay {
  if (isPlain) return 'bytes'
  return added.length === 0 ? 'pieces' : 'extended'
}
