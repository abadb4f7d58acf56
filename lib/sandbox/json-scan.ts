/** One JSON value found in a text: strings decoded, everything else as it was written. */
export interface JsonToken {
  readonly kind: 'string' | 'number' | 'boolean' | 'null' | 'object' | 'array'
  readonly text: string
}

/** Text that is not JSON; the message begins as StarRocks' does. */
export class JsonSyntaxError extends Error {
  constructor(detail: string, at: number) {
    super(`parse error. ${detail} at character ${at}`)
    this.name = 'JsonSyntaxError'
  }
}

const MAX_DEPTH = 512
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y
const PLAIN_STRING = /"[^"\\\x00-\x1f]*"/y

/** Reads JSON by the grammar of RFC 8259 and keeps the text of numbers, so nothing passes through a double. */
export class JsonScanner {
  readonly #text: string
  #at: number

  constructor(text: string, at = 0) {
    this.#text = text
    this.#at = at
  }

  get at(): number {
    return this.#at
  }

  /** The next character that is not white space, unread; '' at the end. */
  peek(): string {
    for (;;) {
      const c = this.#text.charCodeAt(this.#at)
      if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return this.#text[this.#at] ?? ''
      this.#at++
    }
  }

  /** Reads one of the given signs. */
  sign(expected: string): string {
    const c = this.peek()
    if (c === '' || !expected.includes(c)) this.#fail(`'${expected.split('').join("' or '")}' is missing`)
    this.#at++
    return c
  }

  /** Reads an object and hands out its members in order. */
  object(member: (key: string, value: JsonToken) => void, depth = 0): void {
    this.sign('{')
    if (this.peek() === '}') {
      this.#at++
      return
    }
    for (;;) {
      if (this.peek() !== '"') this.#fail('a key is missing')
      const key = this.#string()
      this.sign(':')
      member(key, this.value(depth + 1))
      if (this.sign(',}') === '}') return
    }
  }

  /** Reads an array and hands out its elements in order. */
  array(element: (value: JsonToken) => void, depth = 0): void {
    this.sign('[')
    if (this.peek() === ']') {
      this.#at++
      return
    }
    for (;;) {
      element(this.value(depth + 1))
      if (this.sign(',]') === ']') return
    }
  }

  /** Reads one value. */
  value(depth = 0): JsonToken {
    if (depth > MAX_DEPTH) this.#fail('too deep')
    const c = this.peek()
    const start = this.#at
    switch (c) {
      case '"':
        return { kind: 'string', text: this.#string() }
      case '{':
        this.object(() => undefined, depth)
        return { kind: 'object', text: this.#text.slice(start, this.#at) }
      case '[':
        this.array(() => undefined, depth)
        return { kind: 'array', text: this.#text.slice(start, this.#at) }
      case 't':
        return this.#word('true', 'boolean')
      case 'f':
        return this.#word('false', 'boolean')
      case 'n':
        return this.#word('null', 'null')
    }
    NUMBER.lastIndex = start
    const number = NUMBER.exec(this.#text)?.[0]
    if (number === undefined) this.#fail(c === '' ? 'unexpected end' : `unexpected '${c}'`)
    this.#at += number!.length
    return { kind: 'number', text: number! }
  }

  #word(word: string, kind: 'boolean' | 'null'): JsonToken {
    if (!this.#text.startsWith(word, this.#at)) this.#fail(`'${word}' is misspelt`)
    this.#at += word.length
    return { kind, text: word }
  }

  #string(): string {
    const start = this.#at
    PLAIN_STRING.lastIndex = start
    const plain = PLAIN_STRING.exec(this.#text)?.[0]
    if (plain !== undefined) {
      this.#at += plain.length
      return plain.slice(1, -1)
    }
    for (let at = start + 1; at < this.#text.length; at++) {
      const c = this.#text.charCodeAt(at)
      if (c === 0x5c) at++
      else if (c < 0x20) break
      else if (c === 0x22) {
        this.#at = at + 1
        return this.#unescape(this.#text.slice(start, at + 1))
      }
    }
    return this.#fail('a string does not end')
  }

  #unescape(quoted: string): string {
    try {
      return JSON.parse(quoted) as string
    } catch (error) {
      return this.#fail(`a string is malformed (${String(error)})`)
    }
  }

  #fail(detail: string): never {
    throw new JsonSyntaxError(detail, this.#at)
  }
}

/** One whole JSON value; throws a JsonSyntaxError also for anything behind it. */
export function parseJsonValue(text: string): JsonToken {
  const scanner = new JsonScanner(text)
  const value = scanner.value()
  if (scanner.peek() !== '') throw new JsonSyntaxError('unexpected text behind the value', scanner.at)
  return value
}

/** The value without white space between its parts; numbers keep their text. */
export function minifyJson(token: JsonToken): string {
  switch (token.kind) {
    case 'string':
      return JSON.stringify(token.text)
    case 'object': {
      const parts: string[] = []
      new JsonScanner(token.text).object((key, value) => {
        parts.push(`${JSON.stringify(key)}:${minifyJson(value)}`)
      })
      return `{${parts.join(',')}}`
    }
    case 'array': {
      const parts: string[] = []
      new JsonScanner(token.text).array(value => {
        parts.push(minifyJson(value))
      })
      return `[${parts.join(',')}]`
    }
    default:
      return token.text
  }
}

/**
 * The value as a JSON column stores and prints it: keys sorted by their bytes, `", "` and `": "` between the parts, integers
 * up to 64 bits exact, larger ones and fractions as doubles.
 */
export function canonicalJson(token: JsonToken): string {
  switch (token.kind) {
    case 'string':
      return JSON.stringify(token.text)
    case 'number':
      return canonicalNumber(token.text)
    case 'object': {
      const members = new Map<string, string>()
      new JsonScanner(token.text).object((key, value) => {
        if (!members.has(key)) members.set(key, canonicalJson(value))
      })
      const sorted = [...members].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      return `{${sorted.map(([key, value]) => `${JSON.stringify(key)}: ${value}`).join(', ')}}`
    }
    case 'array': {
      const parts: string[] = []
      new JsonScanner(token.text).array(value => {
        parts.push(canonicalJson(value))
      })
      return `[${parts.join(', ')}]`
    }
    default:
      return token.text
  }
}

function canonicalNumber(text: string): string {
  if (/^-?\d+$/.test(text)) {
    const integer = BigInt(text)
    if (integer >= -(1n << 63n) && integer < 1n << 64n) return integer.toString()
  }
  return String(Number(text))
}
