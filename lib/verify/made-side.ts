import { setImmediate as turn } from 'node:timers/promises'
import type { KeyReader } from '../binlog/key-reader.js'
import type { ChunkRange, KeyBound } from '../model/chunk.js'
import { nextChunkRows } from '../mysql/snapshot/chunk-size.js'
import type { Page, PageReader } from '../mysql/snapshot/page-reader.js'
import type { MadeRow, MadeRows, RowOrigin } from './made-rows.js'
import { keyId } from './row-match.js'
import type { KeyTexts, Part, WalkedPart } from './side-queries.js'
import type { ComparedSide, Digest, RowTexts } from './table-side.js'
import { bucket, plusRow } from './text-digest.js'
import { TooManyUnmade, UnmadeRows } from './unmade-rows.js'

/** A source table whose rows are read, and made into those of the target, here. */
export interface MadeSource {
  readonly reader: Pick<PageReader, 'next' | 'keys' | 'close'>
  /** Of the images that the reader gives. */
  readonly keys: KeyReader
  readonly rows: MadeRows
  /** The key of the one row that may make a row with this key; null: any row may. */
  readonly ownKey: ((key: KeyTexts) => KeyBound) | null
  isOwner(key: KeyTexts): boolean
}

export interface MadeSideOptions {
  /** Rows of one page. */
  readonly pageRows: number
  /** Told of rows that were read; awaited, so that it sets the pace. */
  readonly read: (rows: number) => Promise<void>
  /** Cuts ranges; see `TableSide.bound`. */
  readonly bound: (range: ChunkRange, offset: number) => Promise<KeyBound | null>
  readonly signal: AbortSignal
}

const PAGE_BYTES = 4_194_304
const KEYS_PER_READ = 500
/** Rows that are made without letting others run: the stream may be of this process. */
const ROWS_PER_TURN = 100
const MOST_ORIGINS = 200_000
const ALL: ChunkRange = { after: null, upTo: null }

type Visit = (row: MadeRow, rows: MadeRows, source: number, origin: () => KeyBound) => void

/** The rows that a target should have, made here of those of its source tables, as the stream would make them. */
export class MadeSide implements ComparedSide {
  readonly keysAtOnce = Number.POSITIVE_INFINITY
  readonly unmade = new UnmadeRows()
  /** Columns that some row has said nothing of. */
  readonly unsure = new Set<number>()
  readonly #sources: readonly MadeSource[]
  readonly #options: MadeSideOptions
  /** Of rows that were told: a row that several may make is looked for where it was found last. */
  readonly #origins = new Map<string, RowOrigin>()

  constructor(sources: readonly MadeSource[], options: MadeSideOptions) {
    this.#sources = sources
    this.#options = options
  }

  async digest(part: WalkedPart): Promise<Digest> {
    let digest: Digest = { rows: 0, sum: 0n }
    await this.#each(part, (row, rows) => {
      digest = plusRow(digest, rows.digest(row))
    })
    return digest
  }

  async buckets(digits: number): Promise<Map<string, Digest>> {
    const found = new Map<string, Digest>()
    await this.#each({ by: 'all' }, (row, rows) => {
      const name = bucket(rows.keyDigest(row), digits)
      found.set(name, plusRow(found.get(name) ?? { rows: 0, sum: 0n }, rows.digest(row)))
    })
    return found
  }

  bound(range: ChunkRange, offset: number): Promise<KeyBound | null> {
    return this.#options.bound(range, offset)
  }

  async rows(part: Part, all = false): Promise<RowTexts[]> {
    if (part.by === 'keys') return this.#byKeys(part.keys)
    const found: RowTexts[] = []
    await this.#each(part, (row, rows, source, origin) => {
      const texts = rows.rowTexts(row, source, all)
      this.#note(source, texts, origin)
      found.push(texts)
    })
    return found
  }

  /** Columns that the first rows of each table have another value in when another change is what they are made of. */
  async uncertain(): Promise<Set<number>> {
    const found = new Set<number>()
    for (const source of this.#sources.keys()) {
      const page = await this.#sources[source]!.reader.next(ALL, 2 * ROWS_PER_TURN)
      try {
        await this.#made(page, source, true, row => {
          for (const n of row.uncertain) found.add(n)
        })
      } catch (error) {
        // The walk comes to the same end.
        if (!(error instanceof TooManyUnmade)) throw error
      }
    }
    return found
  }

  /** Looks again at rows of which none were made: what is mended or gone by now is none of them. */
  async lookAgain(): Promise<void> {
    for (const [source, { reader }] of this.#sources.entries()) {
      const open = this.unmade.rows.filter(row => row.source === source)
      for (const { key } of open) this.unmade.remove(source, key.join(','))
      for (let at = 0; at < open.length; at += KEYS_PER_READ) {
        const page = await reader.keys(open.slice(at, at + KEYS_PER_READ).map(({ key }) => key))
        await this.#made(page, source, true, () => undefined)
      }
    }
  }

  async close(): Promise<void> {
    for (const { reader } of this.#sources) await reader.close()
  }

  async #each(part: WalkedPart, visit: Visit): Promise<void> {
    const range = part.by === 'range' ? part.range : ALL
    const wanted = part.by === 'buckets' ? new Set(part.buckets) : null
    const digits = part.by === 'buckets' ? part.digits : 0
    for (const source of this.#sources.keys())
      await this.#scan(source, range, (row, rows, ...of) => {
        if (wanted === null || wanted.has(bucket(rows.keyDigest(row), digits))) visit(row, rows, ...of)
      })
  }

  /** The rows with these keys, judged. Where any row may make one, all are read for those that are not found where they were last. */
  async #byKeys(keys: readonly KeyTexts[]): Promise<RowTexts[]> {
    const wanted = new Set(keys.map(keyId))
    const found = new Map<string, RowTexts>()
    const take: Visit = (row, rows, source, origin) => {
      if (!wanted.has(keyId(rows.keyOf(row)))) return
      const texts = rows.rowTexts(row, source, true)
      for (const n of row.uncertain) this.unsure.add(n)
      this.#note(source, texts, origin)
      found.set(keyId(texts.key), texts)
    }
    for (const [source, { reader }] of this.#sources.entries()) {
      const known = keys.flatMap(key => this.#knownKey(source, key) ?? [])
      for (let at = 0; at < known.length; at += KEYS_PER_READ) {
        const page = await reader.keys(known.slice(at, at + KEYS_PER_READ).map(({ own }) => own))
        await this.#made(page, source, true, take)
      }
    }
    for (const [source, { ownKey }] of this.#sources.entries()) {
      if (ownKey !== null || found.size === wanted.size) continue
      const doubtful: KeyBound[] = []
      await this.#scan(source, ALL, (row, rows, _, origin) => {
        const id = keyId(rows.keyOf(row))
        if (wanted.has(id) && !found.has(id)) doubtful.push(origin())
      })
      for (let at = 0; at < doubtful.length; at += KEYS_PER_READ)
        await this.#made(
          await this.#sources[source]!.reader.keys(doubtful.slice(at, at + KEYS_PER_READ)),
          source,
          true,
          take,
        )
    }
    return [...found.values()]
  }

  #knownKey(source: number, key: KeyTexts): { readonly own: KeyBound } | null {
    const { ownKey, isOwner } = this.#sources[source]!
    if (ownKey !== null) return isOwner(key) ? { own: ownKey(key) } : null
    const origin = this.#origins.get(keyId(key))
    return origin?.source === source ? { own: origin.key } : null
  }

  #note(source: number, { key }: RowTexts, origin: () => KeyBound): void {
    if (this.#sources[source]!.ownKey !== null) return
    if (this.#origins.size >= MOST_ORIGINS) this.#origins.clear()
    this.#origins.set(keyId(key), { source, key: origin() })
  }

  async #scan(source: number, range: ChunkRange, visit: Visit): Promise<void> {
    const { reader } = this.#sources[source]!
    const { pageRows, signal } = this.#options
    let wanted = Math.min(pageRows, 10 * ROWS_PER_TURN)
    let { after } = range
    for (;;) {
      signal.throwIfAborted()
      const page = await reader.next({ after, upTo: range.upTo }, wanted)
      if (page.rows === 0) return
      wanted = nextChunkRows(page.rows, page.bytes, PAGE_BYTES, pageRows)
      after = await this.#made(page, source, false, visit)
    }
  }

  /** Has the rows of a page made. The key of the last one; null: there are none. */
  async #made(page: Page, source: number, judges: boolean, visit: Visit): Promise<KeyBound | null> {
    const { keys, rows } = this.#sources[source]!
    const names: string[] = []
    let last: KeyBound | null = null
    let made = 0
    try {
      for (const { buffer, at: begin, end: limit } of page.pieces)
        for (let at = begin; at < limit; ) {
          const end = keys.keyTexts(buffer, at, limit, names)
          const name = names.pop()!
          const from = at
          const own = (): KeyBound => keys.keyBound(buffer, from, end)
          const found = judges ? rows.judged(buffer, at, end) : rows.of(buffer, at, end)
          if (typeof found === 'string') this.unmade.add(name, { source, key: own(), why: found })
          else {
            this.unmade.remove(source, name)
            for (const row of found) visit(row, rows, source, own)
          }
          if (end === limit) last = own()
          at = end
          if (++made % ROWS_PER_TURN === 0) await turn()
        }
    } finally {
      page.release()
    }
    await this.#options.read(page.rows)
    return last
  }
}
