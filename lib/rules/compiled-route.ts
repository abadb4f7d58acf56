import type { RowEncoder } from '../binlog/row-encoder.js'
import type { ChangePlace } from '../model/change-place.js'
import type { KeyWatch } from '../model/key-watch.js'
import type { LoadSemantics } from '../model/rule-load.js'
import type { RouteMode } from '../model/rule-mode.js'
import type { TargetTable } from '../model/schema.js'
import type { imageText } from './image-text.js'
import type { EventImages } from './tagged-images.js'

/** What a route makes of images that leave columns out: other images, and the route that reads them. */
export interface ReshapedImages {
  readonly route: CompiledRoute
  readonly images: EventImages
}

/** What a rule makes of the images of an event. */
export interface ShapedImages {
  /** In this order; valid until the next call. Their routes have no `shape`. */
  readonly pieces: readonly ReshapedImages[]
  /** Changes of which nothing is written. */
  readonly filtered: number
}

/** What a route's encoder does for those who write its rows. */
export type ImageEncoder = Omit<RowEncoder, 'keySpans'>

/** One way of a source table into a target. */
export interface CompiledRoute {
  readonly source: string
  readonly target: TargetTable
  readonly mode: RouteMode
  /** Digest of everything that decides how an image becomes a row, and rows become bodies. */
  readonly fingerprint: string
  readonly rule: string
  readonly imageText: ReturnType<typeof imageText>
  readonly keySalt?: number
  readonly keyWatch?: KeyWatch
  /** Its rows lack columns of the target, which keep the value they have there. */
  readonly partial: boolean
  /** See `Route`. */
  readonly isFused?: boolean
  /** The route and the images for images that leave columns out; see `ImageVariants.reshape`. */
  readonly reshape: (images: EventImages, bitmaps: string, place: ChangePlace) => ReshapedImages
  /** Absent: rows are written as the images are. Else what is written in place of an event's images; see `compileShape`. */
  readonly shape?: (images: EventImages, place: ChangePlace, commitMs: number, copied: boolean) => ShapedImages
  readonly csv: { readonly encoder: ImageEncoder; readonly columns: string } | null
  readonly json: { readonly encoder: ImageEncoder; readonly columns: string }
  readonly columnSeparator: string
  readonly rowDelimiter: string
  readonly semantics?: LoadSemantics
  readonly flushIntervalMs: number
  readonly flushRows: number
  readonly flushBytes: number
}
