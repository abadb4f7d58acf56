import { deliveryWish } from '../config/delivery-wish.js'
import type { Config, RuleBlock } from '../config/options.js'
import { LOAD_KEYS, SHARD_KEYS } from '../config/rule-load-keys.js'
import type { LoadReport } from './report.js'

/** Keys of a rule that say how its target is made, or how its rows are told apart and loaded. */
const OTHERS = { ...LOAD_KEYS, ...SHARD_KEYS, order_by: null, partition_by: null }
/** They are shown by themselves. */
const SHOWN: ReadonlySet<string> = new Set(['flush_interval_ms', 'flush_rows', 'flush_bytes', 'load_format'])

/** How a rule's rows are loaded, with what is said above the rules where the rule says nothing. */
export function explainLoads(rule: RuleBlock, config: Config): LoadReport {
  const others = Object.keys(OTHERS).flatMap(key => {
    const value = (rule as unknown as Readonly<Record<string, unknown>>)[key]
    return SHOWN.has(key) || value === undefined || value === defaultOf(key) ? [] : [`${key} = ${rendered(value)}`]
  })
  return {
    delivery: deliveryWish(config),
    format: rule.load_format ?? config.load_format,
    flushIntervalMs: rule.flush_interval_ms ?? config.flush_interval_ms,
    flushRows: rule.flush_rows ?? config.flush_rows,
    flushBytes: rule.flush_bytes ?? config.flush_bytes,
    others,
  }
}

function defaultOf(key: string): unknown {
  const known: Readonly<Record<string, { readonly fallback?: unknown } | null>> = OTHERS
  return known[key]?.fallback
}

function rendered(value: unknown): string {
  return JSON.stringify(value instanceof Map ? Object.fromEntries(value) : value)
}
