import { keyExpression } from '../binlog/key-literal.js'
import { textValue } from '../binlog/text-value.js'
import { type SourceColumn, type TableSchema, tableName } from '../model/schema.js'
import { isUtf8 } from '../model/source-sql.js'
import { bytesExpression, snapshotExpression } from '../starrocks/type-map.js'
import type { WrittenRow } from './fixture.js'
import { FixtureProblem } from './fixture-problem.js'
import { storedText } from './stored-text.js'

/** A row of the source: the stored value of each column. */
export type SourceRow = ReadonlyMap<string, string | Buffer | null>

/** The rows of one source table while a test runs. */
export class SourceRows {
  readonly #schema: TableSchema
  #rows: SourceRow[] = []

  constructor(schema: TableSchema) {
    this.#schema = schema
  }

  /** Columns that are not named have their default. */
  insert(written: WrittenRow): SourceRow {
    this.#refuseUnknown(written)
    const row = new Map(
      this.#schema.columns.map(column => [
        column.name,
        Object.hasOwn(written, column.name) ? storedText(column, written[column.name]) : defaultOf(column),
      ]),
    )
    const { key } = this.#schema
    if (key.length > 0 && this.#rows.some(other => key.every(name => isSame(other.get(name), row.get(name)))))
      throw new FixtureProblem(`${tableName(this.#schema)} has a row with this key already; write update`)
    this.#rows.push(row)
    return row
  }

  update(written: WrittenRow, where: WrittenRow | null): { readonly before: SourceRow; readonly after: SourceRow } {
    this.#refuseUnknown(written)
    const before = this.#find(written, where)
    const after = new Map(before)
    for (const column of this.#schema.columns)
      if (Object.hasOwn(written, column.name)) after.set(column.name, storedText(column, written[column.name]))
    this.#rows = this.#rows.map(row => (row === before ? after : row))
    return { before, after }
  }

  delete(written: WrittenRow, where: WrittenRow | null): SourceRow {
    const row = this.#find(written, where ?? written)
    this.#rows = this.#rows.filter(other => other !== row)
    return row
  }

  /** As a SELECT of these expressions gives it. Throws FixtureProblem for a value that fixtures cannot give. */
  image(row: SourceRow, expressions: readonly string[]): Buffer {
    return Buffer.concat(
      expressions.map(expression => {
        for (const column of this.#schema.columns) {
          const value = row.get(column.name) ?? null
          if (expression === snapshotExpression(column)) return textValue(shown(column, value))
          if (expression === keyExpression(column)) return textValue(compared(column, value))
          if (expression === bytesExpression(column)) return textValue(ownBytes(column, value))
        }
        throw new FixtureProblem(`the rule reads ${expression}, which a fixture cannot give`)
      }),
    )
  }

  #find(written: WrittenRow, where: WrittenRow | null): SourceRow {
    const by = where ?? Object.fromEntries(this.#schema.key.map(name => [name, written[name]]))
    this.#refuseUnknown(by)
    const missing = Object.entries(by).find(([, value]) => value === undefined)
    if (missing !== undefined || Object.keys(by).length === 0)
      throw new FixtureProblem(
        `an update or delete of ${tableName(this.#schema)} must tell its row by ${this.#schema.key.join(', ') || 'where = { … }'}`,
      )
    const wanted = this.#schema.columns.flatMap(column =>
      Object.hasOwn(by, column.name) ? [[column.name, storedText(column, by[column.name])] as const] : [],
    )
    const found = this.#rows.find(row => wanted.every(([name, value]) => isSame(row.get(name), value)))
    if (found !== undefined) return found
    throw new FixtureProblem(
      `${tableName(this.#schema)} has no row ${JSON.stringify(by)}: insert it before, or put it into snapshot`,
    )
  }

  #refuseUnknown(written: WrittenRow): void {
    const { columns } = this.#schema
    const unknown = Object.keys(written).find(name => !columns.some(column => column.name === name))
    if (unknown !== undefined)
      throw new FixtureProblem(
        `${tableName(this.#schema)} has no column ${unknown}; it has ${columns.map(column => column.name).join(', ')}`,
      )
  }
}

function isSame(a: string | Buffer | null | undefined, b: string | Buffer | null | undefined): boolean {
  if (a == null || b == null) return a == null && b == null
  return Buffer.from(a).equals(Buffer.from(b))
}

function defaultOf(column: SourceColumn): string | Buffer | null {
  const { name, columnType, nullable, defaultValue } = column
  if (defaultValue?.kind === 'text') return storedText(column, defaultValue.text)
  if (nullable) return null
  throw new FixtureProblem(
    `column ${name} (${columnType}) is NOT NULL and has no default: the row must give it a value`,
  )
}

function shown(column: SourceColumn, value: string | Buffer | null): Buffer | null {
  if (value === null || Buffer.isBuffer(value)) return value
  return column.dataType === 'geometry' || column.dataType === 'vector' ? refuse(column) : Buffer.from(value)
}

/** ENUM and SET by their number, other charsets by their own bytes. */
function compared(column: SourceColumn, value: string | Buffer | null): Buffer | null {
  if (typeof value !== 'string') return value
  const { dataType, members } = column
  if (dataType === 'enum') return Buffer.from(String(members.indexOf(value) + 1))
  if (dataType === 'set') {
    const bits = value === '' ? [] : value.split(',').map(label => 1n << BigInt(members.indexOf(label)))
    return Buffer.from(String(bits.reduce((sum, bit) => sum | bit, 0n)))
  }
  return ownBytes(column, value)
}

function ownBytes(column: SourceColumn, value: string | Buffer | null): Buffer | null {
  if (typeof value !== 'string') return value
  if (column.charset === null || isUtf8(column.charset) || /^[\0-\x7f]*$/.test(value)) return Buffer.from(value)
  return column.charset === 'latin1' ? Buffer.from(value, 'latin1') : refuse(column)
}

function refuse({ name, columnType }: SourceColumn): never {
  throw new FixtureProblem(`a fixture cannot give column ${name} (${columnType}) this value`)
}
