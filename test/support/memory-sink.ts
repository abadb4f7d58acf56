import type { Load } from '../../lib/dispatch/sink.js'
import type { Failure } from '../../lib/model/failure.js'
import type { TargetTable } from '../../lib/model/schema.js'
import { PlainSink } from './plain-sink.js'
import { readToyBody } from './toy-route.js'

/** A sink whose loads end when the test says so: `held` lists those in flight, in the order they came. */
export class MemorySink extends PlainSink {
  readonly tables = new Map<string, Map<number, number>>()
  readonly held: { readonly load: Load; finish(): void; reject(failure: Failure): void }[] = []
  readonly loads: Load[] = []
  /** true: a load ends at once. */
  free = false

  async truncate(target: TargetTable): Promise<void> {
    this.tables.delete(target.table)
  }

  write(load: Load): Promise<{ rows: number }> {
    this.loads.push(load)
    if (this.free) {
      this.#apply(load)
      return Promise.resolve({ rows: load.rows })
    }
    return new Promise((resolve, reject) => {
      const entry = {
        load,
        finish: () => {
          this.held.splice(this.held.indexOf(entry), 1)
          this.#apply(load)
          resolve({ rows: load.rows })
        },
        reject: (failure: Failure) => {
          this.held.splice(this.held.indexOf(entry), 1)
          reject(failure)
        },
      }
      this.held.push(entry)
    })
  }

  async close(): Promise<void> {
    this.tables.clear()
  }

  #apply(load: Load): void {
    const rows = this.tables.get(load.target.table) ?? new Map<number, number>()
    this.tables.set(load.target.table, rows)
    for (const { key, value, op } of readToyBody(load.body)) {
      if (op === 1) rows.delete(key)
      else rows.set(key, value)
    }
  }
}
