/** A stretch of the text, end exclusive, in UTF-16 units. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Where a key and its value stand; for a table header or an array element, both are the same span. */
export interface Place {
  readonly path: Path
  readonly key: Span
  readonly value: Span
}

export type Path = readonly (string | number)[]

/** Where everything in a TOML text stands, so that a message can point at it. */
export interface TomlPlaces {
  /** The place of exactly this path, or null. Blocks are numbered: ["source", 0, "tables", 1]. */
  find(path: Path): Place | null
  /** Keys and headers that stand there twice: the second place, with the first. */
  readonly duplicates: readonly { readonly first: Place; readonly second: Place }[]
  /** All `key = value` places in text order, those inside inline tables included. */
  readonly entries: readonly Place[]
}

/**
 * Finds the places in a TOML text. It does not judge: text that is not TOML gives places as far as lines can be
 * understood, and never an error (the parser reports those).
 */
export function scanTomlPlaces(text: string): TomlPlaces {
  return new Scanner(text).run()
}

class Scanner {
  readonly #text: string
  #at = 0
  readonly #places = new Map<string, Place>()
  readonly #entries: Place[] = []
  readonly #duplicates: { first: Place; second: Place }[] = []
  readonly #blockCounts = new Map<string, number>()

  constructor(text: string) {
    this.#text = text
  }

  run(): TomlPlaces {
    let base: Path = []
    while (this.#skipBlank()) {
      if (this.#text[this.#at] === '[') base = this.#header() ?? base
      else if (!this.#entry(base)) this.#skipLine()
    }
    const places = this.#places
    return {
      find: path => places.get(idOf(path)) ?? null,
      duplicates: this.#duplicates,
      entries: this.#entries,
    }
  }

  /** `[name]` or `[[name]]`; its path with block numbers, or null when it cannot be read. */
  #header(): Path | null {
    const start = this.#at
    const block = this.#text.startsWith('[[', start)
    this.#at += block ? 2 : 1
    const names = this.#dottedKey()
    if (names === null || this.#text[this.#at] !== ']') {
      this.#skipLine()
      return null
    }
    this.#at += block ? 2 : 1
    const span = { start, end: this.#at }
    const parent = this.#numbered(names.slice(0, -1))
    const path = [...parent, names.at(-1)!]
    if (!block) {
      const inBlock = this.#numbered(names)
      const isNew = this.#record({ path: inBlock, key: span, value: span }, true)
      return isNew ? inBlock : [...inBlock, this.#duplicates.length]
    }
    const count = this.#blockCounts.get(idOf(path)) ?? 0
    this.#blockCounts.set(idOf(path), count + 1)
    if (count === 0) this.#record({ path, key: span, value: span }, false)
    const numbered = [...path, count]
    this.#record({ path: numbered, key: span, value: span }, false)
    return numbered
  }

  /** Inserts the number of the current block behind every name that is an array of blocks. */
  #numbered(names: Path): Path {
    let path: Path = []
    for (const name of names) {
      path = [...path, name]
      const count = this.#blockCounts.get(idOf(path))
      if (count !== undefined) path = [...path, count - 1]
    }
    return path
  }

  /** `key = value`; false when it cannot be read. */
  #entry(base: Path): boolean {
    const start = this.#at
    const names = this.#dottedKey()
    if (names === null) return false
    const key = { start, end: this.#trimmedEnd(start) }
    if (this.#text[this.#at] !== '=') return false
    this.#at += 1
    this.#skipSpaces()
    const path = [...base, ...names]
    const valueStart = this.#at
    this.#value(path)
    const place = { path, key, value: { start: valueStart, end: this.#at } }
    this.#record(place, true)
    this.#entries.push(place)
    return true
  }

  #value(path: Path): void {
    const start = this.#at
    const c = this.#text[start]
    if (c === '"' || c === "'") this.#string(c)
    else if (c === '[') this.#array(path)
    else if (c === '{') this.#inlineTable(path)
    else {
      while (this.#at < this.#text.length && !/[,\]}\r\n#]/.test(this.#text[this.#at]!)) this.#at++
      this.#at = this.#trimmedEnd(start)
    }
  }

  #string(quote: string): void {
    const triple = quote.repeat(3)
    const long = this.#text.startsWith(triple, this.#at)
    this.#at += long ? 3 : 1
    while (this.#at < this.#text.length) {
      if (long ? this.#text.startsWith(triple, this.#at) : this.#text[this.#at] === quote) {
        this.#at += long ? 3 : 1
        while (long && this.#text[this.#at] === quote) this.#at++
        return
      }
      if (!long && this.#text[this.#at] === '\n') return
      this.#at += quote === '"' && this.#text[this.#at] === '\\' ? 2 : 1
    }
    this.#at = this.#text.length
  }

  #array(path: Path): void {
    this.#at++
    for (let index = 0; this.#skipBlank() && this.#text[this.#at] !== ']'; ) {
      if (this.#text[this.#at] === ',') {
        this.#at++
        index++
        continue
      }
      const start = this.#at
      this.#value([...path, index])
      if (this.#at === start) return
      const span = { start, end: this.#at }
      this.#record({ path: [...path, index], key: span, value: span }, false)
    }
    this.#at = Math.min(this.#at + 1, this.#text.length)
  }

  #inlineTable(path: Path): void {
    this.#at++
    while (this.#skipBlank() && this.#text[this.#at] !== '}') {
      if (this.#text[this.#at] === ',') this.#at++
      else if (!this.#entry(path)) return
    }
    this.#at = Math.min(this.#at + 1, this.#text.length)
  }

  /** Names up to `=` or `]`, or null. */
  #dottedKey(): string[] | null {
    const names: string[] = []
    for (;;) {
      this.#skipSpaces()
      const start = this.#at
      const c = this.#text[start]
      if (c === '"' || c === "'") {
        this.#string(c)
        names.push(this.#text.slice(start + 1, this.#at - 1))
      } else {
        while (/[\w-]/.test(this.#text[this.#at] ?? '')) this.#at++
        if (this.#at === start) return null
        names.push(this.#text.slice(start, this.#at))
      }
      this.#skipSpaces()
      if (this.#text[this.#at] !== '.') return names
      this.#at++
    }
  }

  /** False when the path had a place already. */
  #record(place: Place, unique: boolean): boolean {
    const id = idOf(place.path)
    const first = this.#places.get(id)
    if (first === undefined) this.#places.set(id, place)
    else if (unique) this.#duplicates.push({ first, second: place })
    return first === undefined
  }

  /** To the next character that is neither white space nor comment; false at the end. */
  #skipBlank(): boolean {
    for (;;) {
      while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++
      if (this.#text[this.#at] !== '#') return this.#at < this.#text.length
      this.#skipLine()
    }
  }

  #skipSpaces(): void {
    while (this.#text[this.#at] === ' ' || this.#text[this.#at] === '\t') this.#at++
  }

  #skipLine(): void {
    const end = this.#text.indexOf('\n', this.#at)
    this.#at = end === -1 ? this.#text.length : end + 1
  }

  #trimmedEnd(least: number): number {
    let end = this.#at
    while (end > least && /[ \t]/.test(this.#text[end - 1]!)) end--
    return end
  }
}

function idOf(path: Path): string {
  return path.map(part => (typeof part === 'number' ? `#${part}` : `.${part}`)).join('\0')
}
