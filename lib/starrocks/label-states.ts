import { setTimeout as delay } from 'node:timers/promises'
import type { LabelOutcome } from '../dispatch/sink.js'
import { Failure } from '../model/failure.js'
import type { Frontends } from './frontends.js'
import type { HopTimes } from './http-hop.js'
import { basicAuthorization } from './load-body.js'
import { askLoadState } from './load-state.js'

export interface LabelStatesOptions {
  readonly user: string
  readonly password: string
  /** How long a transaction may stay open, or committed and not visible. */
  readonly loadTimeoutMs: number
  /** The longest pause between two questions for a label's state; 500 ms when absent, as the official client. */
  readonly statePollMs?: number
}

/** What became of a label; `reason` is why it was aborted, "" where StarRocks does not say (before 3.4). */
export interface SettledLabel {
  readonly outcome: LabelOutcome
  readonly reason: string
}

export const STATE_POLL_MS = 500
/** Questions for one label behind each of which the pause doubles. */
const DOUBLINGS = 4

/** The pause in ms behind the question with this number, from 0: most commits are published soon, so the first are short. */
export function pauseBehind(question: number, longestMs: number): number {
  return longestMs / 2 ** Math.max(0, DOUBLINGS - question)
}

/** Asks for the states of labels until they are final. */
export class LabelStates {
  readonly #options: LabelStatesOptions
  readonly #frontends: Frontends
  readonly #times: HopTimes

  constructor(options: LabelStatesOptions, frontends: Frontends, times: HopTimes) {
    this.#options = options
    this.#frontends = frontends
    this.#times = times
  }

  /**
   * Whether a label has ever been used, as far as StarRocks remembers. Failures: targetDenied, targetUnreachable. A refusal
   * counts as no: whatever comes next meets it too.
   */
  async used(database: string, label: string, stop: AbortSignal): Promise<boolean> {
    const verdict = await askLoadState(this.#frontends, this.#authorization, database, label, this.#times, stop)
    if (verdict.kind === 'state') return verdict.state !== 'UNKNOWN'
    if (verdict.kind === 'rejected') return false
    const kind = verdict.kind === 'denied' ? 'targetDenied' : 'targetUnreachable'
    throw new Failure(kind, `${database}: the state of label ${label}: ${verdict.message}`)
  }

  /**
   * What became of a label: `committed`, or a state from which it may be used again. Waits while its transaction is open or
   * not published yet, at most as long as a load may run: then a committed one counts, since it is durable. Failures, whose
   * messages begin with `why`: loadUnknown when no FE can tell, targetDenied.
   */
  async settle(database: string, label: string, why: string, stop: AbortSignal): Promise<SettledLabel> {
    const deadline = Date.now() + this.#options.loadTimeoutMs
    const pollMs = this.#options.statePollMs ?? STATE_POLL_MS
    for (let question = 0; ; question++) {
      if (stop.aborted) throw new Failure('loadUnknown', `${why}; stopped before its state was known`)
      const verdict = await askLoadState(this.#frontends, this.#authorization, database, label, this.#times, stop)
      if (verdict.kind !== 'state') {
        // What was loaded into a database that is gone is gone with it.
        if (verdict.kind === 'rejected' && /unknown database/i.test(verdict.message))
          return { outcome: 'absent', reason: verdict.message }
        const kind = verdict.kind === 'denied' ? 'targetDenied' : 'loadUnknown'
        throw new Failure(kind, `${why}; its state: ${verdict.message}`)
      }
      switch (verdict.state) {
        case 'VISIBLE':
          return { outcome: 'committed', reason: '' }
        case 'COMMITTED':
          if (Date.now() > deadline) return { outcome: 'committed', reason: '' }
          break
        case 'ABORTED':
          return { outcome: 'aborted', reason: verdict.reason }
        case 'UNKNOWN':
          return { outcome: 'absent', reason: verdict.reason }
        case 'PREPARE':
        case 'PREPARED':
          if (Date.now() > deadline) throw new Failure('loadUnknown', `${why}; its label stays ${verdict.state}`)
      }
      // Ends early when stopped; the head of the loop then says so.
      await delay(pauseBehind(question, pollMs), undefined, { signal: stop }).catch(() => undefined)
    }
  }

  get #authorization(): string {
    return basicAuthorization(this.#options.user, this.#options.password)
  }
}
