import type { Connection } from 'mysql2/promise'
import type { ComparedTable } from '../../lib/demo/compare.js'
import type { Random } from './random.js'

interface ImageTable {
  readonly name: string
  readonly key: readonly string[]
  readonly ddl: string
  /** Columns besides the key: some value as SQL; `must`: has no default. */
  readonly values: Readonly<
    Record<string, { readonly of: (random: Random) => string; readonly must?: boolean; readonly nullable?: boolean }>
  >
  /** A key as SQL values; DEFAULT: an INSERT names none. */
  readonly keyOf: (n: number) => readonly string[]
}

const word = (random: Random) => `'${'abcdefgh'.slice(random.below(8))}${random.below(100)}'`
const long = (random: Random) => `repeat('${'xyz'[random.below(3)]}', ${random.below(400)})`

const DEFAULT = 'default'

const TABLES: readonly ImageTable[] = [
  {
    name: 'people',
    key: ['id'],
    ddl: `id int primary key, name varchar(40) not null default 'it''s nobody', note text, photo blob, age int default 7,
          born date default '2001-02-03', total decimal(10,2) not null default 1.50, e enum('a','b') not null default 'b',
          at datetime(3), doubled int as (age * 2) stored, must bigint unsigned not null, bits bit(5) default b'101',
          ratio double default 0.25, s set('x','y') default 'x,y', changed timestamp not null default current_timestamp on update current_timestamp`,
    values: {
      name: { of: word },
      note: { of: long, nullable: true },
      photo: { of: long, nullable: true },
      age: { of: r => `${r.below(90)}`, nullable: true },
      born: { of: r => `'19${10 + r.below(89)}-05-06'`, nullable: true },
      total: { of: r => `${r.below(1000)}.${10 + r.below(89)}` },
      e: { of: r => `'${'ab'[r.below(2)]}'` },
      at: { of: r => `'2024-01-02 03:04:05.${100 + r.below(899)}'`, nullable: true },
      must: { of: r => `184467440737095516${10 + r.below(5)}`, must: true },
      bits: { of: r => `${r.below(32)}`, nullable: true },
      ratio: { of: r => `${r.below(1000)} / 8`, nullable: true },
      s: { of: r => `'${['', 'x', 'y', 'x,y'][r.below(4)]}'`, nullable: true },
    },
    keyOf: n => [`${n}`],
  },
  {
    name: 'pairs',
    key: ['a', 'b'],
    ddl: `a int, v varchar(20), b varchar(10), w text, n int not null default -3, primary key (a, b)`,
    values: { v: { of: word, nullable: true }, w: { of: long, nullable: true }, n: { of: r => `${r.below(99)}` } },
    keyOf: n => [`${n % 7}`, `'k${n}'`],
  },
  {
    name: 'tenants',
    key: ['a', 't', 'c'],
    ddl: `a int, t smallint not null default -2, c varchar(9) character set latin1 not null default 'e', v varchar(20), primary key (a, t, c)`,
    values: { v: { of: word, nullable: true } },
    keyOf: n => [`${n}`, n % 3 === 0 ? DEFAULT : `${n % 4}`, n % 2 === 0 ? DEFAULT : `'c${n % 2}'`],
  },
  {
    // Without a primary key the server takes the unique key that was declared first, whatever the names say.
    name: 'marked',
    key: ['x'],
    ddl: `k varchar(12) not null, y int, b text, x int not null, z smallint not null default 12, unique key zz (x), unique key aa (k)`,
    values: {
      k: { of: r => `'k${r.below(1e9)}'`, must: true },
      y: { of: r => `${r.below(9)}`, nullable: true },
      b: { of: long, nullable: true },
      z: { of: r => `${r.below(9)}` },
    },
    keyOf: n => [`${n}`],
  },
]

export async function createImageTables(connection: Connection, schema: string): Promise<void> {
  for (const { name, ddl } of TABLES) await connection.query(`create table ${schema}.${name} (${ddl})`)
}

export function imageTables(schema: string): ComparedTable[] {
  return TABLES.map(({ name, key }) => ({
    source: { schema, table: name },
    target: { database: schema, table: name },
    key,
  }))
}

/** Some random statement on one of the tables; never one that changes a key, unless `moves`. */
export function randomStatement(schema: string, random: Random, moves: boolean): string {
  const table = TABLES[random.below(TABLES.length)]!
  const name = `${schema}.${table.name}`
  const key = table.keyOf(random.below(40))
  const where = table.key
    .map((column, i) => `${column} = ${key[i] === DEFAULT ? `default(${column})` : key[i]}`)
    .join(' and ')
  const named = table.key.filter((_, i) => key[i] !== DEFAULT)
  const value = (column: string): string => {
    const { of, nullable } = table.values[column]!
    return nullable && random.chance(0.25) ? 'null' : of(random)
  }
  const some = (chance: number) => Object.keys(table.values).filter(() => random.chance(chance))
  const chosen = some(0.3)
  const sets = (columns: readonly string[]) => columns.map(c => `${c} = ${value(c)}`).join(', ')
  switch (random.below(moves ? 8 : 7)) {
    case 0:
    case 1:
    case 2: {
      const columns = Object.entries(table.values)
        .filter(([, { must }]) => must || random.chance(0.5))
        .map(([column]) => column)
      const insert = `insert into ${name} (${[...named, ...columns].join(', ')}) values (${[...key.filter(k => k !== DEFAULT), ...columns.map(value)].join(', ')})`
      return chosen.length > 0
        ? `${insert} on duplicate key update ${sets(chosen)}`
        : insert.replace('insert', 'insert ignore')
    }
    case 3:
      return `delete from ${name} where ${where}`
    case 7:
      return `update ignore ${name} set ${table.key[0]} = ${table.key[0]} + 100, ${sets([Object.keys(table.values)[0]!])} where ${where}`
    default: {
      const column = chosen.length > 0 ? chosen : [Object.keys(table.values)[0]!]
      return `update ignore ${name} set ${sets(column)} where ${random.chance(0.1) ? `${table.key[0]} % 5 = 1` : where}`
    }
  }
}
