import { Failure } from '../model/failure.js'
import { EventReader } from './event-reader.js'
import { applyJsonDiffs } from './json-diff.js'
import type { TableMap } from './table-map.js'
import { lengthBytes, valueEnd } from './value-bytes.js'
import { ValueProblem } from './value-problem.js'
import { WIRE } from './wire-type.js'

const PARTIAL_JSON = 1
/** Diffs stand behind a length of four bytes, whatever the column's own length has. */
const DIFFS_PREFIX = 4

/** Where the values of one image begin and end by column; -1 for one that is absent or NULL. */
interface Image {
  readonly starts: Int32Array
  readonly ends: Int32Array
}

/**
 * Turns the images of a PARTIAL_UPDATE_ROWS event (MySQL sql/rpl_record.h) into those of an UPDATE_ROWS event, in a buffer
 * of their own: between an update's two images stands a number of options (length-encoded), and with bit 1 in it a bitmap
 * that has one bit for each JSON column of the table; where it is set, the value behind holds diffs to the document before.
 * `before` and `after` are the event's bitmaps of present columns.
 * Throws notDecodable, or rowImageIncomplete when the image before does not hold the document.
 */
export function wholeUpdates(reader: EventReader, map: TableMap, before: Buffer, after: Buffer): Buffer {
  return new PartialUpdates(reader, map, before, after).rebuild()
}

class PartialUpdates {
  readonly #out: Buffer[] = []
  readonly #diffs: EventReader
  readonly #jsonColumns: number

  constructor(
    readonly reader: EventReader,
    readonly map: TableMap,
    readonly before: Buffer,
    readonly after: Buffer,
  ) {
    this.#diffs = new EventReader(() => reader.describe())
    this.#jsonColumns = map.columns.filter(column => column.type === WIRE.JSON).length
  }

  rebuild(): Buffer {
    const { reader } = this
    while (reader.left > 0) {
      const beforeAt = reader.at
      const base = this.#walk(this.before, null)
      this.#out.push(reader.buffer.subarray(beforeAt, reader.at))
      const options = reader.packed()
      if (options > PARTIAL_JSON) throw reader.fail(`row options ${options} are not known`)
      const partial = options === PARTIAL_JSON ? reader.bytes((this.#jsonColumns + 7) >> 3) : null
      const afterAt = reader.at
      const changed = this.#walk(this.after, partial)
      this.#pushAfter(afterAt, base, changed, partial)
    }
    return Buffer.concat(this.#out)
  }

  /** Reads one image: NULL bits of the present columns, then the values. */
  #walk(present: Buffer, partial: Buffer | null): Image {
    const { reader, map } = this
    const { columns } = map
    const starts = new Int32Array(columns.length).fill(-1)
    const ends = new Int32Array(columns.length).fill(-1)
    let count = 0
    for (let i = 0; i < columns.length; i++) if (bit(present, i)) count++
    const nulls = reader.bytes((count + 7) >> 3)
    let at = 0
    let json = 0
    columns.forEach((column, i) => {
      const isPartial = column.type === WIRE.JSON && partial !== null && bit(partial, json++)
      if (!bit(present, i) || bit(nulls, at++)) return
      starts[i] = reader.at
      if (isPartial) reader.skip(reader.u32())
      else this.#inColumn(i, () => reader.skip(valueEnd(column, reader.buffer, reader.at, reader.end) - reader.at))
      ends[i] = reader.at
    })
    return { starts, ends }
  }

  #pushAfter(from: number, base: Image, changed: Image, partial: Buffer | null): void {
    const { reader, map } = this
    let copied = from
    let json = 0
    map.columns.forEach((column, i) => {
      if (column.type !== WIRE.JSON || partial === null || !bit(partial, json++) || changed.starts[i] === -1) return
      this.#out.push(reader.buffer.subarray(copied, changed.starts[i]), this.#rebuilt(i, base, changed))
      copied = changed.ends[i]!
    })
    this.#out.push(reader.buffer.subarray(copied, reader.at))
  }

  /** The whole value of a JSON column whose image after the change holds diffs. */
  #rebuilt(i: number, base: Image, changed: Image): Buffer {
    const { buffer } = this.reader
    const prefix = lengthBytes(this.map.columns[i]!)
    if (base.starts[i] === -1) throw this.#noBase(i)
    const document = buffer.subarray(base.starts[i]! + prefix, base.ends[i])
    this.#diffs.reset(buffer, changed.starts[i]! + DIFFS_PREFIX, changed.ends[i]!)
    const whole = this.#inColumn(i, () => applyJsonDiffs(document, this.#diffs))
    if (whole.length >= 2 ** (8 * prefix)) throw this.reader.fail(`the document of ${this.#name(i)} becomes too long`)
    const length = Buffer.alloc(prefix)
    length.writeUIntLE(whole.length, 0, prefix)
    return Buffer.concat([length, whole])
  }

  #noBase(i: number): Failure {
    if (bit(this.before, i))
      return this.reader.fail(`${this.#name(i)} is NULL before the change, and then partly changed`)
    return new Failure(
      'rowImageIncomplete',
      `${this.reader.describe()} changes parts of ${this.#name(i)}, and the row image before the change leaves this column out (binlog_row_image = MINIMAL with binlog_row_value_options = PARTIAL_JSON).`,
      {
        advice:
          "SET GLOBAL binlog_row_image = FULL, or SET GLOBAL binlog_row_value_options = '', on the source (also for sessions that set them), copy the table again and move the position behind this event.",
      },
    )
  }

  #inColumn<T>(i: number, work: () => T): T {
    try {
      return work()
    } catch (error) {
      if (error instanceof ValueProblem) throw this.reader.fail(`${this.#name(i)}: ${error.message}`, { cause: error })
      throw error
    }
  }

  #name(i: number): string {
    const { schema, table, columns } = this.map
    return `${schema}.${table}, column ${columns[i]!.name ?? `number ${i + 1}`}`
  }
}

function bit(bits: Buffer, i: number): boolean {
  return ((bits[i >> 3]! >> (i & 7)) & 1) === 1
}
