/** How the values of a column are compared; decided by the source column's type alone. */
export type ValueKind = 'integer' | 'decimal' | 'float' | 'double' | 'moment' | 'bytes' | 'json' | 'text'

const KINDS: Readonly<Record<string, ValueKind>> = {
  tinyint: 'integer',
  smallint: 'integer',
  mediumint: 'integer',
  int: 'integer',
  bigint: 'integer',
  largeint: 'integer',
  boolean: 'integer',
  bit: 'integer',
  year: 'integer',
  decimal: 'decimal',
  float: 'float',
  double: 'double',
  date: 'moment',
  datetime: 'moment',
  timestamp: 'moment',
  time: 'moment',
  json: 'json',
  binary: 'bytes',
  varbinary: 'bytes',
  tinyblob: 'bytes',
  blob: 'bytes',
  mediumblob: 'bytes',
  longblob: 'bytes',
  geometry: 'bytes',
  point: 'bytes',
  linestring: 'bytes',
  polygon: 'bytes',
  multipoint: 'bytes',
  multilinestring: 'bytes',
  multipolygon: 'bytes',
  geometrycollection: 'bytes',
  geomcollection: 'bytes',
  vector: 'bytes',
}

/** The kind for a DATA_TYPE of information_schema; what has no row is text, compared byte by byte. */
export function valueKind(dataType: string): ValueKind {
  return (Object.hasOwn(KINDS, dataType) ? KINDS[dataType] : undefined) ?? 'text'
}

/**
 * The one form in which two texts are equal exactly when they mean the same value of the kind.
 *
 * Text stays as it is. Bytes arrive as upper-case hexadecimal digits. A text that is no value of the kind stays as it
 * is behind a mark, so that it equals only itself. NULL is not a text and never gets here.
 */
export function canonicalValue(kind: ValueKind, text: string): string {
  switch (kind) {
    case 'integer':
      return /^-?\d+$/.test(text) ? BigInt(text).toString() : stray(text)
    case 'decimal':
      return canonicalDecimal(text) ?? stray(text)
    case 'float':
      return canonicalFloat(text) ?? stray(text)
    case 'double':
      return NUMBER.test(text) ? String(Number(text)) : stray(text)
    case 'moment':
      return canonicalMoment(text)
    case 'json':
      return canonicalJson(text) ?? stray(text)
    case 'bytes':
    case 'text':
      return text
  }
}

const NUMBER = /^-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/

function stray(text: string): string {
  return `\u0000not a value: ${text}`
}

/** Exact: digits without zeros that say nothing, and a power of ten. 1.50, 1.5 and 15e-1 are `15e-1`. */
function canonicalDecimal(text: string): string | undefined {
  const found = /^(-?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text)
  if (!found || `${found[2]}${found[3] ?? ''}` === '') return undefined
  const fraction = found[3] ?? ''
  const digits = `${found[2]}${fraction}`.replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  if (significant === '') return '0'
  const exponent = BigInt(found[4] ?? 0) - BigInt(fraction.length) + BigInt(digits.length - significant.length)
  return `${found[1]}${significant}e${exponent}`
}

/**
 * A 32-bit float is printed exactly, or with the 1 to 9 digits that lead back to it; all these mean the same value.
 * Any other number is a 64-bit value of its own.
 */
function canonicalFloat(text: string): string | undefined {
  if (!NUMBER.test(text)) return undefined
  const number = Number(text)
  const single = Math.fround(number)
  if (single === number) return `single ${single}`
  for (let digits = 1; digits <= 9; digits++) {
    const shown = Number(single.toPrecision(digits))
    if (shown === number && Math.fround(shown) === single) return `single ${single}`
  }
  return `double ${number}`
}

/** A fraction of a second says nothing by its zeros at the end: StarRocks prints none when it is zero, MySQL all its digits. */
function canonicalMoment(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

/** The document without insignificant space, members in order of name, numbers as StarRocks keeps them. */
function canonicalJson(text: string): string | undefined {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[[\]{}:,]|\S/g)
  if (tokens === null) return undefined
  try {
    // Judges the grammar, so that the walk below may rely on it.
    JSON.parse(text)
  } catch {
    // No JSON: it is compared as text then.
    return undefined
  }
  let next = 0
  const walk = (): string => {
    const token = tokens[next++]!
    if (token === '[') {
      const items: string[] = []
      for (; tokens[next] !== ']'; ) {
        items.push(walk())
        if (tokens[next] === ',') next++
      }
      next++
      return `[${items.join(',')}]`
    }
    if (token === '{') {
      // As in MySQL and StarRocks the last member of a name counts.
      const members = new Map<string, string>()
      for (; tokens[next] !== '}'; ) {
        const name = JSON.stringify(JSON.parse(tokens[next++]!))
        next++
        members.set(name, walk())
        if (tokens[next] === ',') next++
      }
      next++
      const sorted = [...members].sort((left, right) => (left[0] < right[0] ? -1 : 1))
      return `{${sorted.map(([name, value]) => `${name}:${value}`).join(',')}}`
    }
    if (token.startsWith('"')) return JSON.stringify(JSON.parse(token))
    return /^[-\d]/.test(token) ? documentNumber(token) : token
  }
  return walk()
}

const LEAST_INTEGER = -(2n ** 63n)
const GREATEST_INTEGER = 2n ** 64n - 1n

/** StarRocks keeps integers of 64 bits, signed or not, in a document; every other number becomes a DOUBLE. */
function documentNumber(token: string): string {
  if (/^-?\d+$/.test(token)) {
    const integer = BigInt(token)
    if (integer >= LEAST_INTEGER && integer <= GREATEST_INTEGER) return canonicalDecimal(token)!
  }
  return canonicalDecimal(String(Number(token)))!
}
