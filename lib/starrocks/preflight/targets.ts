import type { TargetRequest } from '../../dispatch/sink.js'
import { asFailure } from '../../model/failure.js'
import type { Finding } from '../../model/finding.js'
import { type TargetTable, targetName } from '../../model/schema.js'
import { renderCreateTable, type TableLayout } from '../ddl.js'
import type { Statements } from '../starrocks-session.js'
import { readTarget } from '../target-catalog.js'
import { addColumnsRemedy, checkTarget, missingColumns, missingFault } from '../target-check.js'

export interface TargetAllowance {
  readonly autoCreate: boolean
  readonly layout: TableLayout
}

/** Whether a target table exists, or may be made, and suits what is to be loaded into it: model, key, columns, types. */
export async function checkTargetTable(
  session: Statements,
  request: TargetRequest,
  allowance: TargetAllowance,
): Promise<Finding[]> {
  const check = 'starrocks.target'
  const name = targetName(request)
  const ok = (message: string): Finding => ({ check, level: 'ok', message, remedy: '' })
  try {
    const table = await readTarget(session, request)
    if (table !== null) return judge(request, table, ok)
    const statement = renderCreateTable(request, allowance.layout)
    if (allowance.autoCreate) return [ok(`${name} is missing and will be created`)]
    return [{ check, level: 'error', message: `${name} does not exist`, remedy: `${statement};` }]
  } catch (error) {
    const failure = asFailure(error)
    return [{ check, level: 'error', message: failure.message, remedy: failure.advice }]
  }
}

function judge(request: TargetRequest, table: TargetTable, ok: (message: string) => Finding): Finding[] {
  const name = targetName(request)
  const findings: Finding[] = checkTarget(request, table).map(fault => ({
    check: 'starrocks.target',
    level: fault.level === 'fatal' ? 'error' : 'warning',
    message: fault.message,
    remedy: fault.remedy,
  }))
  const missing = missingColumns(request, table)
  if (missing.length > 0) {
    const names = missing.map(column => column.name).join(', ')
    const lasting = missingFault(request, table, missing)
    const error = (message: string, remedy: string): Finding => ({
      check: 'starrocks.target',
      level: 'error',
      message,
      remedy,
    })
    if (lasting !== null) {
      if (findings.length === 0) findings.push(error(lasting.message, lasting.remedy))
    } else if (request.missingColumns === 'add')
      findings.push(ok(`${name} lacks the columns ${names}, which will be added`))
    else findings.push(error(`${name} lacks the columns ${names}`, addColumnsRemedy(table, missing)))
  }
  return findings.length === 0 ? [ok(`${name} suits`)] : findings
}
