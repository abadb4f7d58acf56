import type { TableMap } from '../binlog/table-map.js'
import type { Route, RowImages } from '../dispatch/route.js'
import type { ChangePlace } from '../model/change-place.js'
import type { TextRows } from '../model/chunk.js'

/** Which of a table's routes rows go: those that write a row per key may get a row twice, `strict` ones may not. */
export type Ways = 'all' | 'upsert' | 'strict'

/** Rows that go into an epoch side by side, as they are kept until then. */
export interface Segment {
  /** Of row images of the stream; null: they are text images. */
  readonly map: TableMap | null
  readonly ways: Ways
  readonly images: RowImages
  readonly place: ChangePlace
  readonly commitMs: number
}

export function routesFor(ways: Ways, routes: readonly Route[]): readonly Route[] {
  return ways === 'all' ? routes : routes.filter(({ mode }) => (mode === 'upsert') === (ways === 'upsert'))
}

export function isStrict(routes: readonly Route[]): boolean {
  return routes.some(({ mode }) => mode !== 'upsert')
}

/** The images of a read chunk that are wanted, in runs; `rows`: how many are in each. */
export function* wantedRuns(
  pieces: readonly TextRows[],
  isWanted: ((images: Buffer, at: number, end: number) => { readonly end: number; readonly wanted: boolean }) | null,
): Generator<TextRows> {
  for (const piece of pieces) {
    if (isWanted === null) {
      if (piece.rows > 0) yield piece
      continue
    }
    const { buffer, end } = piece
    let from = piece.at
    let rows = 0
    for (let at = piece.at; at < end; ) {
      const image = isWanted(buffer, at, end)
      if (image.wanted) rows++
      else {
        if (rows > 0) yield { buffer, at: from, end: at, rows }
        from = image.end
        rows = 0
      }
      at = image.end
    }
    if (rows > 0) yield { buffer, at: from, end, rows }
  }
}
