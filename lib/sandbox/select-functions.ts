import type { ColumnType } from './column-type.js'
import { renderDateFormat } from './date-format.js'
import { isParens, type Node, splitByComma, wordOf } from './select-nodes.js'
import { analyzingError } from './sql-error.js'
import { duckTypeOf, quoteText } from './store.js'

/** One call: its arguments as nodes, and how a list of nodes is rendered as an expression. */
export interface Call {
  readonly name: string
  readonly nodes: readonly Node[]
  readonly parts: readonly (readonly Node[])[]
  readonly render: (nodes: readonly Node[]) => string
  /** True when OVER follows. */
  readonly windowed: boolean
}

type Template = string
type Handler = (call: Call) => string

/**
 * Calls that only need their arguments put elsewhere: $1, $2 .. are the rendered arguments. The key holds the number of
 * arguments where a name has several forms.
 */
const TEMPLATES: Readonly<Record<string, Template>> = {
  'if/3': 'CASE WHEN $1 THEN $2 ELSE $3 END',
  'ifnull/2': 'coalesce($1, $2)',
  'nvl/2': 'coalesce($1, $2)',
  'isnull/1': '(($1) IS NULL)',
  'isnotnull/1': '(($1) IS NOT NULL)',
  'length/1': 'sr_length($1)',
  'octet_length/1': 'sr_length($1)',
  'char_length/1': 'length($1)',
  'character_length/1': 'length($1)',
  'ucase/1': 'upper($1)',
  'lcase/1': 'lower($1)',
  'locate/2': 'instr($2, $1)',
  'locate/3':
    'CASE WHEN instr(substr($2, CAST($3 AS BIGINT)), $1) = 0 THEN 0 ELSE instr(substr($2, CAST($3 AS BIGINT)), $1) + $3 - 1 END',
  'substr/2': "CASE WHEN ($2) = 0 THEN '' ELSE substr($1, $2) END",
  'substr/3': "CASE WHEN ($2) = 0 THEN '' ELSE substr($1, $2, $3) END",
  'substring/2': "CASE WHEN ($2) = 0 THEN '' ELSE substr($1, $2) END",
  'substring/3': "CASE WHEN ($2) = 0 THEN '' ELSE substr($1, $2, $3) END",
  'mid/3': "CASE WHEN ($2) = 0 THEN '' ELSE substr($1, $2, $3) END",
  'space/1': "repeat(' ', $1)",
  'append_trailing_char_if_absent/2': "CASE WHEN $1 LIKE '%' || $2 THEN $1 ELSE $1 || $2 END",
  'md5/1': 'md5($1)',
  'to_base64/1': 'to_base64(sr_to_blob($1))',
  'base64_encode/1': 'to_base64(sr_to_blob($1))',
  'from_base64/1': 'decode(from_base64($1))',
  'ceil/1': 'CAST(ceil($1) AS BIGINT)',
  'ceiling/1': 'CAST(ceil($1) AS BIGINT)',
  'floor/1': 'CAST(floor($1) AS BIGINT)',
  'truncate/2': 'trunc($1, $2)',
  'pow/2': 'pow($1, $2)',
  'rand/0': 'random()',
  'log/1': 'ln($1)',
  'mod/2': '(($1) % ($2))',
  'uuid/0': 'CAST(uuid() AS VARCHAR)',
  'now/0': "date_trunc('second', current_timestamp AT TIME ZONE 'UTC')",
  'now/1': "(current_timestamp AT TIME ZONE 'UTC')",
  'current_timestamp/0': "date_trunc('second', current_timestamp AT TIME ZONE 'UTC')",
  'current_timestamp/1': "(current_timestamp AT TIME ZONE 'UTC')",
  'utc_timestamp/0': "date_trunc('second', current_timestamp AT TIME ZONE 'UTC')",
  'localtime/0': "date_trunc('second', current_timestamp AT TIME ZONE 'UTC')",
  'localtimestamp/0': "date_trunc('second', current_timestamp AT TIME ZONE 'UTC')",
  'curdate/0': "CAST((current_timestamp AT TIME ZONE 'UTC') AS DATE)",
  'current_date/0': "CAST((current_timestamp AT TIME ZONE 'UTC') AS DATE)",
  'date/1': 'CAST(sr_datetime($1) AS DATE)',
  'to_date/1': 'CAST(sr_datetime($1) AS DATE)',
  'timestamp/1': 'sr_datetime($1)',
  'year/1': 'year(sr_datetime($1))',
  'quarter/1': 'quarter(sr_datetime($1))',
  'month/1': 'month(sr_datetime($1))',
  'day/1': 'day(sr_datetime($1))',
  'dayofmonth/1': 'day(sr_datetime($1))',
  'hour/1': 'hour(sr_datetime($1))',
  'minute/1': 'minute(sr_datetime($1))',
  'second/1': 'second(sr_datetime($1))',
  'microsecond/1': '(microsecond(sr_datetime($1)) % 1000000)',
  'dayofyear/1': 'dayofyear(sr_datetime($1))',
  'dayofweek/1': '(dayofweek(sr_datetime($1)) + 1)',
  'weekday/1': '(isodow(sr_datetime($1)) - 1)',
  'week/1': "CAST(strftime(sr_datetime($1), '%U') AS INTEGER)",
  'weekofyear/1': 'week(sr_datetime($1))',
  'week_iso/1': 'week(sr_datetime($1))',
  'dayname/1': 'dayname(sr_datetime($1))',
  'monthname/1': 'monthname(sr_datetime($1))',
  'last_day/1': 'last_day(sr_datetime($1))',
  'datediff/2': "date_diff('day', CAST(sr_datetime($2) AS DATE), CAST(sr_datetime($1) AS DATE))",
  'date_add/2': '(sr_datetime($1) + $2)',
  'adddate/2': '(sr_datetime($1) + $2)',
  'date_sub/2': '(sr_datetime($1) - $2)',
  'subdate/2': '(sr_datetime($1) - $2)',
  'days_add/2': '(sr_datetime($1) + to_days(CAST($2 AS INTEGER)))',
  'days_sub/2': '(sr_datetime($1) - to_days(CAST($2 AS INTEGER)))',
  'date_trunc/2': 'date_trunc($1, sr_datetime($2))',
  'unix_timestamp/0': 'CAST(epoch(current_timestamp) AS BIGINT)',
  'unix_timestamp/1': 'CAST(floor(epoch(sr_datetime($1))) AS BIGINT)',
  'from_unixtime/1': "strftime(make_timestamp(CAST($1 AS BIGINT) * 1000000), '%Y-%m-%d %H:%M:%S')",
  'regexp/2': 'regexp_matches($1, $2)',
  'parse_json/1': 'sr_to_json($1)',
  'get_json_string/2': 'json_extract_string($1, $2)',
  'get_json_object/2': 'json_extract_string($1, $2)',
  'get_json_int/2': 'TRY_CAST(json_extract_string($1, $2) AS BIGINT)',
  'get_json_double/2': 'TRY_CAST(json_extract_string($1, $2) AS DOUBLE)',
  'json_query/2': 'json_extract($1, $2)',
  'array_length/1': 'len($1)',
  'cardinality/1': 'len($1)',
  'map_size/1': 'cardinality($1)',
  'to_bitmap/1': 'sr_bitmap($1)',
  'bitmap_empty/0': 'CAST([] AS UBIGINT[])',
  'bitmap_count/1': 'len(list_distinct($1))',
  'bitmap_to_string/1': "array_to_string(list_sort(list_distinct($1)), ',')",
  'bitmap_union/1': 'list_distinct(flatten(list($1)))',
  'bitmap_union_count/1': 'len(list_distinct(flatten(list($1))))',
  'hll_hash/1': 'sr_hll($1)',
  'hll_empty/0': 'CAST([] AS UBIGINT[])',
  'hll_cardinality/1': 'len(list_distinct($1))',
  'hll_union_agg/1': 'len(list_distinct(flatten(list($1))))',
  'ndv/1': 'count(DISTINCT $1)',
  'approx_count_distinct/1': 'count(DISTINCT $1)',
  'any_value/1': 'any_value($1)',
}

const HANDLERS: Readonly<Record<string, Handler>> = {
  concat: call => `(${call.parts.map(part => renderText(part, call.render)).join(' || ')})`,
  concat_ws: call => {
    const [separator, ...rest] = call.parts.map(call.render)
    return `concat_ws(${[separator, ...rest.map(part => `sr_text(${part})`)].join(', ')})`
  },
  count: renderCount,
  sum: renderSum,
  avg: call =>
    call.windowed || wordOf(call.nodes[0]) === 'DISTINCT' ? passThrough(call) : `sr_avg(${call.render(call.nodes)})`,
  group_concat: renderGroupConcat,
  date_format: call => {
    const [value, format] = twoParts(call)
    return `strftime(sr_datetime(${call.render(value)}), ${quoteText(renderDateFormat(constantText(format, call.name)))})`
  },
  str_to_date: call => {
    const [value, format] = twoParts(call)
    return `try_strptime(${call.render(value)}, ${quoteText(renderDateFormat(constantText(format, call.name)))})`
  },
  from_unixtime: call => {
    const [value, format] = twoParts(call)
    const pattern = quoteText(renderDateFormat(constantText(format, call.name)))
    return `strftime(make_timestamp(CAST(${call.render(value)} AS BIGINT) * 1000000), ${pattern})`
  },
  timestampdiff: call => {
    const unit = wordOf(call.parts[0]?.[0]).toLowerCase()
    const [from, to] = call.parts.slice(1).map(call.render)
    return `date_sub('${checkUnit(unit)}', sr_datetime(${from}), sr_datetime(${to}))`
  },
  timestampadd: call => {
    const unit = wordOf(call.parts[0]?.[0]).toLowerCase()
    const [amount, value] = call.parts.slice(1).map(call.render)
    return `(sr_datetime(${value}) + INTERVAL (${amount}) ${checkUnit(unit)})`
  },
  extract: call => {
    const unit = checkUnit(wordOf(call.nodes[0]).toLowerCase())
    return `extract(${unit} FROM sr_datetime(${call.render(call.nodes.slice(2))}))`
  },
  sha2: call => {
    const [value, bits] = twoParts(call)
    if (constantText(bits, call.name) !== '256') throw analyzingError('sha2 is supported with 256 bits by this server')
    return `sha256(${call.render(value)})`
  },
  to_binary: call => {
    const format = call.parts[1] === undefined ? 'hex' : constantText(call.parts[1], call.name).toLowerCase()
    const value = call.render(call.parts[0] ?? [])
    if (format === 'utf8') return `sr_to_blob(${value})`
    return format === 'encode64' ? `from_base64(${value})` : `unhex(${value})`
  },
  from_binary: call => {
    const format = call.parts[1] === undefined ? 'hex' : constantText(call.parts[1], call.name).toLowerCase()
    const value = call.render(call.parts[0] ?? [])
    if (format === 'utf8') return `decode(${value})`
    return format === 'encode64' ? `to_base64(${value})` : `hex(${value})`
  },
  conv: call => {
    const bases = call.parts.slice(1).map(part => constantText(part, call.name))
    if (bases.join() !== '16,10') throw analyzingError('conv is supported from base 16 to base 10 by this server')
    return `CAST(TRY_CAST('0x' || ${call.render(call.parts[0] ?? [])} AS UBIGINT) AS VARCHAR)`
  },
  // These take parts that are no plain expressions; words inside must stay bare.
  trim: passThrough,
  position: call => {
    const at = call.nodes.findIndex(node => wordOf(node) === 'IN')
    return `instr(${call.render(call.nodes.slice(at + 1))}, ${call.render(call.nodes.slice(0, at))})`
  },
}

const UNITS = new Set([
  'microsecond',
  'millisecond',
  'second',
  'minute',
  'hour',
  'day',
  'week',
  'month',
  'quarter',
  'year',
])

/** DuckDB's words for a call of a StarRocks function. Names without an entry keep their name. */
export function renderCall(call: Call): string {
  const template = TEMPLATES[`${call.name}/${call.parts.length}`]
  if (template !== undefined) {
    const args = call.parts.map(call.render)
    return template.replace(/\$(\d)/g, (_, index: string) => args[Number(index) - 1] ?? 'NULL')
  }
  return HANDLERS[call.name]?.(call) ?? passThrough(call)
}

/** CAST as StarRocks does it: what cannot be converted becomes NULL. `isText`: the value is known to be text. */
export function renderCast(value: string, type: ColumnType, isText = false): string {
  const duck = duckTypeOf(type)
  switch (type.base) {
    case 'tinyint':
    case 'smallint':
    case 'int':
    case 'bigint':
    case 'largeint':
      return `TRY_CAST(${isText ? 'sr_integral_text' : 'sr_integral'}(${value}) AS ${duck})`
    case 'char':
    case 'varchar':
      return isText ? `CAST(${value} AS VARCHAR)` : `sr_text(${value})`
    case 'decimal':
      return duck === 'VARCHAR' ? renderWideDecimal(`sr_text(${value})`, type) : `TRY_CAST(${value} AS ${duck})`
    case 'json':
      return `sr_to_json(${value})`
    case 'varbinary':
      return `sr_to_blob(${value})`
    case 'datetime':
      return `sr_datetime(${value})`
    case 'date':
      return `CAST(sr_datetime(${value}) AS DATE)`
    default:
      return `TRY_CAST(${value} AS ${duck})`
  }
}

/** The same cast where a value that would become NULL is an error with this message. */
export function renderStrictCast(value: string, type: ColumnType, message: string): string {
  if (type.base === 'bitmap' || type.base === 'hll') return `CAST(${value} AS UBIGINT[])`
  const refusal = `error(${quoteText(message)})`
  return `CASE WHEN (${value}) IS NULL THEN NULL ELSE coalesce(${renderCast(value, type)}, ${refusal}) END`
}

/** A decimal over 38 digits stays text: checked, and filled up to its scale. */
function renderWideDecimal(text: string, type: ColumnType): string {
  const scale = type.scale ?? 0
  const integers = (type.precision ?? 0) - scale
  const pattern = `[+-]?[0-9]{1,${Math.max(1, integers)}}(\\.[0-9]{0,${scale}})?`
  const whole = `split_part(${text}, '.', 1)`
  const filled = scale === 0 ? whole : `${whole} || '.' || rpad(split_part(${text}, '.', 2), ${scale}, '0')`
  return `CASE WHEN regexp_full_match(${text}, '${pattern}') THEN ${filled} END`
}

export function checkUnit(unit: string): string {
  if (!UNITS.has(unit)) throw analyzingError(`Interval unit ${unit} is not supported`)
  return unit
}

/** Functions whose result is text whatever they are given. */
const TEXT_FUNCTIONS = new Set(['concat', 'sha2', 'md5', 'hex', 'conv', 'substr', 'substring', 'upper', 'lower'])

/** A value as text. What is text already stays as it is: sr_text names its argument many times, and nested ones would multiply. */
function renderText(nodes: readonly Node[], render: Call['render']): string {
  return isText(nodes) ? render(nodes) : `sr_text(${render(nodes)})`
}

/** Whether an expression is text, as far as its words tell. */
export function isText(nodes: readonly Node[]): boolean {
  const [first, group] = nodes
  if (nodes.length === 1) return first?.kind === 'string'
  if (nodes.length !== 2 || first?.kind !== 'word' || !isParens(group)) return false
  const name = first.text.toLowerCase()
  if (name === 'ifnull' || name === 'coalesce') return splitByComma(group.items).every(isText)
  if (name === 'cast') return ['STRING', 'VARCHAR'].includes(wordOf(group.items.at(-1)))
  return TEXT_FUNCTIONS.has(name)
}

function passThrough(call: Call): string {
  return `${call.name}(${call.render(call.nodes)})`
}

/** SUM inside DISTINCT or OVER stays DuckDB's, since macros cannot stand there. */
function renderSum(call: Call): string {
  if (call.windowed || wordOf(call.nodes[0]) === 'DISTINCT') return passThrough(call)
  return `sr_sum(${call.render(call.nodes)})`
}

/** COUNT(DISTINCT a, b) leaves out rows with a NULL in any of them. */
function renderCount(call: Call): string {
  if (wordOf(call.nodes[0]) !== 'DISTINCT' || call.parts.length < 2) return passThrough(call)
  const parts = splitByComma(call.nodes.slice(1)).map(call.render)
  const present = parts.map(part => `(${part}) IS NOT NULL`).join(' AND ')
  return `count(DISTINCT CASE WHEN ${present} THEN (${parts.join(', ')}) END)`
}

function renderGroupConcat(call: Call): string {
  let nodes = call.nodes
  const distinct = wordOf(nodes[0]) === 'DISTINCT'
  if (distinct) nodes = nodes.slice(1)
  const separatorAt = nodes.findIndex(node => wordOf(node) === 'SEPARATOR')
  const separator = separatorAt < 0 ? quoteText(',') : call.render(nodes.slice(separatorAt + 1))
  if (separatorAt >= 0) nodes = nodes.slice(0, separatorAt)
  const orderAt = nodes.findIndex(node => wordOf(node) === 'ORDER')
  const order = orderAt < 0 ? [] : nodes.slice(orderAt + 2)
  if (orderAt >= 0) nodes = nodes.slice(0, orderAt)
  const values = splitByComma(nodes).map(call.render)
  const text = values.map(value => `sr_text(${value})`).join(' || ')
  if (!distinct) return `string_agg(${text}, ${separator}${order.length > 0 ? ` ORDER BY ${call.render(order)}` : ''})`
  if (order.length === 0) return `string_agg(DISTINCT ${text}, ${separator})`
  const direction = wordOf(order.at(-1))
  const ordered = call.render(direction === 'ASC' || direction === 'DESC' ? order.slice(0, -1) : order)
  if (values.length !== 1 || ordered !== values[0])
    throw analyzingError('group_concat(DISTINCT x ORDER BY y) is supported for y = x only by this server')
  const sorted = `list_${direction === 'DESC' ? 'reverse_sort' : 'sort'}(list(DISTINCT ${ordered}))`
  return `array_to_string(list_transform(list_filter(${sorted}, lambda v: v IS NOT NULL), lambda v: sr_text(v)), ${separator})`
}

function twoParts(call: Call): [readonly Node[], readonly Node[]] {
  const [first, second] = call.parts
  if (first === undefined || second === undefined || call.parts.length !== 2)
    throw analyzingError(`No matching function with signature: ${call.name} with ${call.parts.length} arguments`)
  return [first, second]
}

function constantText(nodes: readonly Node[], name: string): string {
  const node = nodes[0]
  if (nodes.length !== 1 || node === undefined || (node.kind !== 'string' && node.kind !== 'number'))
    throw analyzingError(`${name} needs a constant format in this server`)
  return node.kind === 'string' ? node.text.replaceAll('\\%', '%').replaceAll('\\_', '_') : node.text
}
