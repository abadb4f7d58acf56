import { connect as openSocket, type Socket } from 'node:net'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { asFailure, Failure, type FailureKind } from '../model/failure.js'
import { classifyText, excerpt } from './answer-text.js'
import { type Address, type Frontends, formatAddress } from './frontends.js'
import { reasonOf } from './http-hop.js'

export interface SessionOptions {
  readonly user: string
  readonly password: string
  readonly connectTimeoutMs: number
  /** Longest wait for the answer to a query; default 60 s. */
  readonly queryTimeoutMs?: number
}

/** A result row with its column names in lower case (StarRocks' own case varies by version). */
export type Row = ReadonlyMap<string, string | null>

/** What is asked of a StarRocks connection. Failures: targetUnreachable, targetDenied, targetBusy, or targetUnfit for a refused statement. */
export interface Statements {
  /** Rows of a query. */
  query(sql: string): Promise<Row[]>
  /** Runs a DDL statement. */
  execute(sql: string): Promise<void>
}

/** CREATE TABLE waits for its tablets, up to ten minutes on the server; nothing else takes longer. */
const STATEMENT_TIMEOUT_MS = 630_000
const QUERY_TIMEOUT_MS = 60_000
/** 1045/1044/1142/1227 of MySQL; 5203 (3.3+) and 1252 (3.1, 3.2) of StarRocks. */
const DENIED = new Set([1044, 1045, 1142, 1227, 1252, 5203])

interface OpenConnection {
  readonly connection: Connection
  readonly socket: Socket
}

/**
 * One connection to an FE's query port, opened when first used and again after it broke. Text protocol only: StarRocks
 * prepares queries alone, and no statement here is sent twice, so each literal is quoted by the caller.
 */
export class StarRocksSession implements Statements {
  readonly #options: SessionOptions
  readonly #frontends: Frontends
  #open: Promise<OpenConnection> | null = null
  #closed = false

  constructor(options: SessionOptions, frontends: Frontends) {
    this.#options = options
    this.#frontends = frontends
  }

  query(sql: string): Promise<Row[]> {
    return this.#run(sql, this.#options.queryTimeoutMs ?? QUERY_TIMEOUT_MS)
  }

  async execute(sql: string): Promise<void> {
    await this.#run(sql, STATEMENT_TIMEOUT_MS)
  }

  /** Drops the connection; a statement under way fails. */
  async close(): Promise<void> {
    this.#closed = true
    const opening = this.#open
    this.#open = null
    // An opening that fails has told its own caller.
    const opened = await opening?.catch(() => null)
    opened?.socket.destroy(new Error('the session was closed'))
  }

  async #run(sql: string, timeoutMs: number): Promise<Row[]> {
    const { connection, socket } = await this.#connection()
    // mysql2's own time-out keeps its timer, and with it the process, after a connection is lost.
    const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    try {
      const [rows] = await connection.query<RowDataPacket[]>(sql)
      return Array.isArray(rows) ? rows.map(asRow) : []
    } catch (error) {
      const failure = statementFailure(error, sql)
      if (failure.kind === 'targetUnreachable') {
        this.#open = null
        socket.destroy()
      }
      throw failure
    } finally {
      clearTimeout(timer)
    }
  }

  #connection(): Promise<OpenConnection> {
    if (this.#closed) return Promise.reject(new Failure('internal', 'the StarRocks session is closed'))
    if (this.#open !== null) return this.#open
    const opening = this.#frontends.tryEach('query', null, address => openConnection(address, this.#options))
    const forget = () => {
      if (this.#open === opening) this.#open = null
    }
    this.#open = opening
    // A connection lost between statements is simply opened again by the next one.
    opening.then(({ connection }) => connection.on('error', forget), forget)
    return opening
  }
}

/** Opens one connection to one FE: Failure('targetDenied') for a wrong login, 'targetUnreachable' for everything else. */
async function openConnection(address: Address, options: SessionOptions): Promise<OpenConnection> {
  // mysql2 can only half-close its own socket; this one can be destroyed.
  const socket = openSocket({ host: address.host, port: address.port, noDelay: true, keepAlive: true })
  try {
    const connection = await createConnection({
      stream: socket,
      user: options.user,
      password: options.password,
      connectTimeout: options.connectTimeoutMs,
      charset: 'utf8mb4',
      multipleStatements: false,
      dateStrings: true,
      supportBigNumbers: true,
      bigNumberStrings: true,
    })
    return { connection, socket }
  } catch (error) {
    socket.destroy()
    const name = `${options.user}@${formatAddress(address)}`
    const denied = DENIED.has(errorNumber(error)) || classifyText(reasonOf(error)) === 'denied'
    throw new Failure(denied ? 'targetDenied' : 'targetUnreachable', `${name}: ${excerpt(reasonOf(error))}`, {
      cause: error,
    })
  }
}

function statementFailure(error: unknown, sql: string): Failure {
  const number = errorNumber(error)
  const text = excerpt(reasonOf(error))
  // Errors of the server have a number and leave the connection usable; all others mean that it is lost.
  if (number === 0) return new Failure('targetUnreachable', `the query connection failed: ${text}`, { cause: error })
  return new Failure(statementKind(number, text), `StarRocks refused "${excerpt(sql, 120)}": ${text}`, { cause: error })
}

function statementKind(number: number, text: string): FailureKind {
  const kind = DENIED.has(number) ? 'denied' : classifyText(text)
  switch (kind) {
    case 'denied':
      return 'targetDenied'
    case 'busy':
    case 'uncertain':
      return 'targetBusy'
    case 'unreachable':
      return 'targetUnreachable'
    case 'rowsRejected':
    case 'rejected':
      return 'targetUnfit'
  }
}

function errorNumber(error: unknown): number {
  if (typeof error !== 'object' || error === null || !('errno' in error)) return 0
  // Socket errors carry negative numbers of the operating system.
  return typeof error.errno === 'number' && error.errno > 0 ? error.errno : 0
}

function asRow(packet: RowDataPacket): Row {
  return new Map(
    Object.entries(packet).map(([name, value]) => [
      name.toLowerCase(),
      value === null || value === undefined ? null : Buffer.isBuffer(value) ? value.toString('utf8') : String(value),
    ]),
  )
}

/** The field of a row under the first of these lower-case names it has, or null. */
export function rowField(row: Row, ...names: readonly string[]): string | null {
  for (const name of names) {
    const value = row.get(name)
    if (value !== undefined && value !== null) return value
  }
  return null
}

/** Whether a Failure means that the statement was refused for what it says, so that another one may do. */
export function isRefused(error: unknown): boolean {
  const { kind } = asFailure(error)
  return kind === 'targetUnfit' || kind === 'targetDenied'
}
