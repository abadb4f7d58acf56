import type { HaltedTable } from '../model/halted-table.js'
import type { Happening } from '../model/observer.js'
import type { Position } from '../model/position.js'
import { tableName } from '../model/schema.js'

export interface HaltedStatus {
  readonly source: string
  /** Its rows stop here, or its catch-up has come so far. */
  readonly position: Position
  readonly reason: string
  /** The DDL statement at the position, or null. */
  readonly statement: string | null
  readonly advice: string
  readonly since_ms: number
  /** Row events of it passed over since the process started. */
  readonly held_events: number
  /** It is being tried whether it can be followed again; false: an operator is needed. */
  readonly catching_up: boolean
}

/** Follows the happenings around halted tables. */
export class HaltedBoard {
  readonly #filter: (text: string) => string
  readonly #held = new Map<string, number>()
  #tables: readonly HaltedTable[] = []
  #trying: readonly string[] = []
  #reached: { readonly source: string; readonly position: Position } | null = null

  /** `filter` takes secrets out of texts. */
  constructor(filter: (text: string) => string) {
    this.#filter = filter
  }

  observe(happening: Happening): void {
    switch (happening.kind) {
      case 'haltedTables':
        this.#tables = happening.tables
        return
      case 'tryingHalted':
        this.#trying = happening.sources
        return
      case 'held':
        this.#held.set(happening.source, (this.#held.get(happening.source) ?? 0) + 1)
        return
      case 'catchingUp':
        this.#reached = happening
        return
      case 'tableRejoined':
        this.#held.delete(happening.source)
        return
    }
  }

  snapshot(): HaltedStatus[] {
    return this.#tables.map(table => {
      const { position, reason, statement, advice, atMs } = table.obstacle
      const source = tableName(table)
      const catchingUp = this.#trying.includes(source)
      const reached = catchingUp && this.#reached?.source === source ? this.#reached.position : null
      return {
        source,
        position: reached ?? position,
        reason: this.#filter(reason),
        statement: statement === null ? null : this.#filter(statement),
        advice,
        since_ms: atMs,
        held_events: this.#held.get(source) ?? 0,
        catching_up: catchingUp,
      }
    })
  }
}
