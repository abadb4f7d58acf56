import type { Random } from './random.js'

const TYPES = [
  'int',
  'bigint unsigned',
  'varchar(20)',
  'varchar(30) character set latin1',
  'text',
  'tinytext',
  'decimal(12,3)',
  'datetime(3)',
  'timestamp null',
  "enum('a','b','c')",
  "set('x','y')",
  'char(5)',
  'blob',
  'double',
  'bit(9)',
  'date',
  'varbinary(12)',
]

/** An ALTER of a table that has these columns besides `id`; now and then in vain: the server says so. `fresh`: a name that is free. */
export function randomAlter(random: Random, table: string, columns: readonly string[], fresh: string): string {
  const some = <T>(items: readonly T[]): T => items[random.below(items.length)]!
  const left = [...columns]
  const own = (): string => left.splice(random.below(left.length), 1)[0] ?? 'id'
  const place = (): string => some(['', '', ' first', ` after ${some(['id', ...left])}`])
  const type = (): string => `${some(TYPES)}${some(['', '', ' comment "k"'])}`
  const part = (i: number): string => {
    const forms = [
      () => `add column ${fresh}${i} ${type()}${place()}`,
      () => `add ${fresh}${i} int not null default ${i}, add u${fresh}${i} varchar(9) first`,
      () => `drop column ${own()}`,
      () => `rename column ${own()} to ${fresh}${i}`,
      () => `modify ${own()} ${type()}${place()}`,
      () => `change ${own()} ${fresh}${i} ${type()}${place()}`,
      () => `add ${some(['unique', 'index'])} k${fresh}${i} (${some(['id', ...columns])})`,
      () => some(['convert to character set utf8mb4', 'convert to character set latin1', 'default character set gbk']),
      () => `comment '${fresh}'`,
    ]
    return some(forms)()
  }
  const parts = Array.from({ length: 1 + random.below(3) }, (_, i) => part(i))
  // Both are refused: columns of sizes that no statement names, and two character sets at once.
  const large = parts.some(text => /text|blob/.test(text))
  const sets = parts.filter(text => /^(convert|default)/.test(text))
  const kept = parts.filter(text => !(large && text.startsWith('convert')) && !sets.slice(1).includes(text))
  return `alter table ${table} ${kept.join(', ') || 'force'}`
}
