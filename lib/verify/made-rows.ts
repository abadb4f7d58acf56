import type { KeyBound } from '../model/chunk.js'
import type { AskedRow, WrittenFields } from './asked-row.js'
import type { RowTexts } from './table-side.js'
import { rowDigest, textDigest } from './text-digest.js'
import type { WrittenColumn } from './written-column.js'

/** What is compared of rows that are made here. */
export interface MadeColumns {
  readonly columns: readonly WrittenColumn[]
  /** Which of them are the key. */
  readonly key: readonly number[]
}

/** A row that the target should have. */
export interface MadeRow {
  /** Of each column. */
  readonly texts: readonly (string | null)[]
  /** Columns whose values are of the change, and not of the row alone. */
  readonly uncertain: ReadonlySet<number>
}

const NONE: ReadonlySet<number> = new Set()

/** Makes the rows of the target of those of one source table, and looks at whether they are the same whenever they are made. */
export class MadeRows {
  readonly #made: MadeColumns
  readonly #asked: AskedRow
  readonly #names: readonly string[]

  constructor(made: MadeColumns, asked: AskedRow) {
    this.#made = made
    this.#asked = asked
    this.#names = made.columns.map(({ column }) => column.name.toLowerCase())
  }

  /** What the rule makes of the row with this image; a sentence where it makes none for an error. */
  of(buffer: Buffer, at: number, end: number): MadeRow[] | string {
    const rows = this.#asked.now(buffer, at, end)
    return typeof rows === 'string' ? rows : rows.map(row => ({ texts: this.#texts(row), uncertain: NONE }))
  }

  /** The same, with the columns that another change of the same row would have another value in. */
  judged(buffer: Buffer, at: number, end: number): MadeRow[] | string {
    const rows = this.of(buffer, at, end)
    if (typeof rows === 'string' || rows.length === 0) return rows
    const others = this.#asked.earlier(buffer, at, end)
    if (typeof others === 'string') return others
    const found = new Map(others.map(row => this.#texts(row)).map(texts => [this.#keyId(texts), texts]))
    const judged: MadeRow[] = []
    for (const { texts } of rows) {
      const other = found.get(this.#keyId(texts))
      if (other === undefined || found.size !== rows.length)
        return `its rows have other keys when another change is what they are made of: ${this.#keyText(texts)}`
      const uncertain = texts.flatMap((text, n) => (text === other[n] ? [] : [n]))
      judged.push({ texts, uncertain: new Set(uncertain) })
    }
    return judged
  }

  keyOf({ texts }: MadeRow): (string | null)[] {
    return this.#made.key.map(n => texts[n]!)
  }

  /** The digest of the key, in hexadecimal digits. */
  keyDigest({ texts }: MadeRow): string {
    return rowDigest(this.#made.key.map(n => ({ text: texts[n]!, long: this.#made.columns[n]!.column.long })))
  }

  /** The digest of all columns that a digest tells all of. */
  digest({ texts }: MadeRow): string {
    const { columns } = this.#made
    return rowDigest(
      columns.flatMap(({ column }, n) => (column.fetched ? [] : [{ text: texts[n]!, long: column.long }])),
    )
  }

  /** As the other side tells its rows; `all` as in `TableSide.rows`. */
  rowTexts(row: MadeRow, source: number, all: boolean): RowTexts {
    const { columns, key } = this.#made
    const texts = new Map<number, string | null>()
    columns.forEach(({ column: { fetched, long } }, n) => {
      const isKey = key.includes(n)
      if (!all && !fetched && !isKey) return
      const text = row.texts[n]!
      texts.set(n, text !== null && long && !fetched && !isKey ? textDigest(text) : text)
    })
    const { uncertain } = row
    return {
      key: this.keyOf(row),
      digest: this.digest(row),
      texts,
      source,
      ...(uncertain.size === 0 ? {} : { uncertain }),
    }
  }

  #texts(row: WrittenFields): (string | null)[] {
    return this.#made.columns.map(({ shown }, n) => {
      const written = row.get(this.#names[n]!) ?? null
      return written === null ? null : shown(written)
    })
  }

  #keyId(texts: readonly (string | null)[]): string {
    return JSON.stringify(this.#made.key.map(n => texts[n]))
  }

  #keyText(texts: readonly (string | null)[]): string {
    return this.#made.key.map(n => `${this.#made.columns[n]!.column.name}=${texts[n] ?? 'NULL'}`).join(' ')
  }
}

/** Where a row that the target should have comes from. */
export interface RowOrigin {
  readonly source: number
  readonly key: KeyBound
}
