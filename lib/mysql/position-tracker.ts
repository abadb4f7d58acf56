import { GtidMark } from '../binlog/gtid-mark.js'
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
  readonly #pending = new GtidMark()
  /** The transaction committed last, if its GTID is not in the set yet. */
  readonly #last = new GtidMark()
  /** MySQL: the first number of the run that ends with `#last`. */
  #runFirst = 0n
  /** MariaDB: the last GTIDs of the other domains. */
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

  /** A transaction begins under this GTID. */
  begin(gtid: GtidMark): void {
    this.#pending.set(gtid)
  }

  /** GTID of the transaction that has begun; null for an anonymous one. */
  get pending(): string | null {
    return this.#pending.text
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
    if (this.#pending.isAnonymous) return
    this.#add(this.#pending)
    this.#pending.setAnonymous()
  }

  position(): Position {
    return { binName: this.#binName, binPos: this.#binPos, gtidSet: this.#render(), serverUuid: this.#serverUuid }
  }

  #add(gtid: GtidMark): void {
    if (this.#gtidSet === null) return
    const last = this.#last
    if (this.#mariadb) {
      if (!last.isAnonymous && !gtid.isOfDomainOf(last)) this.#domains.set(last.domain, last.text!)
    } else if (last.isAnonymous || !gtid.isNextOf(last)) {
      this.#gtidSet = this.#render()
      this.#runFirst = gtid.run.number
    }
    last.set(gtid)
  }

  #render(): string {
    if (this.#gtidSet === null) return ''
    const last = this.#last
    if (this.#mariadb) {
      const { text } = last
      return moveMariadbPosition(this.#gtidSet, text === null ? [] : [...this.#domains.values(), text])
    }
    if (last.isAnonymous) return canonicalGtidSet(this.#gtidSet)
    const { source, number } = last.run
    return addGtidRun(this.#gtidSet, source, this.#runFirst, number)
  }
}
