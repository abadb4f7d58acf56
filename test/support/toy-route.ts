import type { Route, RouteEncoder, RowImages } from '../../lib/dispatch/route.js'
import type { ChangePlace } from '../../lib/model/change-place.js'
import type { TargetTable } from '../../lib/model/schema.js'

/** Row images of two bytes, key and value; in a body "key,value,op;", with "@position.event.change" and the first letter of its operation where each change is a row. A value of 255 is what this toy CSV cannot carry. */
class ToyEncoder implements RouteEncoder {
  end = 0
  hash = 0
  unsafe = false
  readonly #json: boolean
  readonly #changes: boolean
  #change = ''

  constructor(json: boolean, mode: Route['mode']) {
    this.#json = json
    this.#changes = mode === 'append'
  }

  setChange(op: 'insert' | 'update' | 'delete', { binPos, event }: ChangePlace, _commitMs: number, row: number): void {
    this.#change = `@${binPos}.${event}.${row}${op[0]}`
  }

  locateKey(source: Buffer, at: number): void {
    this.hash = Math.imul(source[at]!, 2654435761) >>> 0
  }

  sameKey(source: Buffer, before: number, after: number): boolean {
    return source[before] === source[after]
  }

  skip(_source: Buffer, at: number): number {
    return at + 2
  }

  encode(source: Buffer, at: number, _limit: number, out: Buffer, q: number, op: 0 | 1): number {
    this.end = at + 2
    this.unsafe = !this.#json && source[at + 1] === 255
    return q + out.write(`${source[at]},${source[at + 1]},${op}${this.#changes ? this.#change : ''};`, q, 'latin1')
  }

  room(): number {
    return this.#changes ? 48 : 12
  }
}

export function toyTarget(table = 't', database = 'd'): TargetTable {
  return { database, table, model: 'primary', columns: [], key: ['k'] }
}

export function toyRoute(
  target: TargetTable,
  options: Partial<Pick<Route, 'flushRows' | 'flushBytes' | 'flushIntervalMs' | 'source' | 'mode'>> = {},
): Route {
  const mode = options.mode ?? 'upsert'
  return {
    source: 's.t',
    target,
    mode,
    fingerprint: 'toy',
    csv: { encoder: new ToyEncoder(false, mode), columns: 'k,v,__op' },
    json: { encoder: new ToyEncoder(true, mode), columns: 'k,v' },
    columnSeparator: ',',
    rowDelimiter: ';',
    flushIntervalMs: 3_600_000,
    flushRows: 1_000_000,
    flushBytes: 1_000_000_000,
    ...options,
  }
}

export const PLACE: ChangePlace = { binName: 'b.000001', binPos: 4, event: 0 }

export function insertOf(...rows: (readonly [number, number])[]): RowImages {
  return images('insert', rows.flat())
}

export function deleteOf(...rows: (readonly [number, number])[]): RowImages {
  return images('delete', rows.flat())
}

/** Pairs of before and after. */
export function updateOf(...pairs: (readonly [readonly [number, number], readonly [number, number]])[]): RowImages {
  return images('update', pairs.flat(2))
}

function images(op: RowImages['op'], bytes: number[]): RowImages {
  const buffer = Buffer.from(bytes)
  return { op, buffer, at: 0, end: buffer.length }
}

export interface ToyRow {
  readonly key: number
  readonly value: number
  readonly op: 0 | 1
  /** Where in the source the change is; only where each change is a row. */
  readonly change?: string
}

/** Rows of a toy body, JSON framing included. */
export function readToyBody(body: readonly Uint8Array[]): ToyRow[] {
  const text = Buffer.concat(body).toString('latin1')
  return [...text.matchAll(/(\d+),(\d+),([01])(?:@([-.\w]+))?;/g)].map(m => ({
    key: Number(m[1]),
    value: Number(m[2]),
    op: Number(m[3]) as 0 | 1,
    ...(m[4] === undefined ? {} : { change: m[4] }),
  }))
}
