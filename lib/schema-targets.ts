import type { Config } from './config/options.js'
import { asFailure } from './model/failure.js'
import { type TargetTable, targetName } from './model/schema.js'
import { starRocksOptions } from './registry.js'
import type { PlannedTarget } from './schema-plan.js'
import type { SchemaFinding } from './schema-report.js'
import { Frontends } from './starrocks/frontends.js'
import { StarRocksSession } from './starrocks/starrocks-session.js'
import { parseTableText } from './starrocks/table-text.js'
import { readTarget, showCreateTable } from './starrocks/target-catalog.js'
import type { TargetDifference } from './starrocks/target-difference.js'
import { compareTarget } from './starrocks/target-differences.js'
import { TargetMaker } from './starrocks/target-maker.js'

/** A target in StarRocks beside its plan. */
export interface FoundTarget {
  readonly state: 'missing' | 'created' | 'exists'
  readonly existing: TargetTable | null
  readonly findings: readonly SchemaFinding[]
}

/** The targets as StarRocks has them. */
export class SchemaTargets {
  readonly #session: StarRocksSession
  readonly #maker: TargetMaker

  constructor(config: Config) {
    const options = starRocksOptions(config)
    this.#session = new StarRocksSession(options, new Frontends(options))
    const layout = { bucketCount: options.bucketCount, replicationNum: options.replicationNum }
    this.#maker = new TargetMaker({ autoCreate: true, layout }, this.#session, new AbortController().signal)
  }

  /**
   * Looks for a target and compares it with its plan; `create`: makes it when it is missing. Existing tables are never
   * changed. Rejects with targetUnreachable or targetDenied; what is wrong with the target itself is a finding.
   */
  async find({ request }: PlannedTarget, create: boolean): Promise<FoundTarget> {
    try {
      const existing = await readTarget(this.#session, request)
      if (existing === null) {
        if (!create) return { state: 'missing', existing, findings: [] }
        return { state: 'created', existing: await this.#maker.make(request), findings: [] }
      }
      const text = parseTableText((await showCreateTable(this.#session, request)) ?? '')
      const differences = compareTarget(request, existing, text)
      return { state: 'exists', existing, findings: differences.map(difference => asFinding(difference, request)) }
    } catch (error) {
      const failure = asFailure(error)
      if (failure.kind !== 'targetUnfit') throw failure
      const finding: SchemaFinding = {
        check: 'target.table',
        level: 'error',
        table: targetName(request),
        message: failure.message,
        remedy: failure.advice,
      }
      return { state: create ? 'missing' : 'exists', existing: null, findings: [finding] }
    }
  }

  close(): Promise<void> {
    return this.#session.close()
  }
}

function asFinding(difference: TargetDifference, request: PlannedTarget['request']): SchemaFinding {
  const { kind, level, column, message, statement, otherwise } = difference
  return {
    check: `target.${kind.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)}`,
    level,
    table: targetName(request),
    ...(column === null ? {} : { column }),
    message,
    remedy: statement === null ? otherwise : `${statement};`,
  }
}
