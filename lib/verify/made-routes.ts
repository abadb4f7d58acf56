import type { Config } from '../config/options.js'
import type { TargetTable } from '../model/schema.js'
import type { Zone } from '../model/zone.js'
import { routerOptions } from '../registry.js'
import type { CopyRoutes } from '../rules/copy-routes.js'
import { Router } from '../rules/router.js'
import { RuleBook } from '../rules/rule-book.js'
import type { PlannedSource } from '../schema-plan.js'

/**
 * The routes of this rule alone for rows that a SELECT gives, aimed at its target as it is. All changes count: what the rule passes
 * over is judged by `tolerated`. Rejects with a Failure where the rule cannot be carried out with the table or the target.
 */
export async function madeRoutes(
  config: Config,
  { table, matched }: PlannedSource,
  existing: TargetTable,
  zone: Zone,
): Promise<CopyRoutes> {
  const { rule } = matched
  const shape = { ...rule.shape, operations: ['insert', 'update', 'delete'] as const }
  const book = new RuleBook(config.source, [{ ...rule, shape }], config.sr_dbname, config.schema.auto_shard)
  const options = routerOptions(config, zone, { rowImage: null, mariadb: config.flavor === 'mariadb' })
  const router = new Router({ ...options, stopsAtBadValues: true, forComparison: true }, book, {
    schemaFor: () => table,
    prepare: async () => existing,
    inspect: async () => existing,
    // What a start would warn of is no matter of a comparison.
    observer: () => undefined,
  })
  return router.copyRoutes(table)
}
