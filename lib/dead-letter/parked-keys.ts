import { precedes, type RowPlace } from '../model/dead-letter.js'

interface ParkedKey {
  readonly id: string
  readonly key: string
  /** Null: parked before this run, and so before every row that it reads. */
  readonly place: RowPlace | null
  /** What takes its place: a later row of the key, the row itself when it is read again, or either. */
  readonly givesWayTo: 'later' | 'itself' | 'either'
}

/** Keys that have an open letter a row may still take the place of, by target and key hash. */
export class ParkedKeys {
  readonly #targets = new Map<string, Map<number, ParkedKey[]>>()

  /** Whether any key of this target has one. */
  parkedIn(target: string): boolean {
    return this.#targets.has(target)
  }

  add(target: string, hash: number, parked: ParkedKey): void {
    const hashes = this.#targets.get(target) ?? new Map<number, ParkedKey[]>()
    this.#targets.set(target, hashes)
    const others = (hashes.get(hash) ?? []).filter(({ id }) => id !== parked.id)
    hashes.set(hash, [...others, parked])
  }

  /** Forgets the letters of the row's key that came before it or are of this very row, and gives their ids. `row` is asked only when the hash is here. */
  touch(target: string, hash: number, row: () => { readonly key: string; readonly place: RowPlace }): string[] {
    const hashes = this.#targets.get(target)
    const parked = hashes?.get(hash)
    if (hashes === undefined || parked === undefined) return []
    const { key, place } = row()
    const older = parked.filter(one => one.key === key && givesWay(one, place))
    this.#keep(
      target,
      hashes,
      hash,
      parked.filter(one => !older.includes(one)),
    )
    return older.map(({ id }) => id)
  }

  remove(target: string, hash: number, id: string): void {
    const hashes = this.#targets.get(target)
    const parked = hashes?.get(hash)
    if (hashes !== undefined && parked !== undefined)
      this.#keep(
        target,
        hashes,
        hash,
        parked.filter(one => one.id !== id),
      )
  }

  #keep(target: string, hashes: Map<number, ParkedKey[]>, hash: number, left: ParkedKey[]): void {
    if (left.length > 0) hashes.set(hash, left)
    else hashes.delete(hash)
    if (hashes.size === 0) this.#targets.delete(target)
  }
}

/** Whether the letter gives way to the row of its key at this place. */
function givesWay({ place: parked, givesWayTo }: ParkedKey, place: RowPlace): boolean {
  if (parked === null) return true
  if (precedes(parked, place)) return givesWayTo !== 'itself'
  return givesWayTo !== 'later' && !precedes(place, parked)
}
