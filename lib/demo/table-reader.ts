import type { Connection } from 'mysql2/promise'
import { Failure } from '../model/failure.js'
import { canonicalValue, type ValueKind, valueKind } from '../verify/canonical-value.js'

export type Flavour = 'mysql' | 'starrocks'

export interface TableName {
  readonly schema: string
  readonly table: string
}

/** A row in canonical form; `undefined` stands for NULL. The key's values come first in `key`, all columns in `values`. */
export interface CanonicalRow {
  readonly key: readonly string[]
  readonly values: ReadonlyArray<string | undefined>
}

export interface ReadColumn {
  readonly name: string
  /** The side's own DATA_TYPE. */
  readonly dataType: string
  /** Kind of the *source* column: both sides are brought to its form. */
  readonly kind: ValueKind
}

/** StarRocks has the function current_version(); MySQL and MariaDB do not know it. */
export async function detectFlavour(connection: Connection): Promise<Flavour> {
  try {
    await connection.query('select current_version()')
    return 'starrocks'
  } catch (error) {
    const code = (error as { errno?: number }).errno
    // 1305: function does not exist, 1046: no database chosen in which it could exist, 1630: MariaDB's form of 1305.
    if (code === 1305 || code === 1046 || code === 1630) return 'mysql'
    throw error
  }
}

/** Columns of a table in their order, name to DATA_TYPE (lower case, without length). Fails when the table is not there. */
export async function readColumnTypes(
  connection: Connection,
  { schema, table }: TableName,
): Promise<Map<string, string>> {
  const [rows] = await connection.query({
    sql: `select column_name, data_type from information_schema.columns
      where table_schema = ${connection.escape(schema)} and table_name = ${connection.escape(table)} order by ordinal_position`,
    rowsAsArray: true,
  })
  const types = new Map(
    (rows as unknown as Array<[string, string]>).map(([name, type]) => [
      name,
      String(type)
        .toLowerCase()
        .replace(/[^a-z0-9].*$/s, ''),
    ]),
  )
  if (types.size === 0) throw new Failure('targetUnfit', `compare: table ${schema}.${table} is not there`)
  return types
}

/** Reads one table in the order of its key, a chunk at a time, so that memory does not grow with the table. */
export class TableReader {
  readonly #connection: Connection
  readonly #flavour: Flavour
  readonly #name: TableName
  readonly #columns: readonly ReadColumn[]
  readonly #key: readonly ReadColumn[]
  readonly #chunkRows: number

  constructor(
    options: {
      flavour: Flavour
      name: TableName
      columns: readonly ReadColumn[]
      key: readonly string[]
      chunkRows: number
    },
    connection: Connection,
  ) {
    this.#connection = connection
    this.#flavour = options.flavour
    this.#name = options.name
    this.#columns = options.columns
    this.#chunkRows = options.chunkRows
    this.#key = options.key.map(name => {
      const column = options.columns.find(column => column.name === name)
      if (column === undefined) throw new Failure('configInvalid', `compare: key ${name} is not among the columns`)
      if (column.kind === 'float' || column.kind === 'double' || column.kind === 'json')
        throw new Failure('configInvalid', `compare: a key of type ${column.dataType} (${name}) has no common order`)
      return column
    })
  }

  /** Rows in ascending order of the key. Fails rather than give a wrong verdict when the server's order is another. */
  async *rows(): AsyncGenerator<CanonicalRow> {
    const order = this.#key.map(column => this.#orderTerm(column))
    const select = [
      ...order.map((term, n) => `${term} as k${n}`),
      ...this.#columns.map((column, n) => `${this.#value(column)} as c${n}`),
    ]
    let after: string[] | undefined
    let previous: readonly string[] | undefined
    for (;;) {
      const where = after === undefined ? '' : ` where ${this.#behind(order, after)}`
      const [chunk] = await this.#connection.query({
        sql: `select ${select.join(', ')} from ${id(this.#name.schema)}.${id(this.#name.table)}${where} order by ${order.join(', ')} limit ${this.#chunkRows}`,
        rowsAsArray: true,
        typeCast: field => field.buffer(),
      })
      const found = chunk as unknown as Array<Array<Buffer | null>>
      for (const row of found) {
        after = row.slice(0, order.length).map(value => text(value) ?? '')
        const values = this.#columns.map((column, n) => this.#canonical(column, text(row[order.length + n]!)))
        const key = this.#key.map((column, n) => this.#canonicalKey(column, after![n]!))
        if (previous !== undefined && compareKeys(this.#key, previous, key) >= 0)
          throw new Failure(
            'internal',
            `compare: ${this.#name.table} gave key ${key.join(', ')} after ${previous.join(', ')}`,
          )
        previous = key
        yield { key, values }
      }
      if (found.length < this.#chunkRows) return
    }
  }

  compareKeys(left: readonly string[], right: readonly string[]): number {
    return compareKeys(this.#key, left, right)
  }

  /** `(a, b) > (x, y)`, spelled out: the row form is not optimised everywhere and not known everywhere. */
  #behind(order: readonly string[], after: readonly string[]): string {
    const literals = this.#key.map((column, n) => this.#literal(column, after[n]!))
    return order
      .map((term, n) => {
        const same = order.slice(0, n).map((earlier, m) => `${earlier} = ${literals[m]}`)
        return `(${[...same, `${term} > ${literals[n]}`].join(' and ')})`
      })
      .join(' or ')
  }

  #literal(column: ReadColumn, value: string): string {
    if (column.kind === 'integer') return value
    // Ordered as bytes on MySQL, so the literal is bytes too; collations would see equal what differs.
    if (this.#flavour === 'mysql' && !inOrder(column)) return `x'${Buffer.from(value, 'utf8').toString('hex')}'`
    return this.#connection.escape(value)
  }

  /** The expression that is sorted by: numbers and moments by value, all others by the bytes of their text. */
  #orderTerm(column: ReadColumn): string {
    if (column.kind === 'integer') return this.#value(column)
    const name = id(column.name)
    if (this.#flavour === 'starrocks') return column.kind === 'decimal' ? `cast(${name} as varchar)` : name
    if (inOrder(column)) return name
    if (isBinary(column.dataType)) return `cast(replace(to_base64(${name}), '\\n', '') as binary)`
    return `cast(convert(cast(${name} as char) using utf8mb4) as binary)`
  }

  #value(column: ReadColumn): string {
    const name = id(column.name)
    if (column.kind === 'bytes' && isBinary(column.dataType)) return `hex(${name})`
    if (this.#flavour === 'starrocks') return name
    if (column.dataType === 'bit') return `cast(${name} as unsigned)`
    // MySQL prints a FLOAT with six digits only; as DOUBLE it is exact.
    if (column.dataType === 'float') return `cast(${name} as double)`
    return name
  }

  #canonical(column: ReadColumn, value: string | undefined): string | undefined {
    if (value === undefined) return undefined
    // Bytes in a text column stand there in base64.
    if (column.kind === 'bytes' && !isBinary(column.dataType))
      return Buffer.from(value, 'base64').toString('base64') === value ? hex(value) : `not base64: ${value}`
    return canonicalValue(column.kind, value)
  }

  #canonicalKey(column: ReadColumn, value: string): string {
    return column.kind === 'bytes' || column.kind === 'decimal' ? value : canonicalValue(column.kind, value)
  }
}

/** By value for integers, by bytes of UTF-8 for everything else. */
function compareKeys(columns: readonly ReadColumn[], left: readonly string[], right: readonly string[]): number {
  for (const [n, column] of columns.entries()) {
    const [a, b] = [left[n]!, right[n]!]
    if (a === b) continue
    if (column.kind === 'integer') return BigInt(a) < BigInt(b) ? -1 : 1
    return Buffer.compare(Buffer.from(a), Buffer.from(b))
  }
  return 0
}

/** Types whose own order is that of their text. TIME is not among them: it has a sign and two or three digits of hours. */
function inOrder(column: ReadColumn): boolean {
  return column.dataType === 'date' || column.dataType === 'datetime' || column.dataType === 'timestamp'
}

function isBinary(dataType: string): boolean {
  return valueKind(dataType) === 'bytes'
}

function hex(base64: string): string {
  return Buffer.from(base64, 'base64').toString('hex').toUpperCase()
}

function id(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

function text(value: Buffer | null): string | undefined {
  return value === null ? undefined : value.toString('utf8')
}
