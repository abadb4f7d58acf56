import type { Socket } from 'node:net'
import ZongJi from '@vlasky/zongji'
import type { ConnectionOptions } from 'mysql2'
import { Failure } from '../model/failure.js'
import { sourceFailure } from './session.js'

export interface DumpOptions {
  readonly connection: ConnectionOptions
  readonly serverId: number
  /** The server sends a heartbeat event after this much silence. */
  readonly heartbeatMs: number
  /** Silence, heartbeats included, after which the connection counts as dead. */
  readonly readTimeoutMs: number
  /** Types of events that go to `onPassed`; the others go to `onEvent`. */
  readonly passed?: ReadonlySet<number>
  readonly start: { readonly gtidSet: string } | { readonly binName: string; readonly binPos: number }
}

export interface DumpHandlers {
  /** One whole event, its 19-byte header at `start`; the buffer is only valid during the call. What it throws ends the connection. */
  readonly onEvent: (buffer: Buffer, start: number, end: number) => void
  /** As `onEvent`, for events that are of no use: there may be millions of them. */
  readonly onPassed?: (buffer: Buffer, start: number, end: number) => void
  /** The server has sent something: one or more events, or a part of one. */
  readonly onHeard: () => void
  /** Called once, when the connection has ended for a reason other than `close`. */
  readonly onEnd: (failure: Failure) => void
}

/** The driver's packet as the hook sees it (mysql2 lib/packets/packet.js). */
interface Packet {
  readonly buffer: Buffer
  readonly offset: number
  readonly end: number
  readonly sequenceId: number
  /** The driver fills one packet anew for each that comes. */
  clone(): Packet
  isEOF(): boolean
  isError(): boolean
  asError(encoding: string): Error
}

/** The parts of zongji 0.9.0 and mysql2 that the hook relies on; both are pinned to exact versions for this reason. */
interface ZongJiInside {
  readonly connection: {
    query(sql: string, done: (error: Error | null) => void): void
    /** COM_REGISTER_SLAVE. */
    _registerSlave(as: { serverId: number }, done: (error?: Error | null) => void): void
    readonly packetParser: { onPacket: (packet: Packet) => void }
    /** The one that the driver expects next. */
    sequenceId: number
    clientEncoding: string
    readonly stream: Socket
  } | null
  readonly ctrlConnection: {
    query(sql: string, done: (error: Error | null) => void): void
    readonly stream: Socket
  } | null
  readonly BinlogClass: { prototype: { binlogData(packet: Packet): unknown } }
}

/**
 * A stream of raw binlog events with pause and resume. zongji does the handshake, authentication, TLS, the flavour's preamble
 * and COM_BINLOG_DUMP or COM_BINLOG_DUMP_GTID; its decoding is replaced by handing every packet on as mysql2's parser cut it.
 */
export class DumpConnection {
  readonly #options: DumpOptions
  readonly #handlers: DumpHandlers
  readonly #zongji: ZongJi
  #ended = false
  #paused = false
  /** Packets that came behind a pause, with the piece of the socket that was being taken apart. */
  readonly #held: Packet[] = []
  #take: (packet: Packet) => void = () => undefined
  /** 1 for each type of `passed`. */
  readonly #isPassed: Uint8Array
  /** When the socket gave something last, ms of `performance.now`. */
  #heardMs = performance.now()
  #watch: NodeJS.Timeout | null = null

  constructor(options: DumpOptions, handlers: DumpHandlers) {
    this.#options = options
    this.#handlers = handlers
    this.#isPassed = Uint8Array.from({ length: 256 }, (_, type) => (options.passed?.has(type) ? 1 : 0))
    this.#zongji = new ZongJi(options.connection as object)
    this.#zongji.on('error', (error: Error) => this.#end(dumpFailure(error)))
  }

  start(): void {
    const { start, serverId } = this.#options
    this.#zongji.on('ready', () => this.#takeOver(this.#zongji as unknown as ZongJiInside))
    // Without its annotations a MariaDB stream has holes that cannot be told from lost events.
    const whole = { serverId, requestAnnotateRows: true }
    this.#zongji.start(
      'gtidSet' in start
        ? { ...whole, gtidSet: start.gtidSet }
        : { ...whole, filename: start.binName, position: start.binPos },
    )
    this.#heardMs = performance.now()
    this.#watch = setInterval(() => this.#checkSilence(), Math.max(100, this.#options.readTimeoutMs / 4))
  }

  /** No event is delivered until `resume`; the server is held by TCP. */
  pause(): void {
    this.#paused = true
    ;(this.#zongji as unknown as ZongJiInside).connection?.stream.pause()
  }

  resume(): void {
    this.#paused = false
    this.#heardMs = performance.now()
    while (!this.#paused && this.#held.length > 0) this.#take(this.#held.shift()!)
    if (!this.#paused) (this.#zongji as unknown as ZongJiInside).connection?.stream.resume()
  }

  close(): void {
    if (this.#watch !== null) clearInterval(this.#watch)
    this.#watch = null
    if (this.#ended) return
    this.#ended = true
    const { connection, ctrlConnection } = this.#zongji as unknown as ZongJiInside
    // zongji only half-closes its sockets, which a dead peer would leave open for many minutes.
    this.#zongji.once('stopped', () => ctrlConnection?.stream.destroy())
    this.#zongji.stop()
    connection?.stream.destroy()
  }

  /** zongji emits "ready" synchronously before it queues the dump command, so these statements run first on that connection. */
  #takeOver(zongji: ZongJiInside): void {
    const failed = (error?: Error | null): void => {
      if (error) this.#end(dumpFailure(error))
    }
    const { connection, ctrlConnection } = zongji
    if (connection === null) return
    const { onHeard } = this.#handlers
    // A clock is dear beside an event, and one piece of the socket holds many.
    connection.stream.on('data', () => {
      this.#heardMs = performance.now()
      onHeard()
    })
    // zongji keeps this one to end the dump with; it says nothing for as long as the stream lasts.
    ctrlConnection?.query('SET SESSION wait_timeout = 31536000', failed)
    // CRC32 whatever the global says now: older files may carry checksums, and a server refuses to send those to a client that does not know them.
    connection.query("SET @master_binlog_checksum = 'CRC32'", failed)
    connection.query(`SET @master_heartbeat_period = ${Math.round(this.#options.heartbeatMs * 1e6)}`, failed)
    // While the window is full the socket stands still on purpose; the server must not take that for a dead client.
    connection.query('SET SESSION net_write_timeout = 86400', failed)
    // SHOW REPLICAS lists this reader then, so that another one can see that its server_id is taken.
    connection._registerSlave({ serverId: this.#options.serverId }, failed)
    const { packetParser } = connection
    const driver = packetParser.onPacket
    // Of what the driver does with a packet, an event needs nothing: it has one command to go to, and there are millions of them.
    this.#take = packet => {
      if (this.#ended) return
      if (this.#paused) this.#held.push(packet.clone())
      else if (packet.buffer[packet.offset] === 0) this.#handOn(packet)
      else {
        connection.sequenceId = packet.sequenceId
        driver(packet)
      }
    }
    const next = (packet: Packet): unknown => {
      if (this.#ended) return null
      if (packet.isError() || packet.isEOF()) {
        this.#end(
          packet.isError()
            ? dumpFailure(packet.asError(connection.clientEncoding))
            : new Failure('streamBroken', 'The source ended the binlog stream.'),
        )
        return null
      }
      packetParser.onPacket = this.#take
      this.#handOn(packet)
      return next
    }
    zongji.BinlogClass.prototype.binlogData = next
  }

  #handOn({ buffer, offset, end }: Packet): void {
    try {
      if (this.#isPassed[buffer[offset + 5]!] === 1) this.#handlers.onPassed!(buffer, offset + 1, end)
      else this.#handlers.onEvent(buffer, offset + 1, end)
    } catch (error) {
      this.#end(error instanceof Failure ? error : new Failure('internal', (error as Error).message, { cause: error }))
    }
  }

  #checkSilence(): void {
    if (this.#paused || performance.now() - this.#heardMs < this.#options.readTimeoutMs) return
    this.#end(
      new Failure(
        'streamBroken',
        `Nothing came from the source for ${this.#options.readTimeoutMs} ms, not even a heartbeat.`,
      ),
    )
  }

  #end(failure: Failure): void {
    if (this.#ended) return
    this.close()
    this.#handlers.onEnd(failure)
  }
}

/** A server's refusal or a broken socket as a Failure. Error 1236 covers many causes; its text tells them apart. */
function dumpFailure(error: Error): Failure {
  const { errno, code } = error as { errno?: number; code?: string }
  const message = `Binlog stream: ${error.message}`
  const options = { cause: error }
  if (errno === 1236 || code === 'ER_MASTER_FATAL_ERROR_READING_BINLOG') {
    if (/same server_uuid|same server_id|server_id.*connected/i.test(error.message))
      return new Failure('serverIdClash', message, options)
    if (
      /could not find first log file|purged|required to be purged|not in the master's binlog|not present in/i.test(
        error.message,
      )
    ) {
      return new Failure('positionLost', message, options)
    }
    return new Failure('positionInvalid', message, options)
  }
  const failure = sourceFailure(error, 'the source')
  return failure.kind === 'sourceUnreachable' ? new Failure('streamBroken', message, options) : failure
}
