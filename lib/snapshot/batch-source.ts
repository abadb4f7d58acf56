import type { Config } from '../config/options.js'
import { Failure } from '../model/failure.js'
import type { Observer } from '../model/observer.js'
import { tableName } from '../model/schema.js'
import type { Zone } from '../model/zone.js'
import { readTableSchema } from '../mysql/catalog.js'
import type { SourceAddress, SourceSession } from '../mysql/session.js'
import { TableReader } from '../mysql/snapshot/table-reader.js'
import { ruleRoutes } from '../rule-routes.js'
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
      // Aimed at the shadow; what StarRocks would refuse ends the copy in any case.
      const { zone, mariadb, observer } = parts
      const options = { rule: planned.matched.rule, target: shadow, zone, mariadb, observer }
      const { expressions, routes: stream } = await ruleRoutes(config, planned, options)
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
