import type { Position } from '../model/position.js'
import { addGtidRun, canonicalGtidSet, moveMariadbPosition } from './gtid-set.js'

/**
 * Follows file, offset and GTID set through the event stream. The position it renders is always that behind the last
 * commit; GTIDs are collected as runs and become text only when a position is asked for.
 */
export class PositionTracker {
  readonly #mariadb: boolean
  readonly #serverUuid: string
  #binName: string
  #binPos: number
  /** Null while the set is not known (started by file and offset without one): it is taken up at the next file's start. */
  #gtidSet: string | null
  #pending: string | null = null
  #runSource = ''
  #runFirst = 0n
  #runLast = 0n
  readonly #domains = new Map<string, string>()

  constructor(mariadb: boolean, start: Position, gtidSetKnown: boolean) {
    this.#mariadb = mariadb
    this.#serverUuid = start.serverUuid
    this.#binName = start.binName
    this.#binPos = start.binPos
    this.#gtidSet = gtidSetKnown ? start.gtidSet : null
  }

  get binName(): string {
    return this.#binName
  }

  get binPos(): number {
    return this.#binPos
  }

  /** The place behind the last commit, without its GTID set. */
  get place(): Pick<Position, 'binName' | 'binPos' | 'serverUuid'> {
    return { binName: this.#binName, binPos: this.#binPos, serverUuid: this.#serverUuid }
  }

  get serverUuid(): string {
    return this.#serverUuid
  }

  /** The stream continues in another file (ROTATE); `binPos` is the place of that file's next event. */
  rotate(binName: string, binPos: number): void {
    this.#binName = binName
    this.#binPos = binPos
  }

  /** The complete set before a file's first transaction (PREVIOUS_GTIDS, GTID_LIST): exact, whatever was known before. */
  seed(gtidSet: string): void {
    if (this.#gtidSet === null) this.#gtidSet = gtidSet
  }

  /** A transaction begins under this GTID; null for an anonymous one. */
  begin(gtid: string | null): void {
    this.#pending = gtid
  }

  /** An event between transactions ends at this offset. */
  move(binPos: number): void {
    this.#binPos = binPos
  }

  /** The offset of which an event of this file tells 32 bits; one byte behind the last commit when it tells none. */
  offsetOf(binPos: number): number {
    let whole = binPos > 0 ? binPos : this.#binPos + 1
    while (whole < this.#binPos) whole += 2 ** 32
    return whole
  }

  /** The transaction ends at this offset of 32 bits (behind 4 GiB the wire value wraps); 0 when the event does not say. */
  commit(binPos: number): void {
    if (binPos > 0) this.#binPos = this.offsetOf(binPos)
    if (this.#pending !== null) this.#add(this.#pending)
    this.#pending = null
  }

  position(): Position {
    return { binName: this.#binName, binPos: this.#binPos, gtidSet: this.#render(), serverUuid: this.#serverUuid }
  }

  #add(gtid: string): void {
    if (this.#gtidSet === null) return
    if (this.#mariadb) {
      this.#domains.set(gtid.slice(0, gtid.indexOf('-')), gtid)
      return
    }
    const cut = gtid.lastIndexOf(':')
    const source = gtid.slice(0, cut)
    const number = BigInt(gtid.slice(cut + 1))
    if (source === this.#runSource && number === this.#runLast + 1n) {
      this.#runLast = number
      return
    }
    this.#gtidSet = this.#render()
    this.#runSource = source
    this.#runFirst = number
    this.#runLast = number
  }

  #render(): string {
    if (this.#gtidSet === null) return ''
    if (this.#mariadb) return moveMariadbPosition(this.#gtidSet, this.#domains.values())
    if (this.#runSource === '') return canonicalGtidSet(this.#gtidSet)
    return addGtidRun(this.#gtidSet, this.#runSource, this.#runFirst, this.#runLast)
  }
}
