import type { ChangePlace } from '../model/change-place.js'
import type { KeyWatch } from '../model/key-watch.js'
import type { LoadSemantics } from '../model/rule-load.js'
import type { TargetTable } from '../model/schema.js'

/** Writes row images of one source table in one body format; the byte path's compiled encoder, as the dispatcher sees it. */
export interface RouteEncoder {
  /** Source offset just behind the image last walked. */
  readonly end: number
  /** Unsigned 32-bit hash of the target key located last. */
  readonly hash: number
  /** The row written last cannot be carried by this format. */
  readonly unsafe: boolean
  locateKey(source: Buffer, at: number, limit: number): void
  sameKey(source: Buffer, before: number, after: number, limit: number): boolean
  skip(source: Buffer, at: number, limit: number): number
  encode(source: Buffer, at: number, limit: number, out: Buffer, q: number, op: 0 | 1): number
  /** Routes of mode `append`: which change the row encoded next is; `row` counts the changes of the event from 0. */
  setChange?(op: 'insert' | 'update' | 'delete', place: ChangePlace, commitMs: number, row: number): void
  /** Room that the row of the image at `at` needs, at most. */
  room(source: Buffer, at: number, limit: number): number
}

/** One source table's way into one target: how its rows are written and when they are flushed. */
export interface Route {
  /** "schema.table" of the source. */
  readonly source: string
  readonly target: TargetTable
  /**
   * `upsert`: a row per key, `encode`'s op deletes or writes it. `append`: a row per change. `aggregate`: deltas, of which
   * `encode`'s op 0 adds and 1 takes away.
   */
  readonly mode: 'upsert' | 'append' | 'aggregate'
  /** Stays the same as long as equal images give equal rows: a digest of everything the encoding depends on. */
  readonly fingerprint: string
  /** `where` of the rule, for what is said about its rows. */
  readonly rule?: string
  /** An image as a JSON object of all columns that can be decoded, by source name: for rows that are parked. */
  readonly imageText?: (buffer: Buffer, at: number, limit: number) => string
  /** Mixed into key hashes: what stands in the target's key besides the columns that images hold. Absent: nothing. */
  readonly keySalt?: number
  /** Absent: nobody asks for keys. Routes of mode `upsert` only. */
  readonly keyWatch?: KeyWatch
  /** Its rows lack columns of the target, which keep the value they have there. */
  readonly partial?: boolean
  /** True: no other rule of the target writes its columns but the key, so with theirs they may go in any order. */
  readonly isFused?: boolean
  /**
   * The route and the images for images that leave columns out; the images are valid until the next call.
   * @throws Failure rowImageIncomplete where rows need what they lack
   */
  readonly reshape?: (
    images: RowImages,
    bitmaps: string,
    place: ChangePlace,
  ) => { readonly route: Route; readonly images: RowImages }
  /**
   * Absent: rows are written as the images are. Else what is written in place of an event's images, in this order; the
   * images are valid until the next call. `copied`: see `EventRows`.
   * @throws Failure where a rule cannot be carried out with a row
   */
  readonly shape?: (images: RowImages, place: ChangePlace, commitMs: number, copied: boolean) => ShapedRows
  /** Null when the rule asks for JSON. */
  readonly csv: { readonly encoder: RouteEncoder; readonly columns: string } | null
  readonly json: { readonly encoder: RouteEncoder; readonly columns: string }
  readonly columnSeparator: string
  readonly rowDelimiter: string
  /** Absent: nothing is asked for. */
  readonly semantics?: LoadSemantics
  readonly flushIntervalMs: number
  readonly flushRows: number
  readonly flushBytes: number
}

/** What a rule makes of the rows of an event. */
export interface ShapedRows {
  /** Their routes have no `shape`. */
  readonly pieces: readonly { readonly images: RowImages; readonly route: Route }[]
  /** Changes of which nothing is written: `decoded` of the account counts them too. */
  readonly filtered: number
}

/** The row images of one rows event, still in the event's bytes. */
export interface RowImages {
  readonly op: 'insert' | 'update' | 'delete'
  readonly buffer: Buffer
  readonly at: number
  readonly end: number
  /** Which change of its event the first one is; absent: 0. */
  readonly firstRow?: number
  /** True: inserts or deletes that are halves of updates, of which the other half goes elsewhere. */
  readonly halfOfUpdate?: boolean
  /**
   * True: the target may hold older rows of these keys that nothing else tells of, so rows that a rule leaves out are to be
   * deleted there. So it is with all that is copied.
   */
  readonly reconciles?: boolean
  /** False: they leave columns out; which ones, `bitmaps` tells. */
  readonly complete?: boolean
  bitmaps?(): string
}
