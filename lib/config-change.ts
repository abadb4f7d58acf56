import type { Key } from './config/key.js'
import { type Config, SECTIONS } from './config/options.js'
import { Failure } from './model/failure.js'
import type { TransformModule } from './model/transform-module.js'
import { moduleDigest } from './rules/shape/transform-function.js'

/** One key that has another value: as text, secrets as "***". */
export interface KeyChange {
  /** "flush_rows", "[snapshot] rate_rows", "[[rule]] shop.orders: exclude". */
  readonly key: string
  readonly from: string
  readonly to: string
}

const HIDDEN = '***'
const UNSET = 'not set'

/** Keys that a running process keeps, with the reason. */
const KEPT_KEYS: ReadonlyMap<string, string> = new Map([
  ['mysql_addr', 'the saved position is one of that server'],
  ['flavor', 'the saved position is one of that server'],
  ['server_id', 'it names this process at the source, and its loads and positions in StarRocks'],
  ['data_dir', 'the position and everything else that is known lies there'],
  ['log_file', 'the log is opened at the start'],
  ['log_level', 'the log is opened at the start'],
  ['log_max_bytes', 'the log is opened at the start'],
  ['log_keep', 'the log is opened at the start'],
  ['statsd_host', 'metrics are sent from the start on'],
  ['statsd_port', 'metrics are sent from the start on'],
  ['statsd_prefix', 'metrics are sent from the start on'],
])

type Values = Readonly<Record<string, unknown>>

/** What differs between two configurations, in the order of the language; where a block stands in its file does not count. */
export function compareConfigs(old: Config, next: Config): KeyChange[] {
  return SECTIONS.flatMap(({ name, form, keys }) => {
    if (form === 'top') return compareKeys('', keys, old, next)
    const [before, after] = [old[name as keyof Config], next[name as keyof Config]]
    if (form === 'table') return compareKeys(`[${name}] `, keys, before as Values, after as Values)
    return compareBlocks(name, keys, before as readonly Values[], after as readonly Values[])
  })
}

/** @throws Failure requestRefused naming every change that counts from the next start only, and why */
export function refuseKept(changes: readonly KeyChange[]): void {
  const kept = changes.filter(({ key }) => KEPT_KEYS.has(key))
  if (kept.length === 0) return
  const lines = kept.map(change => `${renderKeyChange(change)}: ${KEPT_KEYS.get(change.key)}`)
  throw new Failure('requestRefused', `These keys change only with a restart:\n${lines.join('\n')}`, {
    advice: 'Nothing was applied. Put them back and reload, or ./stop.sh and ./start.sh.',
  })
}

/** Why a running process does not take this change; null: it does. */
export function keptBecause({ key }: KeyChange): string | null {
  return KEPT_KEYS.get(key) ?? null
}

export function renderKeyChange({ key, from, to }: KeyChange): string {
  return `${key}: ${from} -> ${to}`
}

function compareKeys(prefix: string, keys: Readonly<Record<string, Key<unknown>>>, old: Values, next: Values) {
  return Object.entries(keys).flatMap(([name, key]): KeyChange[] => {
    const [from, to] = [renderValue(old[name]), renderValue(next[name])]
    if (from === to) return []
    const shown = (text: string): string => (key.secret && text !== UNSET ? HIDDEN : text)
    return [{ key: `${prefix}${name}`, from: shown(from), to: shown(to) }]
  })
}

/** Blocks are told apart by what they are for, and by their number where several are for the same. */
function compareBlocks(
  section: string,
  keys: Readonly<Record<string, Key<unknown>>>,
  old: readonly Values[],
  next: readonly Values[],
): KeyChange[] {
  const [before, after] = [named(old), named(next)]
  const header = (name: string): string => `[[${section}]] ${name}`
  const changes = [...before].flatMap(([name, block]): KeyChange[] => {
    const other = after.get(name)
    if (other === undefined) return [{ key: header(name), from: renderBlock(keys, block), to: 'removed' }]
    return compareKeys(`${header(name)}: `, keys, block, other)
  })
  for (const [name, block] of after)
    if (!before.has(name)) changes.push({ key: header(name), from: 'none', to: renderBlock(keys, block) })
  return changes
}

function named(blocks: readonly Values[]): Map<string, Values> {
  const names = new Map<string, Values>()
  for (const block of blocks) {
    const base = block.table === undefined ? String(block.schema) : `${block.schema}.${block.table}`
    let name = base
    for (let number = 2; names.has(name); number++) name = `${base} (${number})`
    names.set(name, block)
  }
  return names
}

/** The keys that a block sets to something else than their default. */
function renderBlock(keys: Readonly<Record<string, Key<unknown>>>, block: Values): string {
  const set = Object.entries(keys)
    .filter(([name, { fallback }]) => block[name] !== undefined && block[name] !== fallback)
    .map(([name]) => `${name} = ${renderValue(block[name])}`)
  return `{ ${set.join(', ')} }`
}

function renderValue(value: unknown): string {
  return JSON.stringify(plain(value)) ?? UNSET
}

function plain(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([name, item]) => [name, plain(item)]))
  if (Array.isArray(value)) return value.map(plain)
  if (isModule(value)) return `${value.path} (${moduleDigest(value)})`
  return value
}

/** What a module does is its text: another one under the same name is another value. */
function isModule(value: unknown): value is TransformModule {
  return typeof value === 'object' && value !== null && 'source' in value && 'path' in value
}
