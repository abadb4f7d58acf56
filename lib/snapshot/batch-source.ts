import type { Config } from '../config/options.js'
import { Failure } from '../model/failure.js'
import type { Observer } from '../model/observer.js'
import { tableName } from '../model/schema.js'
import type { Zone } from '../model/zone.js'
import { readTableSchema } from '../mysql/catalog.js'
import type { SourceAddress, SourceSession } from '../mysql/session.js'
import { TableReader } from '../mysql/snapshot/table-reader.js'
import { routerOptions } from '../registry.js'
import type { CopyRoutes } from '../rules/copy-routes.js'
import { Router } from '../rules/router.js'
import { RuleBook } from '../rules/rule-book.js'
import type { PlannedSource } from '../schema-plan.js'
import type { BatchSource } from './batch-target.js'

export interface BatchSourceParts {
  /** The server that rows are read from. */
  readonly address: SourceAddress
  /** To look at its catalog. */
  readonly session: SourceSession
  readonly mariadb: boolean
  readonly zone: Zone
  readonly observer: Observer
}

const NEVER_MS = 2 ** 31 - 1

/** One source table's part of a target, read by one SELECT that sees one moment of the table. */
export function batchSource(config: Config, planned: PlannedSource, parts: BatchSourceParts): BatchSource {
  const { table: schema } = planned
  const source = tableName(schema)
  return {
    source,
    open: async (shadow, signal) => {
      const { expressions, routes: stream } = await routesInto(shadow, config, planned, parts)
      // A load leaves when it is large: nobody waits for the rows of a shadow table.
      const routes = stream.map(route => ({ ...route, flushIntervalMs: NEVER_MS }))
      const plan = { schema, expressions, where: null, zone: config.time_zone, streamed: null }
      const reader = await TableReader.open(parts.address, plan)
      try {
        const { at, pieces, close } = await reader.readWhole(null, signal)
        // From its first SELECT on the read keeps the table from being altered.
        const now = await readTableSchema(parts.session, schema.schema, schema.table)
        if (JSON.stringify(now) !== JSON.stringify(schema))
          throw new Failure('schemaMismatch', `${source} was altered while it was about to be copied.`, {
            advice: 'Copy again: the target has kept its rows.',
          })
        return { routes, at, pieces, close: () => close().finally(() => reader.close()) }
      } catch (error) {
        await reader.close()
        throw error
      }
    },
  }
}

/** The routes of this rule alone, aimed at the shadow in place of the rule's target. */
async function routesInto(
  shadow: Parameters<BatchSource['open']>[0],
  config: Config,
  { table, matched }: PlannedSource,
  { zone, mariadb, observer }: BatchSourceParts,
): Promise<CopyRoutes> {
  const book = new RuleBook(config.source, [matched.rule], config.sr_dbname, config.schema.auto_shard)
  // No binlog is read, so what its images hold does not matter; what StarRocks would refuse ends the copy in any case.
  const options = { ...routerOptions(config, zone, { rowImage: null, mariadb }), stopsAtBadValues: true }
  const router = new Router(options, book, {
    schemaFor: () => table,
    prepare: async () => shadow,
    inspect: async () => shadow,
    observer,
  })
  return router.copyRoutes(table)
}
