import type { TargetRequest } from '../../dispatch/sink.js'
import type { Finding } from '../../model/finding.js'
import { BodyTransfer } from '../body-transfer.js'
import { Frontends } from '../frontends.js'
import { StarRocksSession } from '../starrocks-session.js'
import type { StarRocksSinkOptions } from '../starrocks-sink.js'
import { checkBackends, checkRedirect } from './backend-reach.js'
import { checkFrontendReach } from './frontend-reach.js'
import { checkLogin } from './login.js'
import { checkRights } from './rights.js'
import { checkTargetTable } from './targets.js'

/**
 * Every check of the StarRocks side, with the options the sink would get and the targets it would be asked for. Changes
 * nothing. Checks that need a login are left out when there is none; the finding on the login says so.
 */
export async function checkStarRocks(
  options: StarRocksSinkOptions,
  requests: readonly TargetRequest[],
): Promise<Finding[]> {
  const frontends = new Frontends(options)
  const session = new StarRocksSession(options, frontends)
  const transfer = new BodyTransfer(options, frontends)
  const reachOptions = { ...options, backends: options.backends ?? [] }
  try {
    const findings = await checkFrontendReach(options.frontends, options.connectTimeoutMs)
    const login = await checkLogin(session, options.user)
    findings.push(...login)
    if (login.some(finding => finding.check === 'starrocks.login' && finding.level === 'error')) return findings
    findings.push(...(await checkBackends(session, frontends, reachOptions)))
    const first = requests[0]
    if (first !== undefined) findings.push(...(await checkRedirect(transfer, frontends, reachOptions, first)))
    const needed = { create: options.autoCreate, alter: false }
    for (const database of new Set(requests.map(request => request.database)))
      findings.push(await checkRights(session, database, needed))
    const layout = { bucketCount: options.bucketCount, replicationNum: options.replicationNum }
    const allowance = { autoCreate: options.autoCreate, layout }
    for (const request of requests) findings.push(...(await checkTargetTable(session, request, allowance)))
    return findings
  } finally {
    await session.close()
  }
}
