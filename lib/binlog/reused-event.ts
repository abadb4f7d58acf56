import type { EventHeader } from './event.js'
import { GtidMark } from './gtid-mark.js'
import type { TableMap } from './table-map.js'

/** The events of which there may be millions. */
export type FrequentKind = 'begin' | 'commit' | 'rollback' | 'tableMap' | 'skippedRows' | 'ignored' | 'gtid' | 'rows'

const NO_BYTES: Buffer = Buffer.alloc(0)

/**
 * One event filled anew by every decode: header, and what its `kind` has. That all kinds are objects of one form is what makes
 * reading them cheap.
 */
export class ReusedEvent {
  kind: FrequentKind = 'ignored'
  type = 0
  timestamp = 0
  logPos = 0
  size = 0
  artificial = false
  // gtid
  commitMs = 0
  standalone = false
  preparesXa = false
  readonly gtid = new GtidMark()
  // rows
  op: 'insert' | 'update' | 'delete' = 'insert'
  /** Of a table map too, where null says that it is not wanted. */
  map: TableMap | null = null
  buffer = NO_BYTES
  at = 0
  end = 0
  complete = false
  #bitmaps = NO_BYTES
  #first = 0
  #second = 0
  #count = 0

  /** The header alone, for an event that is made anew. */
  get header(): EventHeader {
    const { type, timestamp, logPos, size, artificial } = this
    return { type, timestamp, logPos, size, artificial }
  }

  /** Null: anonymous. */
  setText(text: string | null): void {
    if (text === null) this.gtid.setAnonymous()
    else this.gtid.setText(text)
    this.standalone = false
    this.preparesXa = false
  }

  /** `buffer[at..]` holds a 64-bit sequence number, a domain, and flags (1 = standalone, 64 = prepares an XA transaction). */
  setMariadb(buffer: Buffer, at: number, serverId: number): void {
    this.gtid.setMariadb(buffer, at, serverId)
    this.standalone = (buffer[at + 12]! & 1) !== 0
    this.preparesXa = (buffer[at + 12]! & 64) !== 0
  }

  /** Where the column bitmaps of the (before and after) images lie; sets `complete`. */
  setBitmaps(buffer: Buffer, first: number, second: number, count: number): void {
    this.#bitmaps = buffer
    this.#first = first
    this.#second = second
    this.#count = count
    this.complete = allBits(buffer, first, count) && (second === first || allBits(buffer, second, count))
  }

  bitmaps(): string {
    const bytes = (this.#count + 7) >> 3
    const text = (at: number) => this.#bitmaps.toString('latin1', at, at + bytes)
    return `${text(this.#first)}${text(this.#second)}`
  }

  missing(): readonly number[] {
    const present = (at: number, i: number) => (this.#bitmaps[at + (i >> 3)]! >> (i & 7)) & 1
    return [...(this.map?.columns.keys() ?? [])].filter(i => !present(this.#first, i) || !present(this.#second, i))
  }
}

function allBits(buffer: Buffer, at: number, count: number): boolean {
  const whole = at + (count >> 3)
  for (let i = at; i < whole; i++) if (buffer[i] !== 255) return false
  const rest = (1 << (count & 7)) - 1
  return rest === 0 || (buffer[whole]! & rest) === rest
}
