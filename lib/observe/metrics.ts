import type { Happening, Observer } from '../model/observer.js'
import { Lag } from './lag.js'

interface MetricRow {
  /** counter: adds up; gauge: the value now; timing: one duration in ms. */
  readonly type: 'counter' | 'gauge' | 'timing'
  /** What stands behind the name: a source table, a target table, or nothing. */
  readonly per: 'source table' | 'target table' | null
  readonly text: string
}

/** Every metric there is. docs/metrics.md follows from this table. */
export const METRICS = {
  received_rows: { type: 'counter', per: 'source table', text: 'Rows decoded.' },
  received_bytes: { type: 'counter', per: 'source table', text: 'Bytes of their load bodies.' },
  filtered_events: { type: 'counter', per: null, text: 'Row events of tables that no [[source]] names.' },
  filtered_bytes: { type: 'counter', per: null, text: 'Bytes of these events.' },
  loads: { type: 'counter', per: 'target table', text: 'Loads that are durable and visible.' },
  loaded_rows: { type: 'counter', per: 'target table', text: 'Their rows.' },
  loaded_bytes: { type: 'counter', per: 'target table', text: 'Their bytes.' },
  load_ms: { type: 'timing', per: 'target table', text: 'Time of a load from its first try to its acknowledgement.' },
  retried_loads: { type: 'counter', per: 'target table', text: 'Tries of loads that failed and are repeated.' },
  retried_rows: { type: 'counter', per: 'target table', text: 'Rows in these tries.' },
  retried_bytes: { type: 'counter', per: 'target table', text: 'Bytes in these tries.' },
  parked_rows: {
    type: 'counter',
    per: 'target table',
    text: 'Rows StarRocks refused that were parked as dead letters.',
  },
  halted_tables: { type: 'gauge', per: null, text: 'Tables that are not followed until they are mended by hand.' },
  held_events: { type: 'counter', per: 'source table', text: 'Row events of halted tables, left to their catch-up.' },
  held_bytes: { type: 'counter', per: 'source table', text: 'Bytes of these events.' },
  dead_letters: { type: 'gauge', per: null, text: 'Parked rows that wait for a replay or a drop.' },
  accounted_decoded: {
    type: 'counter',
    per: 'source table',
    text: 'Rows of durable epochs, once for each target; always the sum of the four that follow.',
  },
  accounted_filtered: { type: 'counter', per: 'source table', text: 'Of these, rows that a rule left out.' },
  accounted_collapsed: { type: 'counter', per: 'source table', text: 'Of these, rows that a later one replaced.' },
  accounted_loaded: { type: 'counter', per: 'source table', text: 'Of these, rows that were loaded.' },
  accounted_parked: { type: 'counter', per: 'source table', text: 'Of these, rows in the dead letters.' },
  durable_rows: { type: 'counter', per: null, text: 'Rows behind which the saved position has moved.' },
  freshness_ms: {
    type: 'timing',
    per: null,
    text: 'From commit on the source to visible in StarRocks; the oldest and the newest row of each step of the position.',
  },
  lag_ms: {
    type: 'gauge',
    per: null,
    text: 'How far StarRocks is behind the source. Not sent while the source is not connected.',
  },
  flush_interval_ms: {
    type: 'gauge',
    per: null,
    text: 'The flush interval in use, sent when it changes: longer than asked while StarRocks is slow or busy.',
  },
  window_rows: { type: 'gauge', per: null, text: 'Rows handed over but not yet durable.' },
  window_bytes: { type: 'gauge', per: null, text: 'Bytes handed over but not yet durable.' },
  window_fill: { type: 'gauge', per: null, text: 'The fuller of both bounds of the ack window, in percent.' },
  reconnects: { type: 'counter', per: null, text: 'Connections lost or not made, each followed by another try.' },
  save_retries: { type: 'counter', per: null, text: 'Times master.info could not be written and is tried again.' },
  warnings: { type: 'counter', per: null, text: 'Warnings in the log that ask for a look.' },
  errors: { type: 'counter', per: null, text: 'Failures that stopped the flow, or the flow of one table.' },
} as const satisfies Record<string, MetricRow>

export type MetricName = keyof typeof METRICS

/** Where measurements go. `table` is the full name of a table, or null. */
export interface MetricOutput {
  write(name: MetricName, value: number, table: string | null): void
}

/** Turns happenings into measurements. `now` is the wall clock in ms since 1970. */
export function observeMetrics(output: MetricOutput, now: () => number): Observer {
  const lag = new Lag(now)
  return happening => {
    lag.observe(happening)
    measure(happening, (name, value, table) => output.write(name, value, table ?? null))
    if (happening.kind === 'window' && lag.ms !== null) output.write('lag_ms', lag.ms, null)
  }
}

function measure(happening: Happening, write: (name: MetricName, value: number, table?: string) => void): void {
  switch (happening.kind) {
    case 'received':
      write('received_rows', happening.rows, happening.source)
      write('received_bytes', happening.bytes, happening.source)
      return
    case 'filtered':
      write('filtered_events', happening.events)
      write('filtered_bytes', happening.bytes)
      return
    case 'loaded':
      write('loads', 1, happening.target)
      write('loaded_rows', happening.rows, happening.target)
      write('loaded_bytes', happening.bytes, happening.target)
      write('load_ms', happening.ms, happening.target)
      return
    case 'retrying':
      write('retried_loads', 1, happening.target)
      write('retried_rows', happening.rows, happening.target)
      write('retried_bytes', happening.bytes, happening.target)
      return
    case 'parked':
      write('parked_rows', happening.rows, happening.target)
      return
    case 'haltedTables':
      write('halted_tables', happening.tables.length)
      return
    case 'held':
      write('held_events', 1, happening.source)
      write('held_bytes', happening.bytes, happening.source)
      return
    case 'deadLetters':
      write('dead_letters', happening.open)
      return
    case 'advanced':
      write('durable_rows', happening.rows)
      if (happening.newestCommitMs > 0) {
        write('freshness_ms', Math.max(0, happening.atMs - happening.newestCommitMs))
        write('freshness_ms', Math.max(0, happening.atMs - happening.oldestCommitMs))
      }
      return
    case 'window':
      write('window_rows', happening.rows)
      write('window_bytes', happening.bytes)
      write('window_fill', windowFill(happening))
      return
    case 'pace':
      write('flush_interval_ms', happening.usedMs)
      return
    case 'accounted':
      for (const part of ['decoded', 'filtered', 'collapsed', 'loaded', 'parked'] as const)
        if (happening[part] > 0) write(`accounted_${part}`, happening[part], happening.source)
      return
    case 'disconnected':
      write('reconnects', 1)
      return
    case 'unsaved':
      write('save_retries', 1)
      return
    case 'warning':
    case 'tableIgnored':
      write('warnings', 1)
      return
    case 'tableHalted':
    case 'failed':
      write('errors', 1)
      return
    case 'starting':
    case 'connected':
    case 'tableBound':
    case 'ddl':
    case 'delivery':
    case 'tryingHalted':
    case 'catchingUp':
    case 'tableRejoined':
    case 'copyStarted':
    case 'copyDelayed':
    case 'copied':
    case 'snapshot':
    case 'stopped':
      return
  }
}

/** Percent of the fuller bound, with one decimal. */
export function windowFill(window: { rows: number; bytes: number; maxRows: number; maxBytes: number }): number {
  return Math.round(1000 * Math.max(window.rows / window.maxRows, window.bytes / window.maxBytes)) / 10
}
