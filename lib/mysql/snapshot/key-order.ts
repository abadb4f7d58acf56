import type { KeyBound } from '../../model/chunk.js'
import { type SourceColumn, type TableSchema, tableName } from '../../model/schema.js'
import type { SourceAddress, SourceSession } from '../session.js'
import { isWholeNumber, keyForm } from './key-form.js'
import { keyColumns } from './key-range.js'
import { readFailure } from './read-failure.js'
import { openReadSession } from './read-session.js'

/** Comparisons of one statement. */
const AT_ONCE = 200

/**
 * The order of a table's keys, as the source has it. Keys of whole numbers, bytes and dates are compared here; all others by the
 * source, over a connection of its own that is opened when it is first needed and again after a failure.
 */
export class KeyOrder {
  readonly #address: SourceAddress
  readonly #schema: TableSchema
  readonly #key: readonly SourceColumn[]
  #asked: Promise<Asked> | null = null

  constructor(address: SourceAddress, schema: TableSchema) {
    this.#address = address
    this.#schema = schema
    this.#key = keyColumns(schema)
  }

  /** Whether the key lies at or before the bound. A promise where the source has to be asked; it rejects with a retriable Failure when that was cut off. */
  isAtMost(key: KeyBound, bound: KeyBound): boolean | Promise<boolean> {
    return this.#compareHere(key, bound) ?? this.areAtMost([key], bound).then(([answer]) => answer!)
  }

  /** The same for many keys, in one round trip for a few hundred of those that the source is asked for. */
  async areAtMost(keys: readonly KeyBound[], bound: KeyBound): Promise<boolean[]> {
    const answers = keys.map(key => this.#compareHere(key, bound))
    const open = answers.flatMap((answer, n) => (answer === null ? [n] : []))
    for (let from = 0; from < open.length; from += AT_ONCE) {
      const part = open.slice(from, from + AT_ONCE)
      const said = await this.#ask(
        part.map(n => keys[n]!),
        bound,
      )
      part.forEach((n, place) => {
        answers[n] = said[place]!
      })
    }
    return answers.map(answer => answer === true)
  }

  async close(): Promise<void> {
    const asked = this.#asked
    this.#asked = null
    // One that could not be opened has nothing to close; who asked was told.
    await asked?.then(
      ({ session }) => session.close(),
      () => undefined,
    )
  }

  /** Null: only the source can tell. */
  #compareHere(key: KeyBound, bound: KeyBound): boolean | null {
    for (let n = 0; n < this.#key.length; n++) {
      if (key[n] === bound[n]) continue
      const order = compareLiterals(this.#key[n]!, key[n]!, bound[n]!)
      if (order === null) return null
      if (order !== 0) return order < 0
    }
    return true
  }

  async #ask(keys: readonly KeyBound[], bound: KeyBound): Promise<boolean[]> {
    this.#asked ??= this.#open()
    const asked = this.#asked
    try {
      const { session, collations } = await asked
      const terms = keys.map((key, n) => `${this.#atMost(key, bound, collations)} AS a${n}`)
      const [row] = await session.query(`SELECT ${terms.join(', ')}`)
      return keys.map((_, n) => row?.[`a${n}`] === '1')
    } catch (error) {
      if (this.#asked === asked) await this.close()
      throw readFailure(error, tableName(this.#schema))
    }
  }

  async #open(): Promise<Asked> {
    const { session } = await openReadSession(this.#address, '+00:00')
    try {
      const { schema, table } = this.#schema
      const rows = await session.query(
        'SELECT COLUMN_NAME AS name, COLLATION_NAME AS collation_name FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?',
        [schema, table],
      )
      return { session, collations: new Map(rows.map(row => [row.name ?? '', row.collation_name ?? null])) }
    } catch (error) {
      await session.close()
      throw error
    }
  }

  #atMost(key: KeyBound, bound: KeyBound, collations: Collations): string {
    let condition = ''
    for (let n = this.#key.length - 1; n >= 0; n--) {
      const column = this.#key[n]!
      const [own, other] = [key[n]!, bound[n]!].map(literal => typed(column, literal, collations))
      if (condition === '') condition = `${own} <= ${other}`
      else condition = `(${own} < ${other} OR (${own} = ${other} AND ${condition}))`
    }
    return condition
  }
}

type Collations = ReadonlyMap<string, string | null>

interface Asked {
  readonly session: SourceSession
  readonly collations: Collations
}

/** Negative, 0 or positive; null when the source has to be asked. */
function compareLiterals(column: SourceColumn, a: string, b: string): number | null {
  if (isWholeNumber(column)) return compareWholeNumbers(a, b)
  // x'…' with capital digits: in the order of the bytes, the shorter first.
  if (keyForm(column) === 'bytes' && column.charset === null) return compareTexts(a.slice(2, -1), b.slice(2, -1))
  const isDate = column.dataType === 'date' || column.dataType === 'datetime' || column.dataType === 'timestamp'
  // Of one width, years first.
  return isDate && a.length === b.length ? compareTexts(a, b) : null
}

function compareWholeNumbers(a: string, b: string): number {
  const [isLess, isLessToo] = [a.startsWith('-'), b.startsWith('-')]
  if (isLess !== isLessToo) return isLess ? -1 : 1
  const order = a.length !== b.length ? a.length - b.length : compareTexts(a, b)
  return isLess ? -order : order
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** A literal that is compared as the column's values are; alone it would have its character set's default collation, or none of these types. */
function typed(column: SourceColumn, literal: string, collations: Collations): string {
  if (column.charset !== null && keyForm(column) === 'bytes') {
    const collation = collations.get(column.name)
    return collation == null ? literal : `CONVERT(${literal} USING ${column.charset}) COLLATE ${collation}`
  }
  switch (column.dataType) {
    case 'date':
      return `CAST(${literal} AS DATE)`
    case 'datetime':
    case 'timestamp':
      return `CAST(${literal} AS DATETIME(6))`
    case 'time':
      return `CAST(${literal} AS TIME(6))`
    case 'uuid':
    case 'inet4':
    case 'inet6':
      return `CAST(${literal} AS ${column.dataType.toUpperCase()})`
    default:
      return literal
  }
}
