import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import mysql, { type Connection, type ConnectionOptions, type RowDataPacket } from 'mysql2/promise'
import { Failure, type FailureKind } from '../model/failure.js'

export interface SourceAddress {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  /** Connection character set, e.g. "utf8mb4". */
  readonly charset: string
  readonly ssl: 'disabled' | 'preferred' | 'required' | 'verify-ca'
  /** PEM file of the certificate authority, for verify-ca. */
  readonly sslCa: string | null
  readonly connectTimeoutMs: number
  /** Longest wait for the answer to a query; after it the session is broken. */
  readonly answerTimeoutMs: number
}

export type Row = Record<string, string | null>

/** A SQL connection to the source. Every value comes back as text or null, untouched by this process's zone or number types. */
export class SourceSession {
  readonly #connection: Connection
  /** Options that reached the server, for further connections of the same kind (the TLS decision is in them). */
  readonly connectionOptions: ConnectionOptions
  readonly #answerTimeoutMs: number

  private constructor(connection: Connection, options: ConnectionOptions, answerTimeoutMs: number) {
    this.#connection = connection
    this.connectionOptions = options
    this.#answerTimeoutMs = answerTimeoutMs
    // A broken session shows in its next query; without a listener the process would end here.
    connection.on('error', () => undefined)
  }

  /** Connects for one piece of work; rejects as `connect` and `work` do. */
  static async during<T>(address: SourceAddress, work: (session: SourceSession) => Promise<T>): Promise<T> {
    const session = await SourceSession.connect(address)
    try {
      return await work(session)
    } finally {
      await session.close()
    }
  }

  /** Connects, with TLS as asked: "preferred" takes TLS when the server offers it. Rejects with sourceUnreachable or sourceDenied. */
  static async connect(address: SourceAddress): Promise<SourceSession> {
    const plain = plainOptions(address)
    if (address.ssl === 'disabled') return SourceSession.#open(plain, address)
    const secure = { ...plain, ssl: tlsOptions(address) }
    try {
      return await SourceSession.#open(secure, address)
    } catch (error) {
      const noTls = (error as Failure).cause as { code?: string } | undefined
      if (address.ssl === 'preferred' && noTls?.code === 'HANDSHAKE_NO_SSL_SUPPORT')
        return SourceSession.#open(plain, address)
      throw error
    }
  }

  static async #open(options: ConnectionOptions, address: SourceAddress): Promise<SourceSession> {
    try {
      return new SourceSession(await mysql.createConnection(options), options, address.answerTimeoutMs)
    } catch (error) {
      throw sourceFailure(error, `${address.host}:${address.port}`)
    }
  }

  async query(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    const waitMs = this.#answerTimeoutMs
    const timer = setTimeout(() => this.#stream.destroy(new Error(`no answer within ${waitMs} ms`)), waitMs)
    try {
      const [rows] = await this.#connection.query<RowDataPacket[]>(sql, [...values])
      return Array.isArray(rows) ? (rows as Row[]) : []
    } catch (error) {
      throw sourceFailure(error, 'the source')
    } finally {
      clearTimeout(timer)
    }
  }

  /** mysql2 alone would only half-close the socket, which a dead peer leaves open for many minutes. */
  async close(): Promise<void> {
    this.#connection.destroy()
    this.#stream.destroy()
  }

  /** The driver's own connection, for what the driver's interface does not offer: rows as they come (snapshot/row-query.ts). */
  get driver(): object {
    return (this.#connection as unknown as { readonly connection: object }).connection
  }

  get #stream(): Socket {
    return (this.driver as { readonly stream: Socket }).stream
  }
}

function plainOptions(address: SourceAddress): ConnectionOptions {
  return {
    host: address.host,
    port: address.port,
    user: address.user,
    password: address.password,
    charset: address.charset,
    timezone: 'Z',
    connectTimeout: address.connectTimeoutMs,
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
    // All values as text: the only other readings of a number or date would be guesses of the driver.
    typeCast: field =>
      field.type === 'BIT' || field.type === 'GEOMETRY' ? (field.buffer()?.toString('latin1') ?? null) : field.string(),
  }
}

function tlsOptions(address: SourceAddress): { rejectUnauthorized: boolean; ca?: string } {
  if (address.ssl !== 'verify-ca') return { rejectUnauthorized: false }
  if (address.sslCa === null)
    throw new Failure(
      'configInvalid',
      'mysql_ssl = "verify-ca" needs mysql_ssl_ca, the file of the certificate authority.',
    )
  return { rejectUnauthorized: true, ca: readFileSync(address.sslCa, 'utf8') }
}

const DENIED = new Set([1044, 1045, 1142, 1143, 1227, 1370, 1698, 3118])

/** A driver or server error as a Failure; passwords never stand in server messages. */
export function sourceFailure(error: unknown, where: string): Failure {
  if (error instanceof Failure) return error
  const e = error as { errno?: number; code?: string; message?: string }
  const kind: FailureKind =
    e.errno !== undefined && DENIED.has(e.errno) ? 'sourceDenied' : isSqlError(e) ? 'sourceUnfit' : 'sourceUnreachable'
  return new Failure(kind, `MySQL at ${where}: ${e.message || e.code || String(error)}`, { cause: error })
}

function isSqlError(e: { errno?: number; code?: string }): boolean {
  // 1040 too many connections, 1053 shutdown, 1129/1130 host blocked, 1152/1158-1161 network, 1203 user limit: they pass
  const passing = new Set([1040, 1053, 1129, 1152, 1158, 1159, 1160, 1161, 1203, 1226, 3032])
  return typeof e.errno === 'number' && e.errno >= 1000 && e.errno < 5000 && !passing.has(e.errno)
}
