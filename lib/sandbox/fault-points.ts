import type { ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { CommitWish } from './commit-wish.js'
import type { Faults, FaultTarget } from './faults.js'
import { LoadError } from './load-error.js'

/** Before 100 Continue. */
export async function beforeContinue(faults: Faults, about: FaultTarget): Promise<void> {
  const slowMs = faults.take('slowContinueMs', about)
  if (typeof slowMs === 'number') await delay(slowMs)
  await faults.held('holdContinue', about)
}

/** Where an operation fails on purpose: throws a LoadError with StarRocks' text. */
export function failOnPurpose(faults: Faults, about: FaultTarget): void {
  if (faults.take('tooManyVersions', about) !== null) {
    throw new LoadError(
      'Failed to load data into tablet 10023, because of too many versions, current/limit: 1001/1000. You can reduce the loading job concurrency, or increase loading data batch size.',
    )
  }
  const text = faults.take('failedWith200', about)
  if (text !== null) throw new LoadError(text === true ? 'Internal error of the backend' : String(text))
}

/** Before a label is taken: throws a LoadError when its database is said to have too many transactions. */
export async function beforeBegin(faults: Faults, about: FaultTarget, databaseId: number | undefined): Promise<void> {
  await faults.held('holdBegin', about)
  if (faults.take('runningTxnLimit', about) !== null) {
    throw new LoadError(`current running txns on db ${databaseId ?? -1} is 1000, larger than limit 1000`)
  }
}

/** How the commit being asked for shall go; `isSlow` is known once it has been made. */
export class FaultyCommit implements CommitWish {
  readonly #faults: Faults
  readonly #about: FaultTarget
  /** Publishing is said to be slow. */
  isSlow = false

  constructor(faults: Faults, about: FaultTarget) {
    this.#faults = faults
    this.#about = about
  }

  async beforeCommit(): Promise<void> {
    await this.#faults.held('holdCommit', this.#about)
    failOnPurpose(this.#faults, this.#about)
  }

  abortsSilently(): boolean {
    return this.#faults.take('commitOkButAborted', this.#about) !== null
  }

  publishedState(): 'COMMITTED' | 'VISIBLE' {
    this.isSlow = this.#faults.take('publishTimeout', this.#about) !== null
    return this.isSlow ? 'COMMITTED' : 'VISIBLE'
  }
}

/** After an operation, before its answer: true when a fault has taken the answer's place. */
export async function spoiltAnswer(faults: Faults, about: FaultTarget, res: ServerResponse): Promise<boolean> {
  await faults.held('holdAnswer', about)
  if (faults.take('answerLost', about) !== null) {
    res.destroy()
    return true
  }
  if (faults.take('garbageReply', about) !== null) {
    res.writeHead(200, { 'content-type': 'text/html' }).end('<html>upstream</html>')
    return true
  }
  return false
}
