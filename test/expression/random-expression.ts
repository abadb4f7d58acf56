import type { Random } from '../support/random.js'
import { SAMPLE_COLUMNS } from './sample-table.js'

type Sort = 'number' | 'text' | 'date' | 'truth'

const NUMBERS = ['ti', 'su', 'i', 'iu', 'bi', 'bu', 'n', 'm', 'w', 'f', 'y']
const TEXTS = ['s', 'r', 'b', 'g']
const DATES = ['d', 'dt', 'ds']
const ALPHABET = [
  'a',
  'b',
  'c',
  'A',
  'B',
  'Z',
  'z',
  '0',
  '1',
  '9',
  ' ',
  '.',
  ',',
  '-',
  '_',
  '%',
  "''",
  'é',
  'E',
  'ö',
  '€',
  '😀',
]

/** Random expressions of the language over the sample table, and random rows for it, as they are written in SQL. */
export class RandomExpressions {
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  expression(): string {
    return this.#of(
      this.#pick(['number', 'number', 'text', 'date', 'truth', 'truth'] as const),
      1 + this.#random.below(3),
    )
  }

  row(id: number): string {
    const cells = SAMPLE_COLUMNS.map(({ name }) => (this.#random.chance(0.1) ? 'null' : this.#cell(name)))
    return `(${[id, ...cells].join(', ')})`
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#random.below(list.length)]!
  }

  #of(sort: Sort, depth: number): string {
    if (depth <= 0 || this.#random.chance(0.12)) return this.#leaf(sort)
    const number = (): string => this.#of('number', depth - 1)
    const text = (): string => this.#of('text', depth - 1)
    const date = (): string => this.#of('date', depth - 1)
    const truth = (): string => this.#of('truth', depth - 1)
    const any = (): string => this.#of(this.#pick(['number', 'text', 'date', 'truth'] as const), depth - 1)
    const small = (): string => String(this.#random.below(7) - 2)
    const unit = (): string => this.#pick(['day', 'week', 'month', 'quarter', 'year', 'hour', 'minute', 'second'])
    const forms: Record<Sort, (() => string)[]> = {
      number: [
        () => `(${number()} ${this.#pick(['+', '-', '*'])} ${number()})`,
        () => `(${number()} ${this.#pick(['/', '%'])} ${number()})`,
        () => `(${this.#exact()} div ${this.#exact()})`,
        () => `(-${number()})`,
        () => `${this.#pick(['abs', 'ceiling', 'floor', 'round', 'sign'])}(${number()})`,
        () => `${this.#pick(['round', 'truncate'])}(${number()}, ${small()})`,
        () => `${this.#pick(['char_length', 'length', 'crc32'])}(${text()})`,
        () => `${this.#pick(['locate', 'instr'])}(${text()}, ${text()})`,
        () =>
          `${this.#pick(['year', 'month', 'day', 'quarter', 'dayofweek', 'weekday', 'dayofyear', 'to_days'])}(${date()})`,
        () => `week(${date()}, ${this.#random.below(8)})`,
        () => `${this.#pick(['hour', 'minute', 'second', 'microsecond'])}(${date()})`,
        () => `datediff(${date()}, ${date()})`,
        () => `timestampdiff(${unit()}, ${date()}, ${date()})`,
        () => `if(${truth()}, ${number()}, ${number()})`,
        () => `coalesce(${number()}, ${number()})`,
        () => `nullif(${number()}, ${number()})`,
        () => `${this.#pick(['greatest', 'least'])}(${number()}, ${number()})`,
        () => `case when ${truth()} then ${number()} when ${truth()} then ${number()} end`,
        () => `cast(${any()} as ${this.#pick(['signed', 'unsigned', 'decimal(10,2)', 'decimal(30,10)'])})`,
        () => `(${date()} + 0)`,
        () => truth(),
      ],
      text: [
        () => `concat(${text()}, ${any()})`,
        () => `concat_ws(${text()}, ${text()}, ${any()})`,
        () => `substring(${text()}, ${small()}, ${small()})`,
        () => `${this.#pick(['left', 'right'])}(${text()}, ${small()})`,
        () => `${this.#pick(['upper', 'lower', 'trim', 'ltrim', 'rtrim', 'reverse', 'hex'])}(${text()})`,
        () => `replace(${text()}, ${text()}, ${text()})`,
        () => `${this.#pick(['lpad', 'rpad'])}(${text()}, ${small()}, 'xy')`,
        () => `substring_index(${text()}, ${this.#pick(["','", "'a'", "'.'"])}, ${small()})`,
        () => `repeat(${text()}, ${small()})`,
        () => `sha2(${text()}, 256)`,
        () => `date_format(${date()}, '%Y-%m-%d %H:%i:%s %W %b %j %v')`,
        () => `if(${truth()}, ${text()}, ${any()})`,
        () => `ifnull(${text()}, ${any()})`,
        () => `case ${text()} when ${text()} then ${text()} else ${text()} end`,
        () => `cast(${any()} as char)`,
        () => `${this.#pick(['greatest', 'least'])}(${text()}, ${text()})`,
      ],
      date: [
        () => `(${date()} ${this.#pick(['+', '-'])} interval ${this.#pick([small(), 'ti', '(ti + 1)'])} ${unit()})`,
        () => `date(${date()})`,
        () => `last_day(${date()})`,
        () => `cast(${date()} as ${this.#pick(['date', 'datetime', 'datetime(3)', 'datetime(6)'])})`,
        () => `cast(${text()} as ${this.#pick(['date', 'datetime(6)'])})`,
        () => `if(${truth()}, ${date()}, ${date()})`,
        () => `coalesce(${date()}, ${date()})`,
        () => `${this.#pick(['greatest', 'least'])}(${date()}, ${date()})`,
      ],
      truth: [
        () => `(${number()} ${this.#comparison()} ${number()})`,
        () => `(${text()} ${this.#comparison()} ${text()})`,
        () => `(${date()} ${this.#comparison()} ${date()})`,
        () => `(${date()} ${this.#comparison()} '${this.#date()}')`,
        () => `(${number()} ${this.#comparison()} ${text()})`,
        () => `(${truth()} ${this.#pick(['and', 'or', 'xor'])} ${truth()})`,
        () => `(not ${truth()})`,
        () => `(${any()} is ${this.#pick(['', 'not '])}null)`,
        () => `(${truth()} is ${this.#pick(['', 'not '])}${this.#pick(['true', 'false'])})`,
        () => `(${number()} ${this.#pick(['', 'not '])}between ${number()} and ${number()})`,
        () => `(${number()} ${this.#pick(['', 'not '])}in (${number()}, ${number()}, 1, 2, 3))`,
        () => `(${text()} in (${text()}, 'a', 'B', '1'))`,
        () => `(${text()} ${this.#pick(['', 'not '])}like ${this.#pick([text(), "'a%'", "'%b%'", "'_A%'"])})`,
        () => `(${text()} regexp ${this.#pick(["'^[a-c]'", "'[0-9]+$'", "'a.b'", "'(é|z)'"])})`,
        () => `(${number()} and ${text()})`,
      ],
    }
    return this.#pick(forms[sort])()
  }

  #exact(): string {
    return this.#pick(['ti', 'su', 'i', 'iu', 'bi', 'bu', 'n', 'm', 'w', '3', '0.7', '-2'])
  }

  #comparison(): string {
    return this.#pick(['=', '<>', '<', '<=', '>', '>=', '<=>'])
  }

  #leaf(sort: Sort): string {
    const literal = this.#random.chance(0.35)
    if (sort === 'truth' && this.#random.chance(0.04)) return 'null'
    switch (sort) {
      case 'number':
        return literal ? this.#number() : this.#pick(NUMBERS)
      case 'text':
        return literal ? `'${this.#text(4)}'` : this.#pick(TEXTS)
      case 'date':
        return literal ? `date '${this.#date()}'` : this.#pick(DATES)
      case 'truth':
        return literal ? this.#pick(['true', 'false']) : `(${this.#pick(NUMBERS)} > ${this.#number()})`
    }
  }

  #number(): string {
    return this.#pick([
      '0',
      '1',
      '2',
      '-3',
      '7',
      '10',
      '100',
      '0.5',
      '1.25',
      '-0.75',
      '1e0',
      '2.5e-1',
      '1000000007',
      '99.99',
    ])
  }

  #text(most: number): string {
    return Array.from({ length: this.#random.below(most + 1) }, () => this.#pick(ALPHABET)).join('')
  }

  #whole(bits: number, unsigned: boolean): string {
    if (this.#random.chance(0.5)) return String(this.#random.below(12) - (unsigned ? 0 : 5))
    const limit = 2n ** BigInt(unsigned ? bits : bits - 1)
    if (this.#random.chance(0.3)) return String(this.#random.chance(0.5) || unsigned ? limit - 1n : -limit)
    const value = (BigInt(this.#random.below(2 ** 32)) * 2n ** 32n + BigInt(this.#random.below(2 ** 32))) % limit
    return String(unsigned || this.#random.chance(0.5) ? value : -value)
  }

  #decimal(whole: number, scale: number): string {
    const digits = (count: number): string => Array.from({ length: count }, () => this.#random.below(10)).join('')
    const left = this.#random.chance(0.6) ? String(this.#random.below(40)) : digits(whole)
    return `${this.#random.chance(0.4) ? '-' : ''}${left}${scale === 0 ? '' : `.${digits(scale)}`}`
  }

  #date(): string {
    const two = (n: number): string => String(n).padStart(2, '0')
    const year = this.#random.chance(0.7) ? 1990 + this.#random.below(50) : 1 + this.#random.below(9999)
    return `${String(year).padStart(4, '0')}-${two(1 + this.#random.below(12))}-${two(1 + this.#random.below(28))}`
  }

  #clock(digits: number): string {
    const two = (n: number): string => String(this.#random.below(n)).padStart(2, '0')
    return `${two(24)}:${two(60)}:${two(60)}${digits === 0 ? '' : `.${String(this.#random.below(10 ** digits)).padStart(digits, '0')}`}`
  }

  #cell(name: string): string {
    switch (name) {
      case 'ti':
        return this.#whole(8, false)
      case 'su':
        return this.#whole(16, true)
      case 'i':
        return this.#whole(32, false)
      case 'iu':
        return this.#whole(32, true)
      case 'bi':
        return this.#whole(64, false)
      case 'bu':
        return this.#whole(64, true)
      case 'n':
        return this.#decimal(8, 2)
      case 'm':
        return this.#decimal(20, 10)
      case 'w':
        return this.#decimal(12, 0)
      case 'f':
        return this.#pick([
          '0',
          '0.1',
          '-2.5',
          '1e15',
          '1e-7',
          '123456.789',
          this.#decimal(6, 4),
          `${this.#decimal(5, 3)}e${this.#random.below(30) - 15}`,
        ])
      case 'y':
        return String(1901 + this.#random.below(255))
      case 'v':
        return `x'${Buffer.from(this.#text(3)).toString('hex')}'`
      case 'd':
        return `'${this.#date()}'`
      case 'dt':
        return `'${this.#date()} ${this.#clock(0)}'`
      case 'ds':
        return `'${this.#date()} ${this.#clock(6)}'`
      case 't':
        return `'${this.#random.chance(0.3) ? '-' : ''}${this.#clock(0)}'`
      case 'ts':
        return `'${this.#random.chance(0.3) ? '-' : ''}${this.#clock(3)}'`
      case 'q':
        return String(this.#random.below(1024))
      case 'j':
        return `'{"a": ${this.#random.below(100)}}'`
      default:
        return this.#random.chance(0.3) ? `'${this.#decimal(2, 2)}'` : `'${this.#text(8)}'`
    }
  }
}
