import type { ChangePlace } from '../model/change-place.js'
import { Failure } from '../model/failure.js'
import { formatPosition } from '../model/position.js'
import type { Epoch } from './epoch.js'
import type { EventRows } from './event-rows.js'
import type { Route, RowImages } from './route.js'
import { TracedEvent } from './row-trace.js'
import { RowWriter, type RowWriterOptions, type RowWriterParts } from './row-writer.js'

type Shape = NonNullable<Route['shape']>

/** Has the rows of events written for all their routes, and notes where they come from. */
export class EventWriter {
  readonly #traced: boolean
  readonly #parts: RowWriterParts & { readonly due: (route: Route) => void }
  readonly #writer: RowWriter

  /** `due` hears of each route before its rows are written. */
  constructor(options: RowWriterOptions, parts: RowWriterParts & { readonly due: (route: Route) => void }) {
    this.#traced = options.traced
    this.#parts = parts
    this.#writer = new RowWriter(options, parts)
  }

  /** `oneShape`: see `Delivery`. Throws the Failures of the encoders. */
  write(epoch: Epoch, rows: EventRows, oneShape: boolean): void {
    const { images, routes } = rows
    if (images.complete === false) {
      for (const route of routes) this.#writeIncomplete(epoch, rows, route, oneShape)
      return
    }
    let plain = routes
    for (const route of routes) {
      if (route.shape === undefined) continue
      this.#writeShaped(epoch, rows, route, route.shape, oneShape)
      plain = plain.filter(other => other !== route)
    }
    if (plain.length > 0) this.#write(epoch, plain === routes ? rows : { ...rows, routes: plain }, oneShape)
  }

  /** Each route makes images of its own, so none are shared. */
  #writeShaped(epoch: Epoch, rows: EventRows, route: Route, shape: Shape, oneShape: boolean): void {
    const { images, place, commitMs, copied } = rows
    const { pieces, filtered, refused = [] } = shape(images, place, commitMs, copied !== false)
    for (const piece of pieces) this.#write(epoch, { ...rows, images: piece.images, routes: [piece.route] }, oneShape)
    if (filtered > 0) epoch.countFiltered(route, filtered)
    // Where nothing is parked, nobody would hear of it.
    if (refused.length > 0 && !this.#traced) throw new Failure('ruleFailed', refused[0]!.reason)
    if (refused.length > 0) epoch.refuse(refused.map(row => ({ route, row, place: { ...place }, commitMs })))
  }

  #write(epoch: Epoch, rows: EventRows, oneShape: boolean): void {
    const { images, routes, commitMs, place } = rows
    const event = this.#trace(images, routes, commitMs, place)
    try {
      for (const route of routes) {
        this.#parts.due(route)
        this.#writer.write(epoch, rows, route, event, oneShape)
      }
    } finally {
      if (event !== null) this.#parts.window.settle(0, event.release())
    }
  }

  /** Each route makes other images of those that leave columns out, so none are shared. */
  #writeIncomplete(epoch: Epoch, rows: EventRows, route: Route, oneShape: boolean): void {
    const { images, place } = rows
    if (route.reshape === undefined || images.bitmaps === undefined)
      throw new Failure('internal', `Images of ${route.source} leave columns out where none may.`)
    const reshaped = route.reshape(images, images.bitmaps(), place)
    const { firstRow } = images
    const whole = firstRow === undefined ? reshaped.images : { ...reshaped.images, firstRow }
    if (whole.at < whole.end) this.#write(epoch, { ...rows, images: whole, routes: [reshaped.route] }, oneShape)
  }

  #trace(images: RowImages, routes: readonly Route[], commitMs: number, place: ChangePlace): TracedEvent | null {
    const route = routes[0]
    if (!this.#traced || route?.imageText === undefined) return null
    const event = new TracedEvent(images, place, commitMs, route.source, route.imageText)
    this.#parts.window.admit(0, event.bytes)
    return event
  }
}

/** A value that cannot be decoded: its file and offset are known here only. */
export function located(failure: Failure, { binName, binPos, event }: ChangePlace): Failure {
  if (failure.kind !== 'notDecodable') return failure
  const { kind, message, advice, cause } = failure
  const where = `rows event ${event + 1} of the transaction behind ${formatPosition({ binName, binPos })}`
  return new Failure(kind, `${message} (${where})`, { cause, advice })
}
