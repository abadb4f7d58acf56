import type { Random } from './random.js'

/** A column type of the generator: its DDL, its values as SQL literals, and what it can become without losing any. */
interface Kind {
  readonly ddl: string
  readonly value: (random: Random) => string
  /** Keys of KINDS. */
  readonly wider: readonly string[]
}

const word = (random: Random, letters: string, longest: number) =>
  `'${Array.from({ length: random.below(longest + 1) }, () => letters[random.below(letters.length)]).join('')}'`
const whole = (bits: number) => (random: Random) =>
  String(BigInt(Math.floor((random.next() - 0.5) * 2 ** 52)) % 2n ** BigInt(bits - 1))

const KINDS: Readonly<Record<string, Kind>> = {
  tiny: { ddl: 'tinyint', value: whole(8), wider: ['small', 'int', 'big'] },
  small: { ddl: 'smallint', value: whole(16), wider: ['int', 'big'] },
  int: { ddl: 'int', value: whole(32), wider: ['big'] },
  big: { ddl: 'bigint', value: whole(48), wider: [] },
  unsigned: { ddl: 'int unsigned', value: r => String(r.below(2 ** 32)), wider: ['bigUnsigned'] },
  bigUnsigned: { ddl: 'bigint unsigned', value: () => '18446744073709551615', wider: [] },
  money: { ddl: 'decimal(8,2)', value: r => `${r.below(999_999)}.${r.below(10)}5`, wider: ['moreMoney'] },
  moreMoney: { ddl: 'decimal(20,4)', value: r => `-${r.below(2 ** 31)}.${1000 + r.below(9000)}`, wider: [] },
  double: { ddl: 'double', value: r => String((r.next() - 0.5) * 1e9), wider: [] },
  short: { ddl: 'varchar(20)', value: r => word(r, 'aé中",;', 6), wider: ['long', 'text'] },
  latin: { ddl: 'varchar(20) character set latin1', value: r => word(r, 'aéüß ', 9), wider: ['short', 'long'] },
  long: { ddl: 'varchar(300)', value: r => word(r, 'xyz😀', 30), wider: [] },
  text: { ddl: 'text', value: r => word(r, 'text -#中', 50), wider: [] },
  bytes: { ddl: 'varbinary(20)', value: r => `x'${'00ff01'.repeat(r.below(4))}'`, wider: [] },
  moment: { ddl: 'datetime(3)', value: r => `'2024-0${1 + r.below(9)}-11 10:11:12.${100 + r.below(900)}'`, wider: [] },
  day: { ddl: 'date', value: r => `'19${10 + r.below(90)}-02-0${1 + r.below(9)}'`, wider: [] },
  grade: { ddl: `enum('a','b,c')`, value: r => `'${['a', 'b,c'][r.below(2)]}'`, wider: ['grades'] },
  grades: { ddl: `enum('x','b,c','a')`, value: r => `'${['x', 'b,c', 'a'][r.below(3)]}'`, wider: [] },
}

interface Column {
  name: string
  kind: string
  readonly nullable: boolean
}

interface Table {
  readonly name: string
  readonly key: readonly string[]
  readonly columns: Column[]
}

/** Writes a random history of tables that change while rows are written to them; the same seed, the same history. */
export class ChangingTables {
  readonly tables: Table[] = []
  readonly #random: Random
  #names = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** The next statement. */
  next(): string {
    const random = this.#random
    if (this.tables.length < 2 || (this.tables.length < 5 && random.chance(0.01))) return this.#create()
    const table = this.#pick(this.tables)
    return random.chance(0.15) ? this.#alter(table) : this.#write(table)
  }

  #create(): string {
    const key = this.#random.chance(0.5) ? ['id'] : ['part', 'id']
    const table: Table = { name: `t${this.#names++}`, key, columns: [] }
    for (let i = 0; i < 4; i++) table.columns.push(this.#column())
    this.tables.push(table)
    const columns = table.columns.map(column => `${column.name} ${definition(column)}`)
    const keys = key.map(name => `${name} ${name === 'id' ? 'int' : 'varchar(8)'} not null`)
    return `create table ${table.name} (${[...columns, ...keys].join(', ')}, primary key (${key.join(', ')}))`
  }

  #alter(table: Table): string {
    const random = this.#random
    const { columns } = table
    const column = this.#pick(columns)
    const at = columns.indexOf(column)
    switch (random.below(8)) {
      case 0:
      case 1: {
        const added = this.#column()
        const value = KINDS[added.kind]!.value(random)
        columns.push(added)
        // Rows that are there would get the zero date, which is NULL in a target.
        const isNeeded = !added.nullable && ['moment', 'day'].includes(added.kind)
        const isGiven = (random.chance(0.6) || isNeeded) && !['text', 'bytes'].includes(added.kind)
        const preset = isGiven ? ` default ${value}` : ''
        return `alter table ${table.name} add column ${added.name} ${definition(added)}${preset}${this.#place(column)}`
      }
      case 2:
        if (columns.length < 3) return this.#write(table)
        columns.splice(at, 1)
        return `alter table ${table.name} drop column ${column.name}`
      case 3: {
        const from = column.name
        column.name = `c${this.#names++}`
        return `alter table ${table.name} rename column ${from} to ${column.name}`
      }
      case 4: {
        const { wider } = KINDS[column.kind]!
        if (wider.length === 0) return this.#write(table)
        column.kind = this.#pick(wider)
        return `alter table ${table.name} modify ${column.name} ${definition(column)}`
      }
      case 5:
        return `/* moved */ ALTER TABLE \`${table.name}\` MODIFY \`${column.name}\` ${definition(column)}${this.#place(this.#pick(columns), column)}`
      case 6:
        return `alter table ${table.name} comment 'it''s, number ${this.#names++}; really'`
      default:
        return random.chance(0.8)
          ? `create index i${this.#names++} on ${table.name} (id)`
          : `truncate table ${table.name}`
    }
  }

  #write(table: Table): string {
    const random = this.#random
    const id = random.below(60)
    const where = table.key.length === 1 ? `id = ${id}` : `id = ${id} and part = 'p'`
    switch (random.below(4)) {
      case 0:
        return `delete from ${table.name} where ${where}`
      case 1: {
        const column = this.#pick(table.columns)
        return `update ${table.name} set ${column.name} = ${this.#value(column)} where id between ${id} and ${id + 5}`
      }
      default: {
        const names = [...table.key, ...table.columns.map(column => column.name)]
        const keys = table.key.map(name => (name === 'id' ? String(id) : `'p'`))
        return `replace into ${table.name} (${names.join(', ')}) values (${[...keys, ...table.columns.map(column => this.#value(column))].join(', ')})`
      }
    }
  }

  #column(): Column {
    return { name: `c${this.#names++}`, kind: this.#pick(Object.keys(KINDS)), nullable: this.#random.chance(0.7) }
  }

  #value({ kind, nullable }: Column): string {
    return nullable && this.#random.chance(0.15) ? 'null' : KINDS[kind]!.value(this.#random)
  }

  #place(behind: Column, self: Column | null = null): string {
    if (this.#random.chance(0.3)) return ' first'
    return this.#random.chance(0.5) && behind !== self ? ` after ${behind.name}` : ''
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#random.below(from.length)]!
  }
}

function definition({ kind, nullable }: Column): string {
  return `${KINDS[kind]!.ddl}${nullable ? '' : ' not null'}`
}
