import { Failure } from '../model/failure.js'
import { type Frontends, formatAddress } from './frontends.js'
import { get, type HopTimes, parseLocation } from './http-hop.js'
import { type LoadStateVerdict, parseLoadState } from './load-status.js'

const MAX_HOPS = 5

/**
 * Asks an FE for the state of a label: `GET /api/{db}/get_load_state?label=…`. Followers redirect to the leader. FEs that
 * cannot be reached, or that know no leader, are passed over; when none answers the verdict is `unreachable`.
 */
export async function askLoadState(
  frontends: Frontends,
  authorization: string,
  database: string,
  label: string,
  times: HopTimes,
  signal: AbortSignal | null,
): Promise<LoadStateVerdict> {
  const start = `/api/${encodeURIComponent(database)}/get_load_state?label=${encodeURIComponent(label)}`
  try {
    return await frontends.tryEach('http', signal, async first => {
      let address = first
      let path = start
      for (let hop = 0; hop < MAX_HOPS; hop += 1) {
        const answer = await get(address, path, { authorization }, times, signal)
        if (answer.status >= 300 && answer.status <= 399 && answer.location !== null) {
          const next = parseLocation(answer.location, address)
          address = frontends.map(next.address)
          path = next.path
          continue
        }
        const verdict = parseLoadState(answer.text, answer.status)
        if (verdict.kind === 'unreachable') throw new Failure('targetUnreachable', verdict.message)
        return verdict
      }
      throw new Failure('targetUnreachable', `${formatAddress(first)}: more than ${MAX_HOPS} redirects`)
    })
  } catch (error) {
    if (error instanceof Failure && error.kind === 'targetUnreachable')
      return { kind: 'unreachable', message: error.message }
    throw error
  }
}
