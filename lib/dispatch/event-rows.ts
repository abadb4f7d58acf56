import type { ChangePlace } from '../model/change-place.js'
import type { Route, RowImages } from './route.js'

/** Some of the images of an event, and where they go. */
export interface EventPiece {
  readonly images: RowImages
  readonly routes: readonly Route[]
}

export interface EventRows extends EventPiece {
  readonly commitMs: number
  readonly place: ChangePlace
  /** They are no changes of the stream: rows that were copied; `asked`: looked up by key, since the target has them not as they are. */
  readonly copied: false | 'read' | 'asked'
}
