import type { ChunkRange, KeyBound } from '../model/chunk.js'
import { bucketOf, digestOf, digestOfText, numberOf } from '../starrocks/row-digest.js'
import type { ComparedTable, RowSource } from './compared-table.js'

/** Part of a table, as a walk comes by. */
export type WalkedPart =
  | { readonly by: 'range'; readonly range: ChunkRange }
  | { readonly by: 'buckets'; readonly digits: number; readonly buckets: readonly string[] }
  | { readonly by: 'all' }

/** Which rows a query is for. */
export type Part = WalkedPart | { readonly by: 'keys'; readonly keys: readonly KeyTexts[] }

/** The texts of a key's columns; null is NULL, in groups. */
export type KeyTexts = readonly (string | null)[]

/** The SELECTs for one side of a comparison; all values come as text under the names n, s, b, d, c0, c1 … */
export class SideQueries {
  readonly #table: ComparedTable
  readonly #rows: RowSource
  readonly #dialect: 'source' | 'target'
  readonly #rowDigest: string
  readonly #number: string
  readonly #keyDigest: string

  constructor(table: ComparedTable, rows: RowSource, dialect: 'source' | 'target') {
    this.#table = table
    this.#rows = rows
    this.#dialect = dialect
    const parts = table.columns.map(({ long }, n) => ({ text: rows.texts[n]!, long }))
    // Columns whose texts the servers print in two ways are compared elsewhere.
    this.#rowDigest = digestOf(parts.filter((_, n) => !table.columns[n]!.fetched))
    this.#number = numberOf(this.#rowDigest, dialect)
    this.#keyDigest = digestOf(table.key.map(n => parts[n]!))
  }

  /** One row: n rows and the sum s of their digests. */
  digest(part: Part): string {
    return `SELECT COUNT(*) AS n, SUM(v) AS s FROM (SELECT ${this.#number} AS v FROM ${this.#rows.from}${this.#where(part)}) AS x`
  }

  /** The same for each bucket b. */
  buckets(digits: number): string {
    const rows = `SELECT ${bucketOf(this.#keyDigest, digits)} AS b, ${this.#number} AS v FROM ${this.#rows.from}${this.#where({ by: 'all' })}`
    return `SELECT b, COUNT(*) AS n, SUM(v) AS s FROM (${rows}) AS x GROUP BY b`
  }

  /** The key that `offset` others of the range stand before, as k0, k1 …; no row: there are fewer. */
  bound(range: ChunkRange, offset: number): string {
    const names = this.#rows.ranged
    const keys = names.map((name, n) => `${this.#asText(name)} AS k${n}`)
    return `SELECT ${keys.join(', ')} FROM ${this.#rows.from}${this.#where({ by: 'range', range })} ORDER BY ${names.join(', ')} LIMIT 1 OFFSET ${offset}`
  }

  /** A row for each: the digest d, and as c0, c1 … the texts of key columns and of those that are fetched; `all`: of all, long ones as their digest. */
  rows(part: Part, all: boolean): string {
    const texts = this.#table.columns.flatMap(({ fetched, long }, n) => {
      if (!all && !fetched && !this.#table.key.includes(n)) return []
      const text = this.#rows.texts[n]!
      return [`${long && !fetched && !this.#table.key.includes(n) ? digestOfText(text) : text} AS c${n}`]
    })
    return `SELECT ${this.#rowDigest} AS d, ${texts.join(', ')} FROM ${this.#rows.from}${this.#where(part)}`
  }

  #where(part: Part): string {
    const conditions = [this.#rows.where, this.#condition(part)].filter(condition => condition !== null)
    return conditions.length === 0 ? '' : ` WHERE ${conditions.map(condition => `(${condition})`).join(' AND ')}`
  }

  #condition(part: Part): string | null {
    switch (part.by) {
      case 'all':
        return null
      case 'range': {
        const { after, upTo } = part.range
        const parts = [
          ...(after === null ? [] : [behind(this.#rows.ranged, after)]),
          ...(upTo === null ? [] : [`NOT ${behind(this.#rows.ranged, upTo)}`]),
        ]
        return parts.length === 0 ? null : parts.join(' AND ')
      }
      case 'buckets':
        return `${bucketOf(this.#keyDigest, part.digits)} IN (${part.buckets.map(bucket => `'${bucket}'`).join(', ')})`
      case 'keys':
        return this.#keysCondition(part.keys)
    }
  }

  #keysCondition(keys: readonly KeyTexts[]): string {
    const { keyLiterals, keyNames } = this.#rows
    if (keyLiterals === null) {
      const texts = this.#table.key.map(n => this.#rows.texts[n]!)
      const same = (text: string, value: string | null) =>
        value === null
          ? `${text} IS NULL`
          : `HEX(${text}) = '${Buffer.from(value, 'utf8').toString('hex').toUpperCase()}'`
      return `(${keys.map(key => `(${key.map((value, n) => same(texts[n]!, value)).join(' AND ')})`).join(' OR ')})`
    }
    const literals = keys.map(keyLiterals)
    if (keyNames.length === 1) return `${keyNames[0]} IN (${literals.map(([literal]) => literal).join(', ')})`
    return `(${literals.map(list => `(${list.map((literal, n) => `${keyNames[n]} = ${literal}`).join(' AND ')})`).join(' OR ')})`
  }

  #asText(expression: string): string {
    return `CAST(${expression} AS ${this.#dialect === 'source' ? 'CHAR' : 'STRING'})`
  }
}

/** `(a, b) > (x, y)` spelled out: no server uses an index for the row form of every one, and the sandbox has none. */
function behind(names: readonly string[], bound: KeyBound): string {
  const ways = names.map((name, n) => {
    const same = names.slice(0, n).map((earlier, m) => `${earlier} = ${bound[m]}`)
    return `(${[...same, `${name} > ${bound[n]}`].join(' AND ')})`
  })
  return `(${ways.join(' OR ')})`
}
