import { type BinlogEvent, EVENT } from '../binlog/event.js'
import { Failure } from '../model/failure.js'

/** What stands inside a transaction, behind another event of it: never the first thing sent after one that the server passed over. */
const INSIDE = new Set<BinlogEvent['kind']>(['tableMap', 'rows', 'skippedRows', 'commit', 'rollback', 'xaPrepare'])

const FILE_START = 4

/** Where the next event begins. */
export interface StreamPlace {
  readonly binName: string
  /** Whole, not modulo 2^32; null before the connection's first ROTATE. */
  readonly next: number | null
}

/**
 * Makes sure that no event of a file is missing: each begins where the one before it ended, and the next file is the one
 * that ROTATE named. Feed it every event of a connection in order, but none from inside a compressed transaction.
 *
 * What servers do (MySQL sql/rpl_binlog_sender.cc, MariaDB sql/sql_repl.cc): an artificial ROTATE opens every file and names
 * the offset where it is read from; FORMAT_DESCRIPTION and START_ENCRYPTION in front of a start in mid-file carry offset 0;
 * MariaDB 11.8 sends 0 inside transactions. A start by GTID set leaves transactions out: MySQL then sends a heartbeat with
 * the offset behind them, MariaDB nothing, so only the inside of transactions can be told there.
 */
export class StreamHoles implements StreamPlace {
  readonly #mariadb: boolean
  #byGtid = false
  #binName = ''
  /** Where the next event of the file begins, whole (not modulo 2^32); null before the connection's first ROTATE. */
  #next: number | null = null
  /** The file that the last ROTATE inside a file named. */
  #promised: string | null = null
  /** The hole that was found last, also over connections. */
  #found = ''

  constructor(flavor: 'mysql' | 'mariadb') {
    this.#mariadb = flavor === 'mariadb'
  }

  get binName(): string {
    return this.#binName
  }

  get next(): number | null {
    return this.#next
  }

  /** A new connection, started by GTID set or by file and offset. */
  connected(byGtid: boolean): void {
    this.#byGtid = byGtid
    this.#next = null
    this.#promised = null
  }

  /** Throws streamBroken for a hole, which reading again may mend, and streamHole when the same one was found before. */
  follow(event: BinlogEvent): void {
    if (event.kind === 'heartbeat') {
      if (this.#byGtid && event.binName === this.#binName && event.binPos > 0) this.#next = event.binPos
      return
    }
    if (event.artificial) {
      if (event.kind === 'rotate') this.#enterFile(event.binName, event.binPos)
      return
    }
    if (event.kind === 'rotate') this.#promised = event.binName
    if (this.#next === null) return
    const prelude = event.kind === 'format' || event.type === EVENT.START_ENCRYPTION
    if (event.logPos === 0 && prelude && this.#next > FILE_START) return
    if (event.logPos !== 0) this.#mustBegin(event, this.#next)
    this.#next += event.size
  }

  /** As `follow`, for an event behind another one of its transaction, or a GTID of MySQL. `logPos`: as its header has it. */
  pass(logPos: number, size: number): void {
    if (this.#next === null) return
    if (logPos !== 0 && (logPos - size) >>> 0 !== this.#next >>> 0)
      throw this.#missing(this.#next, (logPos - size) >>> 0)
    this.#next += size
  }

  #enterFile(binName: string, binPos: number): void {
    if (this.#promised !== null && binName !== this.#promised)
      throw this.#hole(
        `${this.#binName}:${this.#promised}`,
        `${this.#binName} ends in a ROTATE to ${this.#promised}, but ${binName} came behind it`,
      )
    this.#promised = null
    this.#binName = binName
    this.#next = binPos
  }

  #mustBegin(event: BinlogEvent, expected: number): void {
    const begin = (event.logPos - event.size) >>> 0
    if (begin === expected >>> 0) return
    if (this.#mariadb && this.#byGtid && !INSIDE.has(event.kind)) {
      this.#next = begin
      return
    }
    throw this.#missing(expected, begin)
  }

  #missing(expected: number, begin: number): Failure {
    return this.#hole(
      `${this.#binName}:${expected}`,
      `in ${this.#binName} an event ended at offset ${expected}, but the next one that came begins at ${begin}`,
    )
  }

  #hole(place: string, what: string): Failure {
    const again = place === this.#found
    this.#found = place
    return again
      ? new Failure('streamHole', `The source leaves events out, at the same place again: ${what}.`)
      : new Failure('streamBroken', `The source left events out: ${what}.`, {
          advice: 'Reading again from the last transaction; if events are missing there again, it stops.',
        })
  }
}
