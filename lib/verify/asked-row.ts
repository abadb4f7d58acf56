import type { ChangePlace } from '../model/change-place.js'
import { asFailure, Failure } from '../model/failure.js'
import type { CompiledRoute } from '../rules/compiled-route.js'
import { fieldReader } from './written-fields.js'

/** A change with which a row is shown to a rule. */
interface Asked {
  readonly op: 'insert' | 'update'
  readonly place: ChangePlace
  readonly commitMs: number
  readonly copied: boolean
}

/** The rows of the target that a rule makes of one of the source, each by the target's column names. */
export type WrittenFields = ReadonlyMap<string, string | null>

/** Some time before now, with other digits in all parts of the date. */
const EARLIER_MS = ((546 * 24 + 7) * 3600 + 1403) * 1000 + 317

/** Asks a route what it writes of single rows of the source, as they come to be now, or of another change some time ago. */
export class AskedRow {
  readonly #route: CompiledRoute
  readonly #read: ReturnType<typeof fieldReader>
  readonly #now: Asked
  readonly #earlier: Asked
  #out = Buffer.allocUnsafe(65_536)

  /** `route`: reads text images. `documents`: see `fieldReader`. */
  constructor(route: CompiledRoute, documents: ReadonlySet<string>, nowMs: number) {
    this.#route = route
    this.#read = fieldReader(route.json.columns, documents)
    const place = { binName: 'binlog.000001', binPos: 4, event: 0 }
    this.#now = { op: 'insert', place, commitMs: nowMs, copied: false }
    const other = { binName: 'binlog.000002', binPos: 1_071, event: 3 }
    this.#earlier = { op: 'update', place: other, commitMs: nowMs - EARLIER_MS, copied: true }
  }

  /** The rows that are written of the row with this image. A sentence where the rule makes none for an error. */
  now(buffer: Buffer, at: number, end: number): WrittenFields[] | string {
    return this.#ask(this.#now, buffer.subarray(at, end))
  }

  /** The same for another change that leaves the row as it is. */
  earlier(buffer: Buffer, at: number, end: number): WrittenFields[] | string {
    const image = buffer.subarray(at, end)
    return this.#ask(this.#earlier, Buffer.concat([image, image]))
  }

  #ask({ op, place, commitMs, copied }: Asked, buffer: Buffer): WrittenFields[] | string {
    const route = this.#route
    const images = { op, buffer, at: 0, end: buffer.length }
    try {
      const shaped = route.shape?.(images, place, commitMs, copied)
      const pieces = shaped?.pieces ?? [{ route, images }]
      return pieces.flatMap(piece => this.#encoded(piece))
    } catch (error) {
      const failure = asFailure(error)
      // What the rule cannot do with a row is a finding; all else is a defect.
      if (!(error instanceof Failure) || failure.kind === 'internal') throw error
      return failure.message
    }
  }

  #encoded({ route, images: { op, buffer, at, end } }: { route: CompiledRoute; images: Images }): WrittenFields[] {
    if (op === 'delete') return []
    const { encoder } = route.json
    const rows: WrittenFields[] = []
    while (at < end) {
      const from = op === 'update' ? encoder.skip(buffer, at, end) : at
      at = encoder.skip(buffer, from, end)
      const needed = encoder.bound(at - from + encoder.inflated(buffer, from, end))
      if (needed > this.#out.length) this.#out = Buffer.allocUnsafe(2 * needed)
      const written = encoder.encode(buffer, from, end, this.#out, 0, 0)
      rows.push(this.#read(this.#out.toString('utf8', 0, written)))
    }
    return rows
  }
}

interface Images {
  readonly op: 'insert' | 'update' | 'delete'
  readonly buffer: Buffer
  readonly at: number
  readonly end: number
}
