import { type DeadLetter, formatPlace, keyText, type RowPlace } from '../model/dead-letter.js'
import type { Observer } from '../model/observer.js'
import { targetName } from '../model/schema.js'
import { separatorBytes } from '../starrocks/load-body.js'
import { BodyRows, type SubBody } from './body-rows.js'
import { type BadRow, isolate } from './isolate.js'
import { composeLetter, rowKey } from './letter.js'
import type { Route } from './route.js'
import type { LoadTrace } from './row-trace.js'
import type { Load } from './sink.js'

/** More bad rows than this in one load are no longer a few bad rows. */
export const MAX_PARKED = 10_000

/** Where bad rows are parked, and which keys have one there. */
export interface Parking {
  /** Resolves when the letters are on disk. A letter that is open already is not written twice. */
  park(letters: readonly DeadLetter[]): Promise<void>
  /** Resolves when it is on disk that these letters must not be loaded any more, since `by` took their place. */
  supersede(letters: readonly { readonly id: string; readonly by: string }[]): Promise<void>
  /** Whether any row of this target is parked that a later change of its key, or the row itself when it is read again, would supersede. */
  parkedIn(target: string): boolean
  /**
   * Ids of the open letters that a row with this key hash supersedes; they are open no more for this object. `row` is asked
   * only when a letter has that hash; its `partial` are the columns of a row that holds some only. Throws rowRejected where
   * such a row would have to go over a letter with other columns.
   */
  touch(
    target: string,
    hash: number,
    row: () => { readonly key: string; readonly place: RowPlace; readonly partial?: string | null },
  ): readonly string[]
}

/** A load with where its rows come from. */
export interface TracedLoad {
  readonly load: Load
  readonly trace: LoadTrace
  readonly mode: Route['mode']
  /** The same with the rows that later ones replace; absent: they are all in `load`. */
  readonly whole?: TracedLoad
}

export interface SettingAside {
  readonly parking: Parking
  readonly observer: Observer
  /** `sink.dryRun`, with the caller's patience for failures that pass. */
  readonly judge: (load: Load) => Promise<string | null>
  /** `MAX_PARKED`, but for tests. */
  readonly maxParked: number
  /** `Position.serverUuid` of what is read. */
  readonly server: string
  /** Wall clock, ms since 1970. */
  readonly now: () => number
}

/** What is left of a load whose bad rows are parked. */
export interface Remainder extends SubBody {
  readonly trace: LoadTrace
  readonly parked: number
}

/**
 * Finds the bad rows of a load that was refused for `reason` and parks them. Resolves, once they are on disk, with the rest
 * in its order; its pieces are views into the load's. The rest may be empty. Rejects as `isolate` does; nothing is parked then.
 */
export async function setBadRowsAside(refused: TracedLoad, reason: string, parts: SettingAside): Promise<Remainder> {
  const { load, trace, mode } = refused
  const rows = new BodyRows(load, separatorBytes(load.rowDelimiter))
  const bad = await isolate({
    target: targetName(load.target),
    rows: load.rows,
    reason,
    maxParked: parts.maxParked,
    judge: ordinals => parts.judge({ ...load, ...rows.pick(ordinals) }),
  })
  const refusal = { atMs: parts.now(), server: parts.server }
  const letters = bad.map(({ ordinal, reason }) =>
    composeLetter(load, mode, rows.row(ordinal), trace.describe(ordinal), { ...refusal, reason }),
  )
  await parts.parking.park(letters)
  // A later row of the same key in this very load takes the place of one just parked, be it good or bad itself.
  await supersedeParked(refused, parts.parking)
  tellParked(letters, parts.observer)
  const rest = othersThan(bad, load.rows)
  return { ...rows.pick(rest), trace: trace.pick(rest), parked: bad.length }
}

/**
 * Says of every parked row that a row of this load takes its place: a later one of its key, or itself read again. To be awaited before the load is sent: should all end
 * in between, the change is read again, and then loaded or parked itself, so the older one is not wanted either way.
 */
export async function supersedeParked({ load, trace }: TracedLoad, parking: Parking): Promise<void> {
  const target = targetName(load.target)
  if (!parking.parkedIn(target)) return
  let rows: BodyRows | null = null
  const superseded: { id: string; by: string }[] = []
  trace.eachHash((hash, ordinal) => {
    let place: RowPlace | null = null
    const ids = parking.touch(target, hash, () => {
      rows ??= new BodyRows(load, separatorBytes(load.rowDelimiter))
      place = trace.place(ordinal)
      return {
        key: keyText(rowKey(load, rows.row(ordinal))),
        place,
        partial: load.partial === true ? load.columns : null,
      }
    })
    for (const id of ids) superseded.push({ id, by: place === null ? '' : formatPlace(place) })
  })
  if (superseded.length > 0) await parking.supersede(superseded)
}

function othersThan(bad: readonly BadRow[], rows: number): number[] {
  const parked = new Set(bad.map(row => row.ordinal))
  const others: number[] = []
  for (let i = 0; i < rows; i++) if (!parked.has(i)) others.push(i)
  return others
}

/** One happening for each source table, with the first reason. */
export function tellParked(letters: readonly DeadLetter[], observer: Observer): void {
  const bySource = new Map<string, { readonly first: DeadLetter; rows: number }>()
  for (const letter of letters) {
    const counted = bySource.get(letter.source)
    if (counted) counted.rows++
    else bySource.set(letter.source, { first: letter, rows: 1 })
  }
  for (const [source, { first, rows }] of bySource)
    observer({ kind: 'parked', target: first.target, source, rows, reason: first.reason })
}
