import type { Socket } from 'node:net'
import ZongJi from '@vlasky/zongji'
import type { ConnectionOptions } from 'mysql2'
import { Failure } from '../model/failure.js'
import { DirectSocket } from './direct-socket.js'
import { PacketBuffer } from './packet-buffer.js'
import { sourceFailure } from './session.js'

export interface DumpOptions {
  readonly connection: ConnectionOptions
  readonly serverId: number
  /** The server sends a heartbeat event after this much silence. */
  readonly heartbeatMs: number
  /** Silence, heartbeats included, after which the connection counts as dead. */
  readonly readTimeoutMs: number
  readonly start: { readonly gtidSet: string } | { readonly binName: string; readonly binPos: number }
}

export interface DumpHandlers {
  /** One whole event, its 19-byte header at `start`; the buffer is only valid during the call. What it throws ends the connection. */
  readonly onEvent: (buffer: Buffer, start: number, end: number) => void
  /** The server has sent something: one or more events, or a part of one. */
  readonly onHeard: () => void
  /** Called once, when the connection has ended for a reason other than `close`. */
  readonly onEnd: (failure: Failure) => void
}

/** The driver's packet as the hook sees it (mysql2 lib/packets/packet.js). */
interface Packet {
  isError(): boolean
  asError(encoding: string): Error
}

/** zongji's command as the driver runs it (lib/sequence/binlog.js): `start` writes the dump command, `binlogData` takes what answers it. */
interface DumpCommand {
  start(packet: unknown, connection: unknown): unknown
  binlogData(packet: Packet): unknown
}

/** The parts of zongji 0.9.0 and mysql2 that the hook relies on; both are pinned to exact versions for this reason. */
interface ZongJiInside {
  readonly connection: {
    query(sql: string, done: (error: Error | null) => void): void
    /** COM_REGISTER_SLAVE. */
    _registerSlave(as: { serverId: number }, done: (error?: Error | null) => void): void
    readonly packetParser: { execute(bytes: Buffer): void }
    /** The one that the driver expects next. */
    sequenceId: number
    clientEncoding: string
    readonly stream: Socket
  } | null
  readonly ctrlConnection: {
    query(sql: string, done: (error: Error | null) => void): void
    readonly stream: Socket
  } | null
  readonly BinlogClass: { readonly prototype: DumpCommand }
}

/**
 * A stream of raw binlog events with pause and resume. zongji and the driver do the handshake, authentication, TLS, the flavour's
 * preamble and COM_BINLOG_DUMP or COM_BINLOG_DUMP_GTID; what the server sends behind that is cut into events here, since there
 * are millions of them.
 */
export class DumpConnection {
  readonly #options: DumpOptions
  readonly #handlers: DumpHandlers
  readonly #zongji: ZongJi
  #ended = false
  #paused = false
  readonly #packets = new PacketBuffer()
  /** Hands a packet that is no event to the driver. */
  #toDriver: (packet: Buffer, sequence: number) => void = () => undefined
  /** Sockets of connections without TLS, which the driver would read in its own way. */
  readonly #sockets = new Map<Socket, DirectSocket>()
  /** When the socket gave something last, ms of `performance.now`. */
  #heardMs = performance.now()
  #watch: NodeJS.Timeout | null = null

  constructor(options: DumpOptions, handlers: DumpHandlers) {
    this.#options = options
    this.#handlers = handlers
    const { connection } = options
    const { host, port, ssl } = connection
    const stream = (): Socket => {
      const direct = new DirectSocket({ host: host!, port: port! })
      this.#sockets.set(direct.socket, direct)
      return direct.socket
    }
    this.#zongji = new ZongJi(ssl === undefined ? { ...connection, stream } : connection)
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
    this.#takeEvents()
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
    // zongji keeps this one to end the dump with; it says nothing for as long as the stream lasts.
    ctrlConnection?.query('SET SESSION wait_timeout = 31536000', failed)
    // CRC32 whatever the global says now: older files may carry checksums, and a server refuses to send those to a client that does not know them.
    connection.query("SET @master_binlog_checksum = 'CRC32'", failed)
    connection.query(`SET @master_heartbeat_period = ${Math.round(this.#options.heartbeatMs * 1e6)}`, failed)
    // While the window is full the socket stands still on purpose; the server must not take that for a dead client.
    connection.query('SET SESSION net_write_timeout = 86400', failed)
    // SHOW REPLICAS lists this reader then, so that another one can see that its server_id is taken.
    connection._registerSlave({ serverId: this.#options.serverId }, failed)
    const command = zongji.BinlogClass.prototype
    const { start } = command
    const end = (failure: Failure): void => this.#end(failure)
    const read = (): void => this.#read(connection)
    // All that was asked before is answered when the driver sends this command: what comes behind it is the stream.
    command.start = function (packet, driver) {
      const next = start.call(this, packet, driver)
      read()
      return next
    }
    command.binlogData = packet => {
      end(
        packet.isError()
          ? dumpFailure(packet.asError(connection.clientEncoding))
          : new Failure('streamBroken', 'The source ended the binlog stream.'),
      )
      return null
    }
  }

  /** The driver reads no more of this connection by itself. */
  #read(connection: NonNullable<ZongJiInside['connection']>): void {
    const { stream, packetParser } = connection
    const packets = this.#packets
    this.#toDriver = (packet, sequence) => {
      connection.sequenceId = sequence
      packetParser.execute(packet)
    }
    const taker = {
      room: () => packets.room(this.#paused),
      added: (bytes: number) => {
        // A clock is dear beside an event, and one piece of the socket holds many.
        this.#heardMs = performance.now()
        this.#handlers.onHeard()
        packets.added(bytes)
        this.#takeEvents()
      },
    }
    const direct = this.#sockets.get(stream)
    if (direct !== undefined) {
      direct.takeOver(taker)
      return
    }
    stream.removeAllListeners('data')
    stream.on('data', (piece: Buffer) => {
      for (let at = 0; at < piece.length; ) {
        const room = taker.room()
        const bytes = piece.copy(room, 0, at)
        at += bytes
        taker.added(bytes)
      }
    })
  }

  /** Hands on the events that have come as a whole; their memory is not used again before they are done with. */
  #takeEvents(): void {
    const packets = this.#packets
    const { onEvent } = this.#handlers
    try {
      while (!this.#paused && !this.#ended && packets.next()) {
        const { buffer, start, end } = packets
        if (buffer[start] !== 0) this.#toDriver(buffer.subarray(start - 4, end), packets.sequence)
        else onEvent(buffer, start + 1, end)
      }
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
