/**
 * JSON text as StarRocks prints a JSON column: object keys sorted, `", "` and `": "` between parts. Numbers keep their digits;
 * strings are escaped again in the shortest form.
 * @throws SyntaxError when the text is not JSON.
 */
export function normaliseJson(text: string): string {
  const reader = new JsonReader(text)
  const result = reader.value()
  reader.end()
  return result
}

class JsonReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  value(): string {
    this.#skipSpaces()
    const char = this.#text[this.#at]
    if (char === '{') return this.#object()
    if (char === '[') return this.#array()
    if (char === '"') return JSON.stringify(this.#string())
    const scalar = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)/y
    scalar.lastIndex = this.#at
    const match = scalar.exec(this.#text)
    if (match === null) throw this.#error()
    this.#at += match[0].length
    return match[0]
  }

  end(): void {
    this.#skipSpaces()
    if (this.#at < this.#text.length) throw this.#error()
  }

  #object(): string {
    const members: { key: string; text: string }[] = []
    this.#take('{')
    if (!this.#accept('}')) {
      do {
        this.#skipSpaces()
        const key = this.#string()
        this.#take(':')
        members.push({ key, text: `${JSON.stringify(key)}: ${this.value()}` })
      } while (this.#accept(','))
      this.#take('}')
    }
    members.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    return `{${members.map(member => member.text).join(', ')}}`
  }

  #array(): string {
    const items: string[] = []
    this.#take('[')
    if (!this.#accept(']')) {
      do items.push(this.value())
      while (this.#accept(','))
      this.#take(']')
    }
    return `[${items.join(', ')}]`
  }

  #string(): string {
    const start = this.#at
    this.#take('"')
    for (;;) {
      const char = this.#text[this.#at]
      if (char === undefined) throw this.#error()
      this.#at += char === '\\' ? 2 : 1
      if (char === '"') return JSON.parse(this.#text.slice(start, this.#at)) as string
    }
  }

  #accept(char: string): boolean {
    this.#skipSpaces()
    if (this.#text[this.#at] !== char) return false
    this.#at++
    return true
  }

  #take(char: string): void {
    if (!this.#accept(char)) throw this.#error()
  }

  #skipSpaces(): void {
    while (this.#at < this.#text.length && this.#text.charCodeAt(this.#at) <= 32) this.#at++
  }

  #error(): SyntaxError {
    return new SyntaxError(`no JSON at character ${this.#at}`)
  }
}
