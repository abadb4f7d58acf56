import { asFailure, Failure } from '../model/failure.js'
import type { Frontends } from './frontends.js'
import { get, type HopTimes, parseLocation } from './http-hop.js'
import { columnOf, parseErrorLog } from './load-error-log.js'

/** What a refusal of rows tells by itself. */
export interface Rejection {
  readonly message: string
  readonly filtered: number | null
  /** Where the BE shows a sample of the rows, or null. */
  readonly errorUrl: string | null
}

/** Reads why StarRocks refused rows. */
export class RejectedRows {
  readonly #frontends: Frontends
  readonly #times: HopTimes

  constructor(frontends: Frontends, times: HopTimes) {
    this.#frontends = frontends
    this.#times = times
  }

  /**
   * "StarRocks rejected 1 of 2 rows because of column c: …" with the first rows of the error log; `rows`: how many were sent,
   * null when that is not known for one table. Never rejects: a log that cannot be read leaves the message standing.
   */
  async describe(rejection: Rejection, rows: number | null, stop: AbortSignal): Promise<string> {
    const { message, filtered, errorUrl } = rejection
    const count = filtered === null || filtered === 0 || rows === null ? 'rows' : `${filtered} of ${rows} rows`
    const says = (column: string | null, reason: string) =>
      `StarRocks rejected ${count}${column === null ? '' : ` because of column ${column}`}: ${reason}`
    if (errorUrl === null) return says(columnOf(message), message)
    let text: string
    try {
      text = await this.#read(errorUrl, stop)
    } catch (error) {
      return says(columnOf(message), `${message} (the error log could not be read: ${asFailure(error).message})`)
    }
    const rejected = parseErrorLog(text)
    if (rejected.length === 0) return says(columnOf(message), message)
    const shown = rejected.map(({ reason, row }) => (row === '' ? reason : `${reason}; row: ${row}`))
    return says(rejected[0]!.column, shown.join(' | '))
  }

  async #read(errorUrl: string, stop: AbortSignal): Promise<string> {
    const { address, path } = parseLocation(errorUrl, { host: 'localhost', port: 80 })
    const answer = await get(this.#frontends.map(address), path, {}, this.#times, stop)
    if (answer.status !== 200) throw new Failure('targetUnreachable', `HTTP ${answer.status}`)
    return answer.text
  }
}
