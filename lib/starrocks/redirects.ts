import { Failure } from '../model/failure.js'
import { type Address, type Frontends, formatAddress } from './frontends.js'
import { type HopAnswer, parseLocation } from './http-hop.js'

/** A node, as reached from here, and a path on it. */
export interface Destination {
  readonly address: Address
  readonly path: string
}

/** Follower FE, leader FE, BE, and something in front of each. */
export const MAX_HOPS = 5

/** Where a redirect leads, as reached from here; null when the answer is none. */
export function redirectOf(frontends: Frontends, answer: HopAnswer, from: Address): Destination | null {
  if (answer.status < 300 || answer.status > 399 || answer.location === null) return null
  const { address, path } = parseLocation(answer.location, from)
  return { address: frontends.map(address), path }
}

/**
 * The first answer that is no redirect. `ask` sends the same request anew at each node, credentials and method included: a
 * POST stays one, whatever the status says. Too many redirects are a Failure('targetUnreachable').
 */
export async function followRedirects(
  frontends: Frontends,
  start: Destination,
  ask: (destination: Destination) => Promise<HopAnswer>,
): Promise<HopAnswer> {
  let destination = start
  for (let hop = 0; hop < MAX_HOPS; hop += 1) {
    const answer = await ask(destination)
    const next = redirectOf(frontends, answer, destination.address)
    if (next === null) return answer
    destination = next
  }
  throw tooManyRedirects(start)
}

export function tooManyRedirects(start: Destination): Failure {
  return new Failure('targetUnreachable', `${formatAddress(start.address)}: more than ${MAX_HOPS} redirects`)
}
