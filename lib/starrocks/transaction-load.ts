import { asFailure, Failure } from '../model/failure.js'
import type { BodyTransfer, Transfer } from './body-transfer.js'
import type { Address, Frontends } from './frontends.js'
import { type HopTimes, post } from './http-hop.js'
import { basicAuthorization, timeoutSeconds, transactionHeaders } from './load-body.js'
import { followRedirects } from './redirects.js'
import { parseTransactionAnswer, type TransactionVerdict } from './transaction-answer.js'

export interface TransactionLoadOptions {
  readonly user: string
  readonly password: string
  /** Limit of a transaction, and of the wait for a commit's publish. */
  readonly loadTimeoutMs: number
  readonly answerGraceMs?: number
}

/** A transaction of `/api/transaction/*`; `table` is null for one over several tables. */
export interface TransactionRef {
  readonly database: string
  readonly label: string
  readonly table: string | null
  /** A BE that is asked itself, without an FE; single-table transactions only, which live in one BE until prepared. */
  readonly backend?: Address
}

const ANSWER_GRACE_MS = 30_000
const LOAD_PATH = '/api/transaction/load'

/**
 * The requests of StarRocks' transaction interface, each sent once: POSTs to an FE, which may redirect to its leader or (for
 * single-table transactions) to a BE; loads as Stream Loads. FEs that cannot be reached, or that know no leader, are passed
 * over; what may have been done without an answer is the verdict `unknown`.
 */
export class TransactionLoad {
  readonly #options: TransactionLoadOptions
  readonly #frontends: Frontends
  readonly #transfer: BodyTransfer
  readonly #times: HopTimes

  constructor(options: TransactionLoadOptions, frontends: Frontends, transfer: BodyTransfer, times: HopTimes) {
    this.#options = options
    this.#frontends = frontends
    this.#transfer = transfer
    this.#times = times
  }

  /** `timeout` goes along always: an FE's own limit for a multi-table transaction is 20 s, from begin to commit. */
  begin(transaction: TransactionRef, signal: AbortSignal): Promise<TransactionVerdict> {
    const table: Record<string, string> = transaction.table === null ? {} : { table: transaction.table }
    return this.#manage('begin', transaction, { ...table, timeout: this.#seconds }, this.#times, signal)
  }

  /** Single-table transactions only. What is prepared and never ended goes by itself after the load time-out (3.5.4+; else a day). */
  prepare(transaction: TransactionRef, signal: AbortSignal): Promise<TransactionVerdict> {
    const headers = { timeout: this.#seconds, prepared_timeout: this.#seconds }
    return this.#manage('prepare', transaction, headers, this.#patient, signal)
  }

  /** Here `timeout` is how long the FE waits for the publish. */
  commit(transaction: TransactionRef, signal: AbortSignal): Promise<TransactionVerdict> {
    return this.#manage('commit', transaction, { timeout: this.#seconds }, this.#patient, signal)
  }

  rollback(transaction: TransactionRef, signal: AbortSignal): Promise<TransactionVerdict> {
    return this.#manage('rollback', transaction, {}, this.#times, signal)
  }

  /** Sends the rows once; `headers` are those of `transactionLoadHeaders`. */
  load(
    transaction: TransactionRef,
    headers: Readonly<Record<string, string>>,
    rows: { readonly body: readonly Uint8Array[]; readonly bytes: number },
    signal: AbortSignal,
  ): Promise<TransactionVerdict> {
    const cargo = {
      headers: { ...headers, authorization: this.#authorization, 'content-length': String(rows.bytes) },
      body: rows.body,
    }
    return this.#ask(transaction, signal, async address => {
      const start = { address, path: LOAD_PATH }
      return verdictOf(
        transaction.backend === undefined
          ? await this.#transfer.throughFrontend(start, cargo, signal)
          : await this.#transfer.toTaker(start, cargo, signal),
      )
    })
  }

  get #seconds(): string {
    return timeoutSeconds(this.#options.loadTimeoutMs)
  }

  get #patient(): HopTimes {
    const { loadTimeoutMs, answerGraceMs = ANSWER_GRACE_MS } = this.#options
    return { ...this.#times, answerTimeoutMs: loadTimeoutMs + answerGraceMs }
  }

  get #authorization(): string {
    return basicAuthorization(this.#options.user, this.#options.password)
  }

  #manage(
    op: 'begin' | 'prepare' | 'commit' | 'rollback',
    transaction: TransactionRef,
    more: Readonly<Record<string, string>>,
    times: HopTimes,
    signal: AbortSignal,
  ): Promise<TransactionVerdict> {
    const { database, label, table } = transaction
    const headers = {
      ...transactionHeaders(database, label, table === null),
      ...more,
      authorization: this.#authorization,
    }
    return this.#ask(transaction, signal, async first => {
      const start = { address: first, path: `/api/transaction/${op}` }
      const answer = await followRedirects(this.#frontends, start, ({ address, path }) =>
        post(address, path, headers, times, signal),
      )
      return parseTransactionAnswer(answer.text, answer.status)
    })
  }

  async #ask(
    transaction: TransactionRef,
    signal: AbortSignal,
    attempt: (address: Address) => Promise<TransactionVerdict>,
  ): Promise<TransactionVerdict> {
    try {
      if (transaction.backend !== undefined) return await attempt(transaction.backend)
      return await this.#frontends.tryEach('http', signal, async address => {
        const verdict = await attempt(address)
        if (verdict.kind === 'unreachable') throw new Failure('targetUnreachable', verdict.message)
        return verdict
      })
    } catch (error) {
      const { kind, message } = asFailure(error)
      if (kind === 'targetUnreachable') return { kind: 'unreachable', message }
      if (kind === 'loadUnknown') return { kind: 'unknown', message }
      throw error
    }
  }
}

function verdictOf(transfer: Transfer): TransactionVerdict {
  switch (transfer.kind) {
    case 'misled':
      return { kind: 'rejected', message: transfer.message }
    case 'lost':
      return { kind: 'unknown', message: transfer.message }
    case 'answer': {
      const verdict = parseTransactionAnswer(transfer.answer.text, transfer.answer.status)
      if (transfer.node === null || verdict.kind === 'ok') return verdict
      return { ...verdict, message: `${transfer.node}: ${verdict.message}` }
    }
  }
}
