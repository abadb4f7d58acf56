import { CHANGE_COLUMNS } from '../model/change-columns.js'
import type { ChangePlace } from '../model/change-place.js'
import { Failure } from '../model/failure.js'
import type { RowLayout } from './row-layout.js'
import { writePadded, writeUint32 } from './write-int.js'
import { writeInstant } from './write-temporal.js'
import type { Separators } from './write-text.js'

export type ChangeOp = 'insert' | 'update' | 'delete'

/** Longest name of a file, and so of a binlog; `_bin_name` holds as many bytes. */
const MAX_NAME_BYTES = 255
/** A control character in a JSON string. */
const MAX_ESCAPE = 6
const MAX_NUMBER_DIGITS = 16
const MAX_ROW_DIGITS = 10
const TIME_BYTES = 26

/**
 * The fields of CHANGE_COLUMNS, which stand in front of a row of changes, as text of one body format. Rows of one event
 * differ in their ordinal only, so what stands before and behind it is rendered once.
 */
export class ChangeText {
  /** 1 when CSV cannot carry the binlog's name: it holds a byte of the separators. */
  unsafe: 0 | 1 = 0
  /** Most bytes that `write` writes. */
  readonly bound: number
  readonly #pieces: readonly string[]
  readonly #separators: Separators
  readonly #csv: boolean
  readonly #offsetAt: (utcSeconds: number) => number
  #head: Uint8Array = new Uint8Array(0)
  #tail: Uint8Array = new Uint8Array(0)
  #row = -1
  #binName = ''
  #binPos = -1
  #event = -1
  #op: ChangeOp | '' = ''
  #commitMs = -1

  constructor(layout: RowLayout, separators: Separators, offsetAt: (utcSeconds: number) => number) {
    this.#csv = layout.format === 'csv'
    this.#separators = separators
    this.#offsetAt = offsetAt
    const separator = Buffer.from(layout.columnSeparator).toString('latin1')
    this.#pieces = CHANGE_COLUMNS.map(({ name }, i) =>
      this.#csv ? (i === 0 ? '' : separator) : `${i === 0 ? '{' : '",'}${JSON.stringify(name)}:"`,
    )
    const punctuation = this.#pieces.reduce((sum, piece) => sum + piece.length, this.#csv ? 0 : 1)
    const name = MAX_NAME_BYTES * (this.#csv ? 1 : MAX_ESCAPE)
    this.bound = punctuation + name + MAX_NUMBER_DIGITS + 2 * MAX_ROW_DIGITS + 'insert'.length + TIME_BYTES
  }

  /** The change that is written next; `row` counts the changes of its event from 0. `commitMs`: ms since 1970, UTC. */
  set(op: ChangeOp, place: ChangePlace, commitMs: number, row: number): void {
    this.#row = row
    const { binName, binPos, event } = place
    if (
      event === this.#event &&
      binPos === this.#binPos &&
      op === this.#op &&
      commitMs === this.#commitMs &&
      binName === this.#binName
    )
      return
    this.#event = event
    this.#binPos = binPos
    this.#op = op
    this.#commitMs = commitMs
    this.#binName = binName
    const [first, pos, ordinal, beforeRow, beforeOp, beforeTime] = this.#pieces
    const name = Buffer.from(binName)
    if (name.length > MAX_NAME_BYTES)
      throw new Failure('internal', `the binlog name ${binName} is longer than any file's`)
    this.unsafe = this.#csv && name.some(byte => this.#separators.table[byte] === 1) ? 1 : 0
    const text = this.#csv ? binName : JSON.stringify(binName).slice(1, -1)
    this.#head = Buffer.from(`${first}${text}${pos}${binPos}${ordinal}${event}${beforeRow}`)
    const time = commitTimeText(commitMs, this.#offsetAt)
    this.#tail = Buffer.from(`${beforeOp}${op}${beforeTime}${time}${this.#csv ? '' : '"'}`)
  }

  /** Writes the fields from `o[q]` on, without what separates them from the next; returns the offset behind. */
  write(o: Uint8Array, q: number): number {
    if (this.#row < 0) throw new Failure('internal', 'a row of changes was written before its change was set')
    const head = this.#head
    let at = q
    for (let i = 0; i < head.length; i++) o[at++] = head[i]!
    at = writeUint32(o, at, this.#row)
    const tail = this.#tail
    for (let i = 0; i < tail.length; i++) o[at++] = tail[i]!
    return at
  }
}

/** "2024-02-29 23:59:59.123000" in the zone of TIMESTAMP values; `ms` since 1970, UTC. */
export function commitTimeText(ms: number, offsetAt: (utcSeconds: number) => number): string {
  const time = Buffer.alloc(TIME_BYTES)
  writeTime(time, ms, offsetAt)
  return time.toString('latin1')
}

function writeTime(o: Uint8Array, ms: number, offsetAt: (utcSeconds: number) => number): void {
  const micros = Math.round(ms * 1000)
  const seconds = Math.floor(micros / 1_000_000)
  const at = writeInstant(o, 0, seconds + offsetAt(seconds))
  o[at] = 46
  writePadded(o, at + 1, micros - seconds * 1_000_000, 6)
}
