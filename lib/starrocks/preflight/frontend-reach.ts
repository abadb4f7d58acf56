import { connect as openSocket } from 'node:net'
import { Failure } from '../../model/failure.js'
import type { Finding } from '../../model/finding.js'
import { type Address, type Frontend, formatAddress } from '../frontends.js'
import { get, reasonOf } from '../http-hop.js'

/** Opens and closes a TCP connection. Rejects with Failure('targetUnreachable') after `timeoutMs` or a refusal. */
export function reach(address: Address, timeoutMs: number): Promise<void> {
  const name = formatAddress(address)
  return new Promise((resolve, reject) => {
    const socket = openSocket({ host: address.host, port: address.port })
    const fail = (reason: string) => {
      socket.destroy()
      reject(new Failure('targetUnreachable', `${name}: ${reason}`))
    }
    socket.setTimeout(timeoutMs, () => fail(`no connection within ${timeoutMs} ms`))
    socket.once('error', error => fail(reasonOf(error)))
    socket.once('connect', () => {
      socket.destroy()
      resolve()
    })
  })
}

/** Whether each FE's query port takes connections and its HTTP port answers like an FE (`GET /api/health`). */
export async function checkFrontendReach(frontends: readonly Frontend[], timeoutMs: number): Promise<Finding[]> {
  const findings = await Promise.all(
    frontends.map(async fe => [await checkQueryPort(fe, timeoutMs), await checkHttpPort(fe, timeoutMs)]),
  )
  return findings.flat()
}

async function checkQueryPort(fe: Frontend, timeoutMs: number): Promise<Finding> {
  const address = { host: fe.host, port: fe.queryPort }
  try {
    await reach(address, timeoutMs)
    return {
      check: 'starrocks.query_port',
      level: 'ok',
      message: `${formatAddress(address)} takes connections`,
      remedy: '',
    }
  } catch (error) {
    return {
      check: 'starrocks.query_port',
      level: 'error',
      message: `the FE query port cannot be reached: ${reasonOf(error)}`,
      remedy: `Check sr_host and sr_port (query_port in fe.conf, 9030 by default) and firewalls: nc -vz ${fe.host} ${fe.queryPort}`,
    }
  }
}

async function checkHttpPort(fe: Frontend, timeoutMs: number): Promise<Finding> {
  const check = 'starrocks.http_port'
  const address = { host: fe.host, port: fe.httpPort }
  const name = formatAddress(address)
  const remedy = `Check sr_http_port (http_port in fe.conf, 8030 by default; not the 8040 of a BE): curl http://${name}/api/health`
  try {
    const answer = await get(
      address,
      '/api/health',
      {},
      { connectTimeoutMs: timeoutMs, answerTimeoutMs: timeoutMs },
      null,
    )
    if (answer.status === 200 && /online_backend_num/i.test(answer.text))
      return { check, level: 'ok', message: `${name} answers as an FE`, remedy: '' }
    const message = `${name} answers HTTP ${answer.status}, but not as an FE does`
    return { check, level: 'warning', message, remedy }
  } catch (error) {
    return { check, level: 'error', message: `the FE HTTP port cannot be reached: ${reasonOf(error)}`, remedy }
  }
}
