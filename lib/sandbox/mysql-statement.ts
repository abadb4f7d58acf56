import { lex } from './lexer.js'
import { FieldReader } from './mysql-packet.js'
import { SqlError } from './sql-error.js'
import { TokenReader } from './token-reader.js'

const UNSIGNED_FLAG = 0x80

/** A statement made by COM_STMT_PREPARE. Only queries can be prepared, as in StarRocks. */
export class PreparedStatement {
  readonly source: string
  readonly parameterCount: number
  readonly #places: readonly { readonly start: number; readonly end: number }[]
  readonly #longData = new Map<number, Buffer[]>()
  #types: readonly number[] = []

  /** @throws SqlError 1295 when the statement is no query. */
  constructor(source: string) {
    const reader = new TokenReader(source)
    if (!['SELECT', 'WITH', '('].some(word => reader.is(word)))
      throw new SqlError(1295, 'This command is not supported in the prepared statement protocol yet')
    this.source = source
    this.#places = lex(source).filter(token => token.kind === 'parameter')
    this.parameterCount = this.#places.length
  }

  /** The statement with every parameter replaced by this literal, to learn its columns. */
  describeWith(literal: string): string {
    return this.#fill(this.#places.map(() => literal))
  }

  /** COM_STMT_SEND_LONG_DATA */
  addLongData(parameter: number, bytes: Buffer): void {
    const pieces = this.#longData.get(parameter) ?? []
    this.#longData.set(parameter, [...pieces, Buffer.from(bytes)])
  }

  resetLongData(): void {
    this.#longData.clear()
  }

  /** The statement with the values of a COM_STMT_EXECUTE as literals. Types are kept between executions. */
  bind(payload: Buffer): string {
    const reader = new FieldReader(payload, 10)
    if (this.parameterCount === 0) return this.source
    const nulls = reader.bytes((this.parameterCount + 7) >> 3)
    if (reader.uint(1) === 1) this.#types = this.#places.map(() => reader.uint(1) | (reader.uint(1) << 8))
    const literals = this.#places.map((_, at) => {
      if (((nulls[at >> 3] as number) >> (at & 7)) & 1) return 'NULL'
      const long = this.#longData.get(at)
      if (long !== undefined) return textLiteral(Buffer.concat(long).toString('utf8'))
      return readLiteral(reader, this.#types[at] ?? 6)
    })
    this.#longData.clear()
    return this.#fill(literals)
  }

  #fill(literals: readonly string[]): string {
    let filled = ''
    let from = 0
    this.#places.forEach((place, at) => {
      filled += this.source.slice(from, place.start) + literals[at]
      from = place.end
    })
    return filled + this.source.slice(from)
  }
}

/** One value of the binary protocol as an SQL literal; `type` is the type byte with the flag byte above it. */
function readLiteral(reader: FieldReader, type: number): string {
  const unsigned = ((type >> 8) & UNSIGNED_FLAG) !== 0
  switch (type & 0xff) {
    case 1:
      return String(unsigned ? reader.uint(1) : reader.int(1))
    case 2:
    case 13:
      return String(unsigned ? reader.uint(2) : reader.int(2))
    case 3:
    case 9:
      return String(unsigned ? reader.uint(4) : reader.int(4))
    case 4:
      return String(reader.float())
    case 5:
      return String(reader.double())
    case 6:
      return 'NULL'
    case 8:
      return String(reader.int64(unsigned))
    case 7:
    case 10:
    case 12:
      return readDateLiteral(reader)
    case 11:
      return readTimeLiteral(reader)
    case 249:
    case 250:
    case 251:
    case 252:
      return `to_binary('${reader.lengthEncoded().toString('hex')}', 'hex')`
    default:
      return textLiteral(reader.lengthEncoded().toString('utf8'))
  }
}

function readDateLiteral(reader: FieldReader): string {
  const size = reader.uint(1)
  if (size === 0) return "'0000-00-00'"
  const date = `${pad(reader.uint(2), 4)}-${pad(reader.uint(1))}-${pad(reader.uint(1))}`
  if (size === 4) return `'${date}'`
  const time = `${pad(reader.uint(1))}:${pad(reader.uint(1))}:${pad(reader.uint(1))}`
  return size === 7 ? `'${date} ${time}'` : `'${date} ${time}.${pad(reader.uint(4), 6)}'`
}

function readTimeLiteral(reader: FieldReader): string {
  const size = reader.uint(1)
  if (size === 0) return "'00:00:00'"
  const sign = reader.uint(1) === 1 ? '-' : ''
  const hours = reader.uint(4) * 24 + reader.uint(1)
  const time = `${sign}${pad(hours)}:${pad(reader.uint(1))}:${pad(reader.uint(1))}`
  return size === 8 ? `'${time}'` : `'${time}.${pad(reader.uint(4), 6)}'`
}

function textLiteral(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}

function pad(value: number, width = 2): string {
  return String(value).padStart(width, '0')
}
