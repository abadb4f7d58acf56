import type { Random } from './random.js'

const KEYS = ['a', 'b', 'c', 'a key', 'q"uote', 'é', 'back\\slash', '', 'dotted.key', '😀', '1st', 'x'.repeat(40)]
const FUNCTIONS = [
  'json_set',
  'json_set',
  'json_replace',
  'json_remove',
  'json_insert',
  'json_array_insert',
  'json_array_append',
]

type Value = string | { readonly [key: string]: Value } | readonly Value[]

/** SQL of random JSON documents, and of random changes to them. */
export class RandomJson {
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  document(): string {
    return `json_extract(json_array(${this.#render(this.#value(4))}), '$[0]')`
  }

  /** Changes one row, or those that `where` names. */
  update(table: string, rows: number, where = `id = ${this.#random.below(rows)}`): string {
    const sets: string[] = []
    if (this.#random.below(3) === 0) sets.push('n = n + 1')
    if (this.#random.below(4) > 0) sets.push(`a = ${this.#change('a')}`)
    if (sets.length === 0 || this.#random.below(2) === 0) sets.push(`b = ${this.#change('b')}`)
    return `update ${table} set ${sets.join(', ')} where ${where}`
  }

  #change(column: string): string {
    if (this.#random.below(40) === 0) return this.document()
    if (this.#random.below(60) === 0) return 'null'
    const call = this.#pick(FUNCTIONS)
    const count = 1 + this.#random.below(3)
    let source = column
    if (call === 'json_array_insert')
      return `json_array_insert(${column}, ${this.#path(true)}, ${this.#render(this.#value(2))})`
    const parts: string[] = []
    for (let i = 0; i < count; i++)
      parts.push(call === 'json_remove' ? this.#path(false) : `${this.#path(false)}, ${this.#render(this.#value(2))}`)
    if (this.#random.below(3) === 0)
      source = `json_set(${column}, ${this.#path(false)}, ${this.#render(this.#value(1))})`
    return `${call}(${source}, ${parts.join(', ')})`
  }

  #path(endsInCell: boolean): string {
    let path = '$'
    for (let legs = 1 + this.#random.below(3); legs > 0; legs--) {
      if (!(legs === 1 && endsInCell) && this.#random.below(2) === 0) path += `.${JSON.stringify(this.#pick(KEYS))}`
      else path += this.#pick(['[0]', '[1]', '[2]', '[5]', '[last]', '[last-1]'])
    }
    return literal(path)
  }

  /** A value as SQL (a string), or a container of values. */
  #value(depth: number): Value {
    const kind = this.#random.below(depth === 0 ? 12 : 20)
    if (kind >= 16)
      return Object.fromEntries(
        KEYS.filter(() => this.#random.below(2) === 0).map(key => [key, this.#value(depth - 1)]),
      )
    if (kind >= 12) return Array.from({ length: this.#random.below(6) }, () => this.#value(depth - 1))
    return this.#pick([
      `cast('null' as json)`,
      `cast('true' as json)`,
      String(this.#random.below(70_000) - 35_000),
      String(this.#random.below(2 ** 31) * 2 - 2 ** 31),
      '-9223372036854775808',
      '18446744073709551615',
      `${this.#random.below(1000)}.${this.#random.below(1000)}e${this.#random.below(40) - 20}`,
      `cast('${this.#random.below(10 ** 6)}.12345678901234567890' as decimal(40,20))`,
      literal('text '.repeat(this.#random.below(40))),
      `cast('2024-02-29 01:02:03.45' as datetime(6))`,
      `cast(x'00${'ff'.repeat(this.#random.below(60))}' as binary)`,
      this.#random.below(20) === 0 ? `repeat('z', ${30_000 + this.#random.below(50_000)})` : `'short'`,
    ])
  }

  #render(value: Value): string {
    if (typeof value === 'string') return value
    if (Array.isArray(value)) return `json_array(${value.map(one => this.#render(one)).join(', ')})`
    return `json_object(${Object.entries(value)
      .flatMap(([key, one]) => [literal(key), this.#render(one)])
      .join(', ')})`
  }

  #pick<T>(all: readonly T[]): T {
    return all[this.#random.below(all.length)]!
  }
}

function literal(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}
