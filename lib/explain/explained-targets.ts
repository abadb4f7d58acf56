import type { Config } from '../config/options.js'
import type { TargetRequest } from '../dispatch/sink.js'
import { asFailure } from '../model/failure.js'
import { type TargetTable, targetName } from '../model/schema.js'
import { starRocksOptions } from '../registry.js'
import type { PlannedTarget } from '../schema-plan.js'
import type { SchemaFinding } from '../schema-report.js'
import { type FoundTarget, SchemaTargets } from '../schema-targets.js'
import { renderCreateTable } from '../starrocks/ddl.js'
import type { TargetReport } from './report.js'

/** A target with its plan, and as rows will find it. */
export interface ExplainedTarget {
  readonly planned: PlannedTarget
  readonly report: TargetReport
  /** As it is with the columns that it lacks, or as it would be made. */
  readonly effective: TargetTable
}

/**
 * Compares targets with those in StarRocks, and makes nothing. Where StarRocks cannot be reached they are shown as they would be
 * made, and a finding says so.
 */
export async function explainTargets(
  targets: readonly PlannedTarget[],
  config: Config,
  findings: SchemaFinding[],
): Promise<ExplainedTarget[]> {
  const starRocks = new SchemaTargets(config)
  try {
    const explained: ExplainedTarget[] = []
    let reachable = true
    for (const planned of targets) {
      const { request } = planned
      const found: FoundTarget | null = reachable ? await find(starRocks, planned, findings) : null
      reachable = found !== null
      const report: TargetReport = {
        target: targetName(request),
        model: request.model,
        state: found === null || found.state === 'created' ? null : found.state,
        statement: statementOf(request, config, findings),
        differences: found?.findings ?? [],
      }
      explained.push({ planned, report, effective: effectiveTarget(request, found?.existing ?? null) })
    }
    return explained
  } finally {
    await starRocks.close()
  }
}

/** A target as it is once it has been made, or given the columns that it lacks. */
export function effectiveTarget(request: TargetRequest, existing: TargetTable | null): TargetTable {
  const wished = request.columns.map(column => ({ ...column, hasDefault: false }))
  if (existing === null) return { ...request, columns: wished }
  const known = new Set(existing.columns.map(({ name }) => name.toLowerCase()))
  const lacking = wished.filter(({ name }) => !known.has(name.toLowerCase()))
  return { ...existing, columns: [...existing.columns, ...lacking] }
}

/** Null when StarRocks cannot be reached. */
async function find(
  starRocks: SchemaTargets,
  planned: PlannedTarget,
  findings: SchemaFinding[],
): Promise<FoundTarget | null> {
  try {
    return await starRocks.find(planned, false)
  } catch (error) {
    const failure = asFailure(error)
    if (failure.kind !== 'targetUnreachable' && failure.kind !== 'targetDenied') throw failure
    const message = `The targets are shown as they would be made: ${failure.message}`
    findings.push({ check: 'starrocks.reach', level: 'warning', message, remedy: failure.advice })
    return null
  }
}

/** Null, with a finding, where StarRocks would refuse it. */
function statementOf(request: TargetRequest, config: Config, findings: SchemaFinding[]): string | null {
  const { bucketCount, replicationNum } = starRocksOptions(config)
  try {
    return renderCreateTable(request, { bucketCount, replicationNum })
  } catch (error) {
    const failure = asFailure(error)
    if (failure.kind !== 'targetUnfit') throw failure
    const { message, advice } = failure
    findings.push({ check: 'target.statement', level: 'error', table: targetName(request), message, remedy: advice })
    return null
  }
}
