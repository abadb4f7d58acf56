import { deliveryWish } from './delivery-wish.js'
import type { Config } from './options.js'

/** A demand on keys together, looked at when each of them is right by itself. The message begins with the first of them. */
export interface CrossCheck<T> {
  readonly keys: readonly string[]
  readonly problem: (values: T) => string | null
}

/** Demands on keys above the first section and on those of all [[rule]] blocks together. */
export const CROSS_CHECKS: readonly CrossCheck<Config>[] = [
  {
    keys: ['concurrent_ack_win', 'concurrent_size'],
    problem: c =>
      c.concurrent_ack_win >= c.concurrent_size ? null : `must be at least concurrent_size (${c.concurrent_size})`,
  },
  {
    keys: ['read_timeout_ms', 'heartbeat_ms'],
    problem: c =>
      c.read_timeout_ms >= 2 * c.heartbeat_ms ? null : `must be at least twice heartbeat_ms (${c.heartbeat_ms})`,
  },
  {
    keys: ['row_delimiter', 'column_separator'],
    problem: c => (c.row_delimiter !== c.column_separator ? null : 'must differ from column_separator'),
  },
  {
    keys: ['mysql_ssl', 'mysql_ssl_ca'],
    problem: c =>
      c.mysql_ssl !== 'verify-ca' || c.mysql_ssl_ca !== undefined ? null : '= "verify-ca" needs mysql_ssl_ca',
  },
  {
    keys: ['delivery'],
    problem: c => {
      const other = c.rule.find(({ delivery = 'auto' }) => delivery !== 'auto' && delivery !== deliveryWish(c))
      if (other === undefined) return null
      return `= "${deliveryWish(c)}" does not go with delivery = "${other.delivery}" of another [[rule]]: rows of all rules share epochs`
    },
  },
  {
    keys: ['delivery'],
    problem: c =>
      deliveryWish(c) === 'atomic' && c.rule.some(rule => rule.partial_update_mode !== undefined)
        ? '= "atomic" writes no partial updates, for which a [[rule]] sets partial_update_mode; take "auto" or "labels"'
        : null,
  },
  {
    keys: ['delivery'],
    problem: c =>
      deliveryWish(c) === 'atomic' && c.rule.some(rule => rule.mode === 'partial')
        ? '= "atomic" does not go with mode = "partial" of a [[rule]]: StarRocks has open defects with partial updates in transactions over several tables; take "auto" or "labels"'
        : null,
  },
  {
    keys: ['on_bad_row'],
    problem: c =>
      c.on_bad_row === 'dead_letter' && c.rule.some(rule => rule.merge_condition !== undefined)
        ? '= "dead_letter" does not go with the merge_condition of a [[rule]]: rows that are replayed would be loaded without it'
        : null,
  },
]
