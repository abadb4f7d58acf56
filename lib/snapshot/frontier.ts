import type { KeyBound } from '../model/chunk.js'
import type { KeyOrder } from './copy-plan.js'
import type { KeyedImage, RowChange } from './kept-changes.js'

/** What the changes of one event are to a table's frontier, in their order. */
export interface SplitChanges {
  /** Of keys up to it. */
  readonly inside: readonly RowChange[]
  /** Of keys behind it. */
  readonly behind: readonly RowChange[]
}

/** Up to where the rows of a table are in, in the order of its keys. */
export class Frontier {
  #upTo: KeyBound | null
  #complete = false
  readonly #order: KeyOrder | null

  constructor(upTo: KeyBound | null, order: KeyOrder | null) {
    this.#upTo = upTo
    this.#order = order
  }

  /** Null: nothing is in, or everything is. */
  get upTo(): KeyBound | null {
    return this.#upTo
  }

  get isComplete(): boolean {
    return this.#complete
  }

  /** Null: to the table's end. */
  moveTo(upTo: KeyBound | null): void {
    this.#upTo = upTo
    this.#complete = upTo === null
  }

  /** Whether the chunk behind this bound is the next one. */
  isAt(after: KeyBound | null): boolean {
    if (this.#complete) return false
    if (after === null || this.#upTo === null) return after === this.#upTo
    return after.length === this.#upTo.length && after.every((literal, i) => literal === this.#upTo![i])
  }

  /** An update that moves a row over the frontier is on both sides: its before image on one, its after image on the other. */
  split(changes: readonly RowChange[]): SplitChanges | Promise<SplitChanges> {
    if (this.#complete) return { inside: changes, behind: [] }
    const bound = this.#upTo
    if (bound === null || this.#order === null) return { inside: [], behind: changes }
    const keys = new Map<string, KeyBound>()
    for (const { before, after } of changes)
      for (const image of [before, after]) if (image !== null) keys.set(image.text, image.bound)
    const inside = areAtMost([...keys.values()], bound, this.#order)
    const texts = [...keys.keys()]
    if (!(inside instanceof Promise)) return splitBy(changes, new Set(texts.filter((_, i) => inside[i])))
    return inside.then(known => splitBy(changes, new Set(texts.filter((_, i) => known[i]))))
  }
}

/** Asks for all at once where the source must be asked. */
function areAtMost(keys: readonly KeyBound[], bound: KeyBound, order: KeyOrder): boolean[] | Promise<boolean[]> {
  const known: boolean[] = []
  for (const key of keys) {
    const answer = order.isAtMost(key, bound)
    if (typeof answer === 'boolean') known.push(answer)
    else return answer.then(() => order.areAtMost(keys, bound))
  }
  return known
}

function splitBy(changes: readonly RowChange[], texts: ReadonlySet<string>): SplitChanges {
  const inside: RowChange[] = []
  const behind: RowChange[] = []
  const part = (image: KeyedImage | null, isInside: boolean) =>
    image !== null && texts.has(image.text) === isInside ? image : null
  for (const { before, after, row } of changes)
    for (const [to, isInside] of [
      [inside, true],
      [behind, false],
    ] as const) {
      const change = { before: part(before, isInside), after: part(after, isInside), row }
      if (change.before !== null || change.after !== null) to.push(change)
    }
  return { inside, behind }
}
