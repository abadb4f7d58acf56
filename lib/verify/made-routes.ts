import type { Config } from '../config/options.js'
import type { TargetTable } from '../model/schema.js'
import type { Zone } from '../model/zone.js'
import { ruleRoutes } from '../rule-routes.js'
import type { CopyRoutes } from '../rules/copy-routes.js'
import type { PlannedSource } from '../schema-plan.js'

/**
 * The routes of this rule alone for rows that a SELECT gives, aimed at its target as it is. All changes count: what the rule passes
 * over is judged by `tolerated`. Rejects with a Failure where the rule cannot be carried out with the table or the target.
 */
export function madeRoutes(
  config: Config,
  planned: PlannedSource,
  existing: TargetTable,
  zone: Zone,
): Promise<CopyRoutes> {
  const { rule } = planned.matched
  const shape = { ...rule.shape, operations: ['insert', 'update', 'delete'] as const }
  return ruleRoutes(config, planned, {
    rule: { ...rule, shape },
    target: existing,
    zone,
    mariadb: config.flavor === 'mariadb',
    forComparison: true,
    // What a start would warn of is no matter of a comparison.
    observer: () => undefined,
  })
}
