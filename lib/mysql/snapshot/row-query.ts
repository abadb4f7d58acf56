import type { Socket } from 'node:net'
import { Failure } from '../../model/failure.js'
import type { SourceSession } from '../session.js'
import { RowPackets, type RowSink, ServerError } from './row-packets.js'

/** The parts of mysql2 3.24 that are relied on; it is pinned to an exact version for this reason. */
interface Driver {
  readonly stream: Socket
  readonly threadId: number
  /** Every chunk of the socket, or of TLS above it, is handed to `execute`. */
  packetParser: { execute(chunk: Buffer): void }
  addCommand(command: DriverCommand): void
  /** Without a packet: runs the command that is next, or lets the one under way go on. */
  handlePacket(): void
  _resetSequenceId(): void
  readonly config: object
  readonly constructor: {
    createQuery(
      sql: string,
      done: () => void,
      none: undefined,
      config: object,
    ): { start(packet: null, connection: Driver): void }
  }
}

interface DriverCommand {
  /** True: the command is over. */
  execute(packet: unknown, driver: Driver): boolean
  /** The connection broke. */
  onResult(error: Error | null): void
}

export interface RowQueryOptions {
  readonly signal?: AbortSignal
  /** Silence of the server in ms, while it is not held, after which the connection counts as dead. */
  readonly silenceMs: number
}

/**
 * One SELECT whose rows go into a sink as they are. While it runs it takes every byte of the connection before the driver parses
 * it. When it ends in any other way than by its last row or the server's error, the connection is closed: what is still on its way could not be told from the next answer.
 */
export class RowQuery {
  /** Resolves when the last row is in the sink. Rejects with the signal's reason, the server's error (ServerError) or what broke. */
  readonly done: Promise<void>
  readonly #session: SourceSession
  readonly #driver: Driver
  readonly #packets: RowPackets
  readonly #silenceMs: number
  #settle: ((error: unknown) => void) | null = null
  #isHeld = false
  #lastBytesMs = performance.now()

  constructor(session: SourceSession, sql: string, sink: RowSink, options: RowQueryOptions) {
    this.#session = session
    this.#driver = session.driver as Driver
    this.#packets = new RowPackets(sink)
    this.#silenceMs = options.silenceMs
    const { signal } = options
    this.done = new Promise<void>((resolve, reject) => {
      const watch = setInterval(() => this.#checkSilence(), Math.max(20, options.silenceMs / 8))
      const abort = (): void => this.#end(signal?.reason)
      this.#settle = error => {
        clearInterval(watch)
        signal?.removeEventListener('abort', abort)
        if (error === null) resolve()
        else reject(error)
      }
      signal?.addEventListener('abort', abort)
      if (signal?.aborted) abort()
      else this.#start(sql)
    })
  }

  /** The server is held by TCP until `resume`. */
  pause(): void {
    if (this.#isHeld) return
    this.#isHeld = true
    this.#driver.stream.pause()
  }

  resume(): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    this.#lastBytesMs = performance.now()
    this.#driver.stream.resume()
  }

  #start(sql: string): void {
    const driver = this.#driver
    let isSent = false
    driver.addCommand({
      execute: () => {
        if (isSent) return true
        isSent = true
        const parser = driver.packetParser
        // Between two answers the driver's parser holds nothing and is in its first state, to which it returns afterwards.
        const own = parser.execute
        parser.execute = chunk => this.#take(chunk, own)
        driver._resetSequenceId()
        driver.constructor.createQuery(sql, () => undefined, undefined, driver.config).start(null, driver)
        return false
      },
      onResult: error => this.#end(error ?? new Error('the connection was closed')),
    })
  }

  #take(chunk: Buffer, own: (chunk: Buffer) => void): void {
    if (this.#settle === null) return
    this.#lastBytesMs = performance.now()
    try {
      this.#packets.take(chunk)
      if (!this.#packets.isDone) return
      this.#giveBack(own)
      this.#end(null)
    } catch (error) {
      // The server's error is the end of its answer.
      if (error instanceof ServerError) this.#giveBack(own)
      this.#end(error)
    }
  }

  #giveBack(own: (chunk: Buffer) => void): void {
    this.#driver.packetParser.execute = own
    this.resume()
    this.#driver.handlePacket()
  }

  #checkSilence(): void {
    if (this.#isHeld || performance.now() - this.#lastBytesMs < this.#silenceMs) return
    this.#end(new Failure('sourceUnreachable', `Nothing came from the source for ${this.#silenceMs} ms.`))
  }

  /** `error` null: well. */
  #end(error: unknown): void {
    const settle = this.#settle
    if (settle === null) return
    this.#settle = null
    if (error !== null && !(error instanceof ServerError)) void this.#session.close()
    settle(error)
  }
}
