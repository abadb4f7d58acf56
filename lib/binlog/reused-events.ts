import type {
  BeginEvent,
  CommitEvent,
  GtidEvent,
  IgnoredEvent,
  RollbackEvent,
  RowsEvent,
  SkippedRowsEvent,
  TableMapEvent,
  XaPrepareEvent,
} from './event.js'
import { GtidMark } from './gtid-mark.js'
import type { TableMap } from './table-map.js'

/** Events that come once per row or transaction are one object each, filled anew by every decode. */
export type Mutable<T> = { -readonly [K in keyof T]: T[K] }

const BLANK = { type: 0, timestamp: 0, logPos: 0, size: 0, artificial: false }
const NO_BYTES: Buffer = Buffer.alloc(0)
const NO_TABLE: TableMap = { id: 0, schema: '', table: '', columns: [], primaryKey: null }

export interface PlainEvents {
  readonly begin: Mutable<BeginEvent>
  readonly commit: Mutable<CommitEvent>
  readonly rollback: Mutable<RollbackEvent>
  readonly xaPrepare: Mutable<XaPrepareEvent>
  readonly tableMap: Mutable<TableMapEvent>
  readonly skippedRows: Mutable<SkippedRowsEvent>
  readonly ignored: Mutable<IgnoredEvent>
}

export function plainEvents(): PlainEvents {
  return {
    begin: { ...BLANK, kind: 'begin' },
    commit: { ...BLANK, kind: 'commit' },
    rollback: { ...BLANK, kind: 'rollback' },
    xaPrepare: { ...BLANK, kind: 'xaPrepare', onePhase: false, xid: '' },
    tableMap: { ...BLANK, kind: 'tableMap', map: null },
    skippedRows: { ...BLANK, kind: 'skippedRows' },
    ignored: { ...BLANK, kind: 'ignored' },
  }
}

export class ReusedGtid implements GtidEvent {
  readonly kind = 'gtid'
  type = 0
  timestamp = 0
  logPos = 0
  size = 0
  artificial = false
  commitMs = 0
  standalone = false
  preparesXa = false
  readonly gtid = new GtidMark()

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
}

export class ReusedRows implements RowsEvent {
  readonly kind = 'rows'
  type = 0
  timestamp = 0
  logPos = 0
  size = 0
  artificial = false
  op: 'insert' | 'update' | 'delete' = 'insert'
  map: TableMap = NO_TABLE
  buffer = NO_BYTES
  at = 0
  end = 0
  complete = false
  #bitmaps = NO_BYTES
  #first = 0
  #second = 0
  #count = 0

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
    return [...this.map.columns.keys()].filter(i => !present(this.#first, i) || !present(this.#second, i))
  }
}

function allBits(buffer: Buffer, at: number, count: number): boolean {
  const whole = at + (count >> 3)
  for (let i = at; i < whole; i++) if (buffer[i] !== 255) return false
  const rest = (1 << (count & 7)) - 1
  return rest === 0 || (buffer[whole]! & rest) === rest
}
