import { formatPlace, precedes, type RowPlace } from '../model/dead-letter.js'
import { Failure } from '../model/failure.js'

interface ParkedKey {
  readonly id: string
  readonly key: string
  /** Null: parked before this run, and so before every row that it reads. */
  readonly place: RowPlace | null
  /** What takes its place: a later row of the key, the row itself when it is read again, or either. */
  readonly givesWayTo: 'later' | 'itself' | 'either'
  /** The `columns` header of a row that holds some only; absent or null: a whole row. */
  readonly partial?: string | null
  /** Names of the target's key columns. Absent: not known. */
  readonly keyColumns?: readonly string[]
}

/** A row on its way into a target. */
export interface TouchingRow {
  readonly key: string
  readonly place: RowPlace
  /** As in `ParkedKey`. */
  readonly partial?: string | null
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

  /**
   * Forgets the letters of the row's key that came before it or are of this very row, and gives their ids. `row` is asked
   * only when the hash is here. A row of some columns and a letter of others, of the same key, have nothing to do with each
   * other. Throws rowRejected for a row of some columns behind a letter that holds more: it does not
   * take its place, and without them it would be loaded on top of a row that the target does not have.
   */
  touch(target: string, hash: number, row: () => TouchingRow): string[] {
    const hashes = this.#targets.get(target)
    const parked = hashes?.get(hash)
    if (hashes === undefined || parked === undefined) return []
    const { key, place, partial = null } = row()
    const older = parked.filter(one => one.key === key && givesWay(one, place) && !isApart(one, partial))
    const unlike = older.find(one => partial !== null && (one.partial ?? null) !== partial && !isSame(one.place, place))
    if (unlike !== undefined) throw stuck(target, key, place, unlike.id)
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

/** Both hold some columns of a row, and none in common but the key. */
function isApart({ partial = null, keyColumns = [] }: ParkedKey, columns: string | null): boolean {
  if (partial === null || columns === null || keyColumns.length === 0) return false
  const own = new Set(columnNames(partial))
  return columnNames(columns).every(name => !own.has(name) || keyColumns.includes(name))
}

/** All names in a `columns` header, those of temporary fields too. */
function columnNames(columns: string): string[] {
  return [...columns.matchAll(/`((?:[^`]|``)*)`/g)].map(match => match[1]!.replaceAll('``', '`'))
}

function isSame(parked: RowPlace | null, place: RowPlace): boolean {
  return parked !== null && !precedes(parked, place) && !precedes(place, parked)
}

function stuck(target: string, key: string, place: RowPlace, id: string): Failure {
  return new Failure(
    'rowRejected',
    `${target}: the row ${key} changes at ${formatPlace(place)} by some of its columns only, but an earlier change of it is parked as dead letter ${id}.`,
    {
      advice: `Mend what refused the letter and load it with \`mysql-sr-sync dlq replay\`, or give it up with \`mysql-sr-sync dlq drop\`; then start again.`,
    },
  )
}
