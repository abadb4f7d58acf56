import { type ColumnType, nestedType, scalarType, typeBaseOf } from './column-type.js'
import { analyzingError } from './sql-error.js'
import { TokenReader } from './token-reader.js'

/**
 * Parses a type from its text, e.g. "VARCHAR(20)" or "array<int>".
 * @throws SqlError 1064 when it is no StarRocks type.
 */
export function parseColumnType(text: string): ColumnType {
  const reader = new TokenReader(text)
  const type = readColumnType(reader)
  reader.end()
  return type
}

/** Reads a type at the reader's place. */
export function readColumnType(reader: TokenReader): ColumnType {
  const word = reader.name()
  const base = typeBaseOf(word)
  if (base === undefined) throw analyzingError(`Unsupported data type: ${word}`)
  if ((base === 'array' || base === 'map' || base === 'struct') && reader.is('<')) {
    const closing = new ClosingAngles(reader)
    return readNested(reader, base, closing)
  }
  return readScalar(reader, word)
}

function readScalar(reader: TokenReader, word: string): ColumnType {
  const numbers: number[] = []
  if (reader.accept('(')) {
    do {
      // VARCHAR(*) is the longest VARCHAR.
      numbers.push(reader.accept('*') ? 1_048_576 : reader.integer())
    } while (reader.accept(','))
    reader.expect(')')
  }
  return scalarType(word, numbers)
}

/** Counts `>` one by one, although the lexer reads `>>` as one operator. */
class ClosingAngles {
  readonly #reader: TokenReader
  #left = 0

  constructor(reader: TokenReader) {
    this.#reader = reader
  }

  expect(): void {
    if (this.#left > 0) this.#left--
    else if (this.#reader.accept('>>')) this.#left = 1
    else this.#reader.expect('>')
  }
}

function readNested(reader: TokenReader, base: 'array' | 'map' | 'struct', closing: ClosingAngles): ColumnType {
  reader.expect('<')
  const children: { name: string; type: ColumnType }[] = []
  do {
    const name = base === 'struct' ? reader.name() : ''
    if (base === 'struct') reader.accept(':')
    const word = reader.name()
    const child = typeBaseOf(word)
    const nested = child === 'array' || child === 'map' || child === 'struct'
    children.push({ name, type: nested ? readNested(reader, child, closing) : readScalar(reader, word) })
  } while (reader.accept(','))
  closing.expect()
  if (base === 'array' && children.length !== 1) throw analyzingError('array takes one type')
  if (base === 'map' && children.length !== 2) throw analyzingError('map takes two types')
  return nestedType(base, children)
}
