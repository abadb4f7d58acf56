import type { KeyWatch } from '../model/key-watch.js'
import type { TableSchema } from '../model/schema.js'
import type { Zone } from '../model/zone.js'
import { type KeyListener, watchKeys } from './key-watch.js'
import type { RouteImages } from './route-images.js'
import type { TargetFit } from './target-fit.js'

/** The keys of a route's rows, for a listener that asks for them. */
export class RouteWatches {
  readonly #listener: KeyListener
  readonly #images: RouteImages
  readonly #key: readonly (Parameters<typeof watchKeys>[2][number] & { readonly at: number })[]
  readonly #zone: Zone

  constructor(listener: KeyListener, schema: TableSchema, images: RouteImages, { fields }: TargetFit, zone: Zone) {
    this.#listener = listener
    this.#images = images
    this.#zone = zone
    this.#key = schema.key.map(name => {
      const at = schema.columns.findIndex(column => column.name === name)
      const base64 = fields[at]?.form === 'base64'
      return { column: schema.columns[at]!, at, index: images.place(at, 'key'), base64 }
    })
  }

  /** Of whole images; null where they do not hold the key. */
  ofWhole(): KeyWatch | null {
    const { kind, columns, added } = this.#images
    return watchKeys(this.#listener, { kind, columns, skip: 0, added }, this.#key, this.#zone)
  }

  /** Of images with a byte in front that hold these columns alone; null where they do not hold the key. */
  ofPart(present: readonly number[]): KeyWatch | null {
    const { kind, columns } = this.#images
    const held = present.map(i => columns[i]!)
    const key = this.#key.map(part => ({ ...part, index: present.indexOf(part.at) }))
    return watchKeys(this.#listener, { kind, columns: held, skip: 1, added: 0 }, key, this.#zone)
  }
}
