import { Failure } from '../model/failure.js'
import type { Frontends } from './frontends.js'
import { get, type HopTimes } from './http-hop.js'
import { type LoadStateVerdict, parseLoadState } from './load-status.js'
import { followRedirects } from './redirects.js'

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
      const answer = await followRedirects(frontends, { address: first, path: start }, ({ address, path }) =>
        get(address, path, { authorization }, times, signal),
      )
      const verdict = parseLoadState(answer.text, answer.status)
      if (verdict.kind === 'unreachable') throw new Failure('targetUnreachable', verdict.message)
      return verdict
    })
  } catch (error) {
    if (error instanceof Failure && error.kind === 'targetUnreachable')
      return { kind: 'unreachable', message: error.message }
    throw error
  }
}
