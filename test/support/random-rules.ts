import { parseMask } from '../../lib/config/mask.js'
import type { SourceColumn } from '../../lib/model/schema.js'
import { MaskSalt } from '../../lib/rules/shape/mask-salt.js'
import { maskedValue } from '../../lib/verify/masked-value.js'
import type { Random } from './random.js'
import { sourceColumn } from './source-column.js'

export const SALT = 'salt of a random test'

/** `id` is the key. */
export const ORDERS: readonly (readonly [name: string, type: string])[] = [
  ['id', 'int'],
  ['code', 'varchar(20)'],
  ['amount', 'decimal(10,2)'],
  ['qty', 'int'],
  ['big', 'bigint unsigned'],
  ['at', 'datetime'],
  ['day', 'date'],
  ['note', 'varchar(40)'],
  ['kind', "enum('a','b','c')"],
]
const CONDITIONS: readonly ((r: Random) => string)[] = [
  r => `qty > ${r.below(8)}`,
  r => `amount >= ${r.below(90) - 10}.50`,
  () => 'amount * qty > 50',
  r => `code like '${'abcx'[r.below(4)]}%'`,
  () => "code in ('abc', 'Bcd', 'x')",
  () => 'note is null',
  r => `kind = '${'abc'[r.below(3)]}'`,
  () => "day between '2024-01-10' and '2024-02-10'",
  r => `month(at) = ${1 + r.below(3)}`,
  r => `char_length(code) > ${r.below(4)}`,
  r => `qty % 3 = ${r.below(3)}`,
  () => 'ifnull(qty, 0) div 2 = 1',
  () => "coalesce(kind, 'c') <> 'a'",
  () => "at >= '2024-02-01 12:00:00'",
  () => "case when qty > 5 then amount > 10 else code = 'x' end",
  r => `id % 5 <> ${r.below(5)}`,
  () => "code regexp '^[a-c]'",
  () => 'big > 5 xor qty is null',
  () => 'nullif(qty, 3)',
  () => 'qty <=> 2 or day is not null and amount < 40',
]
const COMPUTED: Readonly<Record<string, string>> = {
  total: 'amount * qty',
  half: 'amount / 4',
  up: 'upper(code)',
  label: "concat(code, '-', qty)",
  d: 'date(at)',
  ym: "left(date_format(at, '%Y-%m'), 7)",
  next_day: 'date_add(day, interval 1 day)',
  len: 'char_length(note)',
  many: 'qty > 5',
  pick: "case kind when 'a' then 1 when 'b' then 2 else 0 end",
  modulo: 'mod(id, 7)',
  rounded: 'round(amount, 1)',
  part: 'substring(note, 2, 3)',
  nn: "ifnull(note, 'none')",
  more: 'big + 1',
  hashed: 'sha2(code, 256)',
  bits: 'cast(amount as signed)',
}
const MASKS: readonly (readonly [column: string, mask: string])[] = [
  ['note', 'keep(1,1)'],
  ['note', "fixed('hidden')"],
  ['note', 'null'],
  ['note', 'truncate(2)'],
  ['note', 'sha256'],
  ['code', 'keep(1,0)'],
  ['code', 'email'],
  ['amount', 'round(10)'],
  ['amount', 'keep(1,1)'],
  ['qty', 'sha256'],
  ['day', 'month'],
  ['at', 'year'],
]
/** What can be grouped by, and summed up, beside columns of the table. */
const GROUPS = ['code', 'qty', 'kind', 'day', 'note', 'up', 'd', 'ym', 'pick', 'modulo', 'len']
const SUMS = ['qty', 'amount', 'total', 'len', 'pick', 'rounded']
/** Measures of expressions, and by target column what they are in SQL. */
const MEASURES: readonly (readonly [text: string, columns: Readonly<Record<string, string>>])[] = [
  ['sum(amount * qty + 1)', { m: 'coalesce(sum(amount * qty + 1), 0)' }],
  ["sum(if(kind = 'a', qty, -1))", { m: "coalesce(sum(if(kind = 'a', qty, -1)), 0)" }],
  ['count(nullif(qty, 2))', { m: 'count(nullif(qty, 2))' }],
  ['avg(amount * 2)', { m_sum: 'coalesce(sum(amount * 2), 0)', m_count: 'count(amount * 2)' }],
]

/** A column of a target, and what SQL of the source makes of it. */
interface ModelColumn {
  readonly name: string
  readonly sql: string
  /** The target has the hash of it, which only this process can make. */
  readonly isHashed: boolean
}

/** A rule as a text, and as a SELECT over the source. */
export interface RandomRule {
  readonly target: string
  readonly mode: 'upsert' | 'append' | 'aggregate'
  readonly isSoft: boolean
  readonly where: string | null
  readonly columns: readonly ModelColumn[]
  /** Groups of an aggregate; the other columns are its counts and sums. */
  readonly groups: number
  /** Lines of its [[rule]] block, without table and target. */
  readonly lines: readonly string[]
}

/** A rule over a table with the columns of `ORDERS`, whose key in the target is `id`. */
export function randomRule(r: Random, target: string, mode: RandomRule['mode']): RandomRule {
  const where = r.chance(0.65) ? condition(r, 2) : null
  const masks = new Map(r.chance(0.5) ? some(r, MASKS, 2) : [])
  const value = (name: string): ModelColumn => {
    const own = ORDERS.find(([column]) => column === name)
    if (own === undefined) return { name, sql: COMPUTED[name]!, isHashed: false }
    const mask = masks.get(name)
    return mask === undefined ? { name, sql: name, isHashed: false } : masked(sourceColumn(name, own[1]), mask)
  }
  const named = { target, mode, where, isSoft: mode === 'upsert' && r.chance(0.3) }
  const lines = [
    ...(where === null ? [] : [`where = ${JSON.stringify(where)}`]),
    ...(masks.size === 0 ? [] : [`mask = ${inline(masks)}`]),
  ]
  if (mode === 'aggregate') {
    // A hash cannot be made where the groups are.
    const groups = some(r, GROUPS, 2).filter(name => !value(name).isHashed)
    const sums = some(r, SUMS, 2).filter(name => !groups.includes(name) && !masks.has(name))
    if (groups.length === 0) groups.push('modulo')
    const computed = [...groups, ...sums].filter(name => name in COMPUTED)
    lines.push(...computedLine(computed), `group_by = ${JSON.stringify(groups)}`)
    const [text, kept] = r.chance(0.6) ? MEASURES[r.below(MEASURES.length)]! : [null, {}]
    const measure = text === null ? '' : `, m = ${JSON.stringify(text)}`
    lines.push(`measures = { n = "count(*)"${measure}${sums.map(name => `, sum_${name} = "sum(${name})"`).join('')} }`)
    const columns = [
      ...groups.map(value),
      { name: 'n', sql: 'count(*)', isHashed: false },
      ...Object.entries(kept).map(([name, sql]) => ({ name, sql, isHashed: false })),
      ...sums.map(name => ({ name: `sum_${name}`, sql: `coalesce(sum(${value(name).sql}), 0)`, isHashed: false })),
    ]
    return { ...named, columns, groups: groups.length, lines }
  }
  const computed = r.chance(0.8) ? some(r, Object.keys(COMPUTED), 4) : []
  const left = some(r, ['big', 'kind', 'at', 'qty'], 2).filter(() => r.chance(0.5))
  const renamed = r.chance(0.3) ? 'day' : null
  if (mode === 'append') lines.push('mode = "append"')
  if (named.isSoft) lines.push('on_delete = "soft"', 'soft_delete = { flag = "gone", time = "gone_at" }')
  if (left.length > 0) lines.push(`exclude = ${JSON.stringify(left)}`)
  if (renamed !== null) lines.push(`rename = { ${renamed} = "renamed" }`)
  lines.push(...computedLine(computed), 'constants = { origin = "here" }')
  const columns = [
    ...ORDERS.filter(([name]) => !left.includes(name)).map(([name]) => value(name)),
    ...computed.map(value),
    { name: 'origin', sql: "'here'", isHashed: false },
  ].map(column => (column.name === renamed ? { ...column, name: 'renamed' } : column))
  return { ...named, columns, groups: 0, lines }
}

function condition(r: Random, depth: number): string {
  const one = () => (depth > 0 ? condition(r, depth - 1) : CONDITIONS[r.below(CONDITIONS.length)]!(r))
  if (depth === 0 || r.chance(0.4)) return CONDITIONS[r.below(CONDITIONS.length)]!(r)
  const [left, right] = [one(), one()]
  return r.chance(0.2) ? `not (${left})` : `(${left}) ${r.chance(0.6) ? 'or' : 'and'} (${right})`
}

function masked(column: SourceColumn, text: string): ModelColumn {
  if (typeof parseMask(text) === 'string') throw new Error(`${text} is no mask`)
  const value = maskedValue(text, column, new MaskSalt(SALT))
  if (value.how === 'none') throw new Error(`${text} of ${column.name}: ${value.reason}`)
  return value.how === 'hashed'
    ? { name: column.name, sql: `cast(${column.name} as char)`, isHashed: true }
    : { name: column.name, sql: value.sql, isHashed: false }
}

function computedLine(names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`computed = ${inline(new Map(names.map(name => [name, COMPUTED[name]!])))}`]
}

function inline(entries: ReadonlyMap<string, string>): string {
  return `{ ${[...entries].map(([name, text]) => `${name} = ${JSON.stringify(text)}`).join(', ')} }`
}

/** One to `most` of them, in a random order. */
function some<T>(r: Random, all: readonly T[], most: number): T[] {
  const left = [...all]
  return Array.from({ length: 1 + r.below(most) }, () => left.splice(r.below(left.length), 1)[0]!)
}
