import type { HaltedTables } from './checkpoint/halted-tables.js'
import type { Failure } from './model/failure.js'
import {
  type BinlogPlace,
  concernsOneTable,
  type HaltedTable,
  isFrom,
  type Obstacle,
  obstacleOf,
} from './model/halted-table.js'
import type { Observer } from './model/observer.js'
import type { Position } from './model/position.js'

/**
 * Which rows are a stream's. A halted table's rows before `from` are the main stream's, those behind it its catch-up's, up to
 * where the main stream stands when it is followed again: decided by the place where a row's transaction begins and by
 * nothing else, so that an epoch that is read again holds what it held.
 */
export interface TableShare {
  /** Whether the stream looks at this table at all. */
  wanted(schema: string, table: string): boolean
  /** Whether rows and DDL of transactions that begin at this place are another stream's. */
  holds(schema: string, table: string, place: BinlogPlace): boolean
  /** Whether the DDL statement behind this place was carried out in the target by hand. */
  accepts(schema: string, table: string, place: BinlogPlace): boolean
  /** Tables of which some rows are another stream's. */
  readonly halted: readonly HaltedTable[]
  /**
   * A table's failure at a place. Resolves when the table is halted there, durably: the stream goes on without it. Rejects
   * with the failure when it must not go on.
   */
  halt(obstructed: Obstructed): Promise<void>
}

/** A failure that was raised while a table's DDL was followed or its table map was bound. */
export interface Obstructed {
  readonly schema: string
  readonly table: string
  readonly failure: Failure
  readonly position: Position
  /** The DDL statement; null when it was the table map. */
  readonly statement: string | null
  /** The id of the halted table that this one was renamed from, or null. */
  readonly after: string | null
}

/** The main stream's share: every table, up to where it is halted. */
export class MainShare implements TableShare {
  readonly #halted: HaltedTables
  readonly #mayHalt: boolean
  readonly #observer: Observer

  /** `mayHalt`: whether a table's failure halts the table, or the stream. */
  constructor(halted: HaltedTables, mayHalt: boolean, observer: Observer) {
    this.#halted = halted
    this.#mayHalt = mayHalt
    this.#observer = observer
  }

  get halted(): readonly HaltedTable[] {
    return this.#halted.tables
  }

  wanted(): boolean {
    return true
  }

  holds(schema: string, table: string, place: BinlogPlace): boolean {
    if (this.#halted.tables.length === 0) return false
    const halted = this.#halted.find(schema, table)
    if (halted === null) return false
    // What is read of another server by now lies behind what was read of the one before.
    return isFrom(halted.from, place) ?? true
  }

  accepts(): boolean {
    return false
  }

  async halt({ schema, table, failure, position, statement, after }: Obstructed): Promise<void> {
    // Halted already: its rows before that place are this stream's and cannot be loaded.
    if (!this.#mayHalt || !concernsOneTable(failure) || this.#halted.find(schema, table) !== null) throw failure
    const obstacle = obstacleOf(failure, `${schema}.${table}`, position, statement, Date.now())
    const halted = await this.#halted.halt({ schema, table, obstacle, after })
    this.#observer({ kind: 'tableHalted', table: halted })
    this.#observer({ kind: 'haltedTables', tables: this.#halted.tables })
  }
}

/** A catch-up's share: the rows of one halted table that the main stream held. */
export class CatchUpShare implements TableShare {
  readonly #table: HaltedTable
  readonly #end: Position
  /** What it came to. */
  obstacle: Obstacle | null = null

  /** `end`: where the main stream stands. */
  constructor(table: HaltedTable, end: Position) {
    this.#table = table
    this.#end = end
  }

  get halted(): readonly HaltedTable[] {
    return []
  }

  wanted(schema: string, table: string): boolean {
    return schema === this.#table.schema && table === this.#table.table
  }

  holds(_schema: string, _table: string, place: BinlogPlace): boolean {
    return isFrom(this.#table.from, place) !== true || isFrom(this.#end, place) !== false
  }

  accepts(_schema: string, _table: string, place: BinlogPlace): boolean {
    return this.#table.accepted.some(({ binName, binPos }) => binName === place.binName && binPos === place.binPos)
  }

  async halt({ schema, table, failure, position, statement }: Obstructed): Promise<void> {
    if (concernsOneTable(failure))
      this.obstacle = obstacleOf(failure, `${schema}.${table}`, position, statement, Date.now())
    throw failure
  }
}
