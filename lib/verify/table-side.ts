import type { ChunkRange, KeyBound } from '../model/chunk.js'
import { Failure } from '../model/failure.js'
import type { ComparedTable } from './compared-table.js'
import { type KeyTexts, type Part, SideQueries, type WalkedPart } from './side-queries.js'

/** Runs a SELECT; values as text under lower-case names. */
export type Ask = (sql: string) => Promise<readonly Readonly<Record<string, string | null>>[]>

export interface Digest {
  readonly rows: number
  /** Of the digests of the rows, in any order. */
  readonly sum: bigint
}

/** A row as one side has it. */
export interface RowTexts {
  readonly key: KeyTexts
  readonly digest: string | null
  /** By column; absent where it was not asked for. */
  readonly texts: ReadonlyMap<number, string | null>
  /** Which source table has it; 0 on the target's side. */
  readonly source: number
  /** Columns of which this row says nothing: their values are of a change, not of the row. Absent: none. */
  readonly uncertain?: ReadonlySet<number>
}

/** One side of a comparison: what a server tells of its rows, or the rows that the target should have. */
export interface ComparedSide {
  /** So many keys are asked for at a time. */
  readonly keysAtOnce: number
  digest(part: WalkedPart): Promise<Digest>
  /** Digests by bucket, for 16 to the power of `digits` buckets at most; empty ones are absent. */
  buckets(digits: number): Promise<Map<string, Digest>>
  /** A key inside the range with at least `offset` others before it there; null where no table has so many. */
  bound(range: ChunkRange, offset: number): Promise<KeyBound | null>
  /** The rows of a part with the texts that have to be compared; `all`: with every column's. */
  rows(part: Part, all?: boolean): Promise<RowTexts[]>
}

/** Keys in one statement. */
const KEYS_PER_QUERY = 200

/** One side of a table: all source tables that are written into a target together, or the target itself. */
export class TableSide implements ComparedSide {
  readonly keysAtOnce = KEYS_PER_QUERY
  readonly #table: ComparedTable
  readonly #queries: readonly SideQueries[]
  readonly #ask: Ask

  constructor(table: ComparedTable, side: 'source' | 'target', ask: Ask) {
    this.#table = table
    const rows = side === 'source' ? table.sources : [table.target]
    this.#queries = rows.map(one => new SideQueries(table, one, side))
    this.#ask = ask
  }

  async digest(part: Part): Promise<Digest> {
    let digest: Digest = { rows: 0, sum: 0n }
    for (const queries of this.#queries) {
      const [row] = await this.#ask(queries.digest(part))
      digest = plus(digest, readDigest(row))
    }
    return digest
  }

  async buckets(digits: number): Promise<Map<string, Digest>> {
    const found = new Map<string, Digest>()
    for (const queries of this.#queries)
      for (const row of await this.#ask(queries.buckets(digits)))
        found.set(row.b!, plus(found.get(row.b!) ?? { rows: 0, sum: 0n }, readDigest(row)))
    return found
  }

  async bound(range: ChunkRange, offset: number): Promise<KeyBound | null> {
    let least: KeyBound | null = null
    for (const queries of this.#queries) {
      const [row] = await this.#ask(queries.bound(range, offset))
      if (row === undefined) continue
      const key = this.#table.key.map((_, n) => row[`k${n}`]!)
      if (least === null || compareBounds(key, least) < 0) least = key
    }
    return least
  }

  async rows(part: Part, all = false): Promise<RowTexts[]> {
    const found: RowTexts[] = []
    for (const [source, queries] of this.#queries.entries())
      for (const row of await this.#ask(queries.rows(part, all))) found.push(this.#read(row, source))
    return found
  }

  #read(row: Readonly<Record<string, string | null>>, source: number): RowTexts {
    const texts = new Map<number, string | null>()
    this.#table.columns.forEach((_, n) => {
      const text = row[`c${n}`]
      if (text !== undefined) texts.set(n, text)
    })
    return { key: this.#table.key.map(n => texts.get(n) ?? null), digest: row.d ?? null, texts, source }
  }
}

export function isSame(a: Digest, b: Digest): boolean {
  return a.rows === b.rows && a.sum === b.sum
}

/** Orders integer keys. */
export function compareBounds(a: KeyBound, b: KeyBound): number {
  for (const [n, text] of a.entries()) {
    const [left, right] = [BigInt(text), BigInt(b[n]!)]
    if (left !== right) return left < right ? -1 : 1
  }
  return 0
}

function plus(a: Digest, b: Digest): Digest {
  return { rows: a.rows + b.rows, sum: a.sum + b.sum }
}

function readDigest(row: Readonly<Record<string, string | null>> | undefined): Digest {
  if (row === undefined || row.n == null)
    throw new Failure('internal', 'A server answered a query for a digest without a row.')
  return { rows: Number(row.n), sum: row.s == null ? 0n : BigInt(row.s) }
}
