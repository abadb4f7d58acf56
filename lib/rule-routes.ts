import type { Config } from './config/options.js'
import type { Observer } from './model/observer.js'
import type { TargetTable } from './model/schema.js'
import type { Zone } from './model/zone.js'
import { routerOptions } from './registry.js'
import type { CopyRoutes } from './rules/copy-routes.js'
import { Router } from './rules/router.js'
import { RuleBook, type RuleSpec } from './rules/rule-book.js'
import type { PlannedSource } from './schema-plan.js'

export interface RuleRoutesOptions {
  /** In place of the planned rule: itself with some keys changed. */
  readonly rule: RuleSpec
  /** Where its rows go, as it is or would be made; nothing is made. */
  readonly target: TargetTable
  readonly zone: Zone
  readonly mariadb: boolean
  readonly forComparison?: boolean
  readonly observer: Observer
}

/**
 * The routes of one rule alone for rows that a SELECT gives. No binlog is read, so what its images hold does not matter.
 * Rejects with a Failure where the rule cannot be carried out with the table or the target.
 */
export async function ruleRoutes(
  config: Config,
  { table }: PlannedSource,
  { rule, target, zone, mariadb, forComparison = false, observer }: RuleRoutesOptions,
): Promise<CopyRoutes> {
  const book = new RuleBook(config.source, [rule], config.sr_dbname, config.schema.auto_shard)
  const options = routerOptions(config, zone, { rowImage: null, mariadb })
  const router = new Router({ ...options, stopsAtBadValues: true, forComparison }, book, {
    schemaFor: () => table,
    prepare: async () => target,
    inspect: async () => target,
    observer,
  })
  return router.copyRoutes(table)
}
