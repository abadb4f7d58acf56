import type { ChunkRange, KeyBound } from '../model/chunk.js'
import type { ComparedTable } from './compared-table.js'
import { matchRows, type Suspect } from './row-match.js'
import type { Part } from './side-queries.js'
import { type ComparedSide, type Digest, isSame } from './table-side.js'

export interface WalkOptions {
  /** Rows of the source that one digest stands for. */
  readonly chunkRows: number
  /** Parts of at most so many rows are fetched as keys and digests; larger ones are halved. */
  readonly listRows: number
  readonly signal: AbortSignal
}

export interface WalkSides {
  readonly source: ComparedSide
  readonly target: ComparedSide
}

/** What a walk has just done; awaited, so that the listener sets the pace. */
export type WalkStep = (step: { readonly rows: number; readonly suspects: readonly Suspect[] }) => Promise<void>

/** Compares a table part by part and tells of every key that is not the same on both sides at that moment. */
export function walkTable(table: ComparedTable, sides: WalkSides, options: WalkOptions, step: WalkStep): Promise<void> {
  return table.target.ranged.length > 0
    ? new RangeWalk(table, sides, options, step).run()
    : new BucketWalk(table, sides, options, step).run()
}

/** Integer keys: ranges in key order, which are the same on both sides. */
class RangeWalk {
  readonly #digested: boolean

  constructor(
    readonly table: ComparedTable,
    readonly sides: WalkSides,
    readonly options: WalkOptions,
    readonly step: WalkStep,
  ) {
    this.#digested = !table.columns.some(column => column.fetched)
  }

  async run(): Promise<void> {
    const chunkRows = this.#digested ? this.options.chunkRows : this.options.listRows
    let after: KeyBound | null = null
    do {
      const upTo: KeyBound | null = await this.sides.source.bound({ after, upTo: null }, chunkRows - 1)
      await this.#compare({ after, upTo }, true)
      after = upTo
    } while (after !== null)
  }

  async #compare(range: ChunkRange, counts: boolean): Promise<void> {
    this.options.signal.throwIfAborted()
    const part: Part = { by: 'range', range }
    const [ours, theirs] = await Promise.all([this.sides.source.digest(part), this.sides.target.digest(part)])
    if (counts) await this.step({ rows: ours.rows, suspects: [] })
    if (this.#digested && isSame(ours, theirs)) return
    const middle = await this.#middle(range, ours, theirs)
    if (middle === null) {
      const suspects = await listAndMatch(this.table, this.sides, part)
      if (suspects.length > 0) await this.step({ rows: 0, suspects })
      return
    }
    await this.#compare({ after: range.after, upTo: middle }, false)
    await this.#compare({ after: middle, upTo: range.upTo }, false)
  }

  /** Where to cut, by the side that has more rows there; null: the part is small enough to be listed. */
  async #middle(range: ChunkRange, ours: Digest, theirs: Digest): Promise<KeyBound | null> {
    const most = Math.max(ours.rows, theirs.rows)
    if (most <= this.options.listRows) return null
    const side = ours.rows >= theirs.rows ? this.sides.source : this.sides.target
    // Rows may have gone since they were counted: then what is left is small.
    return side.bound(range, Math.floor(most / 2) - 1)
  }
}

/** Rows that one group of buckets may have, on the larger side. */
const GROUP_ROWS = 100_000
/** 16 to the power of four buckets fit into memory many times. */
const MAX_DIGITS = 4
/** Buckets named in one statement. */
const MAX_BUCKETS = 1_000

/**
 * All other keys: MySQL orders them by a collation and StarRocks by bytes, so no range is the same on both sides. Rows are
 * put into buckets by the digest of their key; one pass on each side gives the digests of all buckets.
 */
class BucketWalk {
  constructor(
    readonly table: ComparedTable,
    readonly sides: WalkSides,
    readonly options: WalkOptions,
    readonly step: WalkStep,
  ) {}

  async run(): Promise<void> {
    const { source, target } = this.sides
    const all = await target.digest({ by: 'all' })
    const digits = digitsFor(all.rows)
    const [ours, theirs] = await Promise.all([source.buckets(digits), target.buckets(digits)])
    let rows = 0
    for (const digest of ours.values()) rows += digest.rows
    await this.step({ rows, suspects: [] })
    const fetched = this.table.columns.some(column => column.fetched)
    const none: Digest = { rows: 0, sum: 0n }
    let group: string[] = []
    let groupRows = 0
    for (const bucket of new Set([...ours.keys(), ...theirs.keys()])) {
      const [mine, other] = [ours.get(bucket) ?? none, theirs.get(bucket) ?? none]
      if (!fetched && isSame(mine, other)) continue
      const most = Math.max(mine.rows, other.rows)
      if (group.length > 0 && (groupRows + most > GROUP_ROWS || group.length >= MAX_BUCKETS)) {
        await this.#list(digits, group)
        group = []
        groupRows = 0
      }
      group.push(bucket)
      groupRows += most
    }
    if (group.length > 0) await this.#list(digits, group)
  }

  async #list(digits: number, buckets: readonly string[]): Promise<void> {
    this.options.signal.throwIfAborted()
    const suspects = await listAndMatch(this.table, this.sides, { by: 'buckets', digits, buckets })
    if (suspects.length > 0) await this.step({ rows: 0, suspects })
  }
}

/** Buckets of some hundred rows each, so that one changed row makes few others be fetched. */
function digitsFor(rows: number): number {
  let digits = 1
  while (digits < MAX_DIGITS && rows / 16 ** digits > 250) digits++
  return digits
}

async function listAndMatch(table: ComparedTable, sides: WalkSides, part: Part): Promise<Suspect[]> {
  const [ours, theirs] = await Promise.all([sides.source.rows(part), sides.target.rows(part)])
  return matchRows(table, ours, theirs)
}
