import type { Load } from '../../lib/dispatch/sink.js'
import type { TargetTable } from '../../lib/model/schema.js'
import { PlainSink } from './plain-sink.js'
import { readToyBody } from './toy-route.js'

/** A target that outlives its engine: a load whose label it has committed before is done without being applied, as in StarRocks. */
export class LabelledSink extends PlainSink {
  applied = 0
  readonly #labels = new Set<string>()
  readonly #tables = new Map<string, Map<number, number>>()

  rows(table: string): ReadonlyMap<number, number> {
    return this.#tables.get(table) ?? new Map()
  }

  async truncate(target: TargetTable): Promise<void> {
    this.#tables.delete(target.table)
  }

  async write(load: Load): Promise<{ rows: number }> {
    if (this.#labels.has(load.label)) return { rows: load.rows }
    this.#labels.add(load.label)
    this.applied++
    const rows = this.#tables.get(load.target.table) ?? new Map<number, number>()
    this.#tables.set(load.target.table, rows)
    for (const { key, value, op } of readToyBody(load.body)) {
      if (op === 1) rows.delete(key)
      else rows.set(key, value)
    }
    return { rows: load.rows }
  }

  async close(): Promise<void> {
    this.#tables.clear()
  }
}
