import { setTimeout as sleep } from 'node:timers/promises'
import { BinlogDecoder } from '../binlog/decoder.js'
import type { BinlogEvent } from '../binlog/event.js'
import { uint32 } from '../binlog/event-reader.js'
import { asFailure, backoffMs, Failure } from '../model/failure.js'
import type { Observer } from '../model/observer.js'
import type { Position } from '../model/position.js'
import { DumpConnection } from './dump-connection.js'
import { verifyExecuted } from './executed-check.js'
import type { PositionTracker } from './position-tracker.js'
import type { EventBytes, PreparedRows } from './prepared-transactions.js'
import { readServerFacts, type ServerFacts } from './server-facts.js'
import { type SourceAddress, SourceSession } from './session.js'
import type { StartPoint } from './start-position.js'
import { StreamHoles, type StreamPlace } from './stream-holes.js'
import { type ChangeReceiver, StreamReader, type StreamReaderOptions } from './stream-reader.js'

/** How the binlog is read, whatever is done with it. */
export interface ReadingOptions {
  readonly address: SourceAddress
  readonly serverId: number
  readonly flavor: 'mysql' | 'mariadb'
  readonly heartbeatMs: number
  readonly readTimeoutMs: number
  readonly verifyChecksum: boolean
}

export interface BinlogSourceOptions extends ReadingOptions {
  /** Longest time a stop waits for the open transaction's end. */
  readonly stopWaitMs: number
  readonly wanted: (schema: string, table: string) => boolean
  /** See StreamReaderOptions. */
  readonly follow: StreamReaderOptions['follow']
  readonly prepared: PreparedRows
  /**
   * Whether no more is looked at of the event in `buffer[start..end)` than whether one before it is missing: for who looks for
   * statements alone. `at`: where it begins.
   */
  readonly passes?: (buffer: Buffer, start: number, end: number, at: StreamPlace) => boolean
}

/** Reads the binlog from a start point on: connects, decodes, hands on, and connects again after every cut. */
export class BinlogSource {
  readonly #options: BinlogSourceOptions
  readonly #tracker: PositionTracker
  readonly #reader: StreamReader
  readonly #holes: StreamHoles
  readonly #receiver: ChangeReceiver
  readonly #observer: Observer
  /** Of the event decoded last. */
  readonly #bytes: EventBytes = { buffer: Buffer.alloc(0), start: 0, end: 0 }
  #filteredEvents = 0
  #filteredBytes = 0
  /** Nothing more is handed on: a stop did not wait for what was being handled. */
  #left = false
  #cut: (() => void) | null = null
  /** Wall clock of the last event or heartbeat, ms since 1970. */
  lastEventMs = 0

  constructor(options: BinlogSourceOptions, tracker: PositionTracker, receiver: ChangeReceiver, observer: Observer) {
    this.#options = options
    this.#tracker = tracker
    this.#receiver = receiver
    this.#observer = observer
    this.#reader = new StreamReader(options, tracker, receiver)
    this.#holes = new StreamHoles(options.flavor)
  }

  /** Ends the connection at once, in the middle of whatever it is. */
  abandon(): void {
    this.#left = true
    this.#reader.leave()
    this.#cut?.()
  }

  /** True after a stop that could not wait for the open transaction's end. */
  get inTransaction(): boolean {
    return this.#reader.inTransaction
  }

  /** Runs until the signal fires (then resolves, at the end of the open transaction if that comes soon) or a Failure that no retry mends. */
  async run(start: StartPoint, signal: AbortSignal): Promise<void> {
    for (let attempt = 1; !signal.aborted && !this.#left; attempt++) {
      const before = this.#tracker.binPos
      try {
        await this.#stream(attempt === 1 ? start : null, signal)
        return
      } catch (error) {
        const failure = asFailure(error)
        if (!failure.retriable) throw failure
        if (this.#tracker.binPos !== before) attempt = 1
        const retryInMs = backoffMs(attempt)
        this.#observer({ kind: 'disconnected', failure, retryInMs })
        // An abort only ends the pause early; the loop's condition sees it.
        await sleep(retryInMs, undefined, { signal }).catch(() => undefined)
        this.#reader.reconnected()
      }
    }
  }

  async #stream(first: StartPoint | null, signal: AbortSignal): Promise<void> {
    const session = await SourceSession.connect(this.#options.address)
    const position = this.#tracker.position()
    const facts = await this.#sameServer(session, position, first === null).finally(() => session.close())
    if (signal.aborted) return
    const byGtid = first?.by === 'gtid' || position.binName === '' || position.binPos > 0xffffffff
    if (byGtid && position.binName !== '' && position.gtidSet === '')
      throw new Failure(
        'positionInvalid',
        `${position.binName}:${position.binPos} lies behind 4 GiB, where a binlog dump cannot start, and the GTID set at this place is not known.`,
      )
    const decoder = new BinlogDecoder({
      wanted: this.#options.wanted,
      verifyChecksum: this.#options.verifyChecksum,
      flavor: this.#options.flavor,
    })
    this.#holes.connected(byGtid)
    const { passes } = this.#options
    await new Promise<void>((resolve, reject) => {
      let handling: Promise<void> | null = null
      let stopTimer: NodeJS.Timeout | null = null
      let leave: (() => void) | null = null
      // Asked for every event, where `signal.aborted` is dear.
      let stopping = signal.aborted
      const finish = (settle: () => void): void => {
        if (stopTimer) clearTimeout(stopTimer)
        connection.close()
        this.#reportFiltered()
        leave = () => {
          signal.removeEventListener('abort', onAbort)
          settle()
        }
        // What is still being handled (a table being bound, a payload waiting for room) belongs to this connection and ends
        // before the next one. A stop cannot wait for it: with StarRocks away it would wait for ever.
        if (handling === null) leave()
        else if (signal.aborted) this.#leaveBehind(leave)
        else handling.then(leave, leave)
      }
      const stopIfBetween = (): boolean => {
        if (!stopping || this.#reader.inTransaction) return false
        finish(resolve)
        return true
      }
      const onAbort = (): void => {
        stopping = true
        if (leave) {
          this.#leaveBehind(leave)
          return
        }
        if (handling === null && stopIfBetween()) return
        stopTimer = setTimeout(() => finish(resolve), this.#options.stopWaitMs)
      }
      this.#cut = () => finish(resolve)
      const connection = new DumpConnection(
        {
          connection: session.connectionOptions,
          serverId: this.#options.serverId,
          heartbeatMs: this.#options.heartbeatMs,
          readTimeoutMs: this.#options.readTimeoutMs,
          start: byGtid ? { gtidSet: position.gtidSet } : { binName: position.binName, binPos: position.binPos },
        },
        {
          onEvent: (buffer, from, to) => {
            if (passes?.(buffer, from, to, this.#holes)) {
              this.#holes.pass(uint32(buffer, from + 13), to - from)
              return
            }
            const event = decoder.decode(buffer, from, to)
            this.#holes.follow(event)
            this.#noteBytes(buffer, from, decoder.bodyEnd)
            const wait = this.#handle(decoder, event)
            if (wait === undefined) {
              if (stopping) stopIfBetween()
              return
            }
            connection.pause()
            handling = wait
            wait.then(
              () => {
                handling = null
                if (!stopIfBetween()) connection.resume()
              },
              error => {
                handling = null
                finish(() => reject(error))
              },
            )
          },
          onHeard: () => {
            this.lastEventMs = Date.now()
          },
          onEnd: failure => finish(() => reject(failure)),
        },
      )
      signal.addEventListener('abort', onAbort, { once: true })
      connection.start()
      this.#observer({ kind: 'connected', server: `${facts.mariadb ? 'MariaDB' : 'MySQL'} ${facts.version}`, position })
    })
  }

  /** Rejects when another server answers by now, or, on a reconnect, one that lost what was read from it. */
  async #sameServer(session: SourceSession, position: Position, reconnect: boolean): Promise<ServerFacts> {
    const facts = await readServerFacts(session)
    if (facts.serverUuid !== position.serverUuid) {
      throw new Failure(
        'positionOfOtherServer',
        `The server behind mysql_addr is now ${facts.serverUuid}, not ${position.serverUuid} as before.`,
      )
    }
    const gtidSet = position.gtidSet === '' ? null : position.gtidSet
    if (reconnect) await verifyExecuted(session, facts, { ...position, gtidSet })
    return facts
  }

  #leaveBehind(leave: () => void): void {
    this.#left = true
    this.#reader.leave()
    leave()
  }

  /** Handles one event, and those inside it when it is a compressed transaction. */
  #handle(decoder: BinlogDecoder, event: BinlogEvent, logPos = event.logPos): Promise<void> | undefined {
    switch (event.kind) {
      case 'gtid':
      case 'begin':
        // These fill no window.
        return this.#reader.take(event, logPos, this.#bytes)
      case 'payload':
        return this.#handleInside(decoder, event.buffer, 0, event.logPos)
      case 'skippedRows':
        this.#filteredEvents++
        this.#filteredBytes += event.size
        break
      case 'heartbeat':
      case 'rotate':
        this.#reportFiltered()
    }
    const wait = this.#reader.take(event, logPos, this.#bytes)
    if (wait !== undefined) return wait.then(() => this.#receiver.room())
    return this.#receiver.full ? this.#receiver.room() : undefined
  }

  /** Events of a compressed transaction stand at no offset of their own: its commit ends where the outer event ends. */
  #handleInside(decoder: BinlogDecoder, buffer: Buffer, from: number, logPos: number): Promise<void> | undefined {
    for (let at = from; at < buffer.length && !this.#left; ) {
      const event = decoder.decodeInner(buffer, at)
      this.#noteBytes(buffer, at, decoder.bodyEnd)
      at += event.size
      const wait = this.#handle(decoder, event, logPos)
      if (wait) {
        const next = at
        return wait.then(() => this.#handleInside(decoder, buffer, next, logPos))
      }
    }
    return undefined
  }

  #noteBytes(buffer: Buffer, start: number, end: number): void {
    this.#bytes.buffer = buffer
    this.#bytes.start = start
    this.#bytes.end = end
  }

  #reportFiltered(): void {
    if (this.#filteredEvents === 0) return
    this.#observer({ kind: 'filtered', events: this.#filteredEvents, bytes: this.#filteredBytes })
    this.#filteredEvents = 0
    this.#filteredBytes = 0
  }
}
