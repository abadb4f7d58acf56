import { formatPosition } from './position.js'

/** The change id of a rows event: the same in every reading of the binlog. Ordinals count from 0, over tables nobody wants as well. */
export interface ChangePlace {
  readonly binName: string
  /** Offset behind the transaction before this one: where this one starts. */
  readonly binPos: number
  /** Which rows event of the transaction it is. */
  readonly event: number
}

/** Where a change stands, to follow on what it is about: ", rows event 2 of the transaction behind b.000001:4". */
export function placeText(place: ChangePlace): string {
  return `, rows event ${place.event} of the transaction behind ${formatPosition(place)}`
}
