import { asFailure, Failure } from '../../model/failure.js'
import type { Finding } from '../../model/finding.js'
import type { BodyTransfer } from '../body-transfer.js'
import { type Address, type Frontends, formatAddress, parseAddress } from '../frontends.js'
import { basicAuthorization, loadPath } from '../load-body.js'
import { parseLoadAnswer } from '../load-status.js'
import { isRefused, type Row, rowField, type Statements } from '../starrocks-session.js'
import { reach } from './frontend-reach.js'

export interface BackendReachOptions {
  readonly user: string
  readonly password: string
  readonly connectTimeoutMs: number
  /** BEs given by the operator, "host:port". */
  readonly backends: readonly string[]
}

interface Node {
  readonly address: Address
  readonly alive: boolean
}

/** Whether every BE (CN) is alive and its HTTP port can be reached from here, through the address map. */
export async function checkBackends(
  session: Statements,
  frontends: Frontends,
  options: BackendReachOptions,
): Promise<Finding[]> {
  const given = options.backends.map(text => ({ address: parseAddress(text), alive: true }))
  let nodes: readonly Node[] = given
  if (given.length === 0) {
    try {
      nodes = await listNodes(session)
    } catch (error) {
      const failure = asFailure(error)
      return [
        {
          check: 'starrocks.backends',
          level: isRefused(failure) ? 'warning' : 'error',
          message: `the BEs cannot be listed: ${failure.message}`,
          remedy: 'For this check only: GRANT cluster_admin TO USER sr_user; or set sr_be_http.',
        },
      ]
    }
  }
  if (nodes.length === 0)
    return [
      {
        check: 'starrocks.backends',
        level: 'error',
        message: 'the cluster has no BE and no CN',
        remedy: 'ALTER SYSTEM ADD BACKEND "<host>:9050";',
      },
    ]
  return Promise.all(nodes.map(node => checkNode(node, frontends, options.connectTimeoutMs)))
}

/**
 * Asks each FE where it would send a load of `target`, with the header block of a load and no body, and whether that node
 * takes bodies. Opens no transaction and creates nothing.
 */
export async function checkRedirect(
  transfer: BodyTransfer,
  frontends: Frontends,
  options: BackendReachOptions,
  target: { readonly database: string; readonly table: string },
): Promise<Finding[]> {
  if (frontends.direct) return []
  const headers = { authorization: basicAuthorization(options.user, options.password), 'content-length': '1' }
  return Promise.all(
    frontends.all.map(async (fe): Promise<Finding> => {
      const check = 'starrocks.redirect'
      const address = { host: fe.host, port: fe.httpPort }
      const name = formatAddress(address)
      try {
        const found = await transfer.locate({ address, path: loadPath(target) }, headers, null)
        if (found.kind === 'taker') {
          const taker = formatAddress(found.destination.address)
          if (taker !== name)
            return { check, level: 'ok', message: `${name} sends loads to ${taker}, which takes them`, remedy: '' }
          const message = `${name} takes loads itself: it is a BE, or a proxy answers for the FE`
          return {
            check,
            level: 'warning',
            message,
            remedy: `Point sr_http_port at the FE, or set sr_be_http = ["${name}"].`,
          }
        }
        const verdict = parseLoadAnswer(found.answer.text, found.answer.status)
        const message = `${name}: ${'message' in verdict ? verdict.message : verdict.kind}`
        const remedy =
          verdict.kind === 'denied'
            ? `GRANT INSERT ON ALL TABLES IN DATABASE ${target.database} TO USER sr_user;`
            : 'SHOW BACKENDS; must list a BE with Alive = true.'
        return { check, level: 'error', message, remedy }
      } catch (error) {
        const failure = asFailure(error)
        const refused = /^(\S+:\d+): /.exec(failure.message)?.[1] ?? '<that host:port>'
        const remedy =
          refused === name
            ? failure.advice
            : `Start that BE or open its port; if the FE names a private address: sr_be_address_map = { "${refused}" = "<reachable host:port>" }`
        return { check, level: 'error', message: `a load through ${name} would fail: ${failure.message}`, remedy }
      }
    }),
  )
}

async function checkNode(node: Node, frontends: Frontends, timeoutMs: number): Promise<Finding> {
  const check = 'starrocks.backend'
  const name = formatAddress(node.address)
  if (!node.alive)
    return {
      check,
      level: 'warning',
      message: `${name} is not alive`,
      remedy: 'Start it; SHOW BACKENDS; names the error in ErrMsg.',
    }
  const mapped = frontends.map(node.address)
  try {
    await reach(mapped, timeoutMs)
    return { check, level: 'ok', message: `${formatAddress(mapped)} takes connections`, remedy: '' }
  } catch (error) {
    const remedy =
      mapped === node.address
        ? `Open the port, or set sr_be_address_map = { "${name}" = "<reachable host:port>" }.`
        : `Correct sr_be_address_map for "${name}".`
    return { check, level: 'error', message: `BE ${name}: ${asFailure(error).message}`, remedy }
  }
}

async function listNodes(session: Statements): Promise<Node[]> {
  const rows = await session.query('SHOW BACKENDS')
  const nodes = rows.map(readNode)
  try {
    nodes.push(...(await session.query('SHOW COMPUTE NODES')).map(readNode))
  } catch (error) {
    // Versions without compute nodes refuse the statement; the BEs are all there is then.
    if (!isRefused(error)) throw error
  }
  return nodes
}

function readNode(row: Row): Node {
  const host = rowField(row, 'ip', 'host')
  const port = Number(rowField(row, 'httpport'))
  if (host === null || !Number.isInteger(port))
    throw new Failure('targetUnfit', 'SHOW BACKENDS lists a node without IP and HttpPort')
  return { address: { host, port }, alive: (rowField(row, 'alive') ?? '').toLowerCase() === 'true' }
}
