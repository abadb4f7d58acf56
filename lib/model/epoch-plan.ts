import type { Position } from './position.js'

/** A load as it was planned before its first byte left. */
export interface PlannedLoad {
  readonly label: string
  readonly database: string
  readonly table: string
  readonly rows: number
  readonly mode: 'upsert' | 'append' | 'aggregate'
  /** Of the route that wrote it: other rules, other bytes. */
  readonly fingerprint: string
}

/** Bodies that left together. */
export interface PlannedShipment {
  /** Row events of the epoch handed over so far: where in the source it happened. */
  readonly events: number
  /** They left because the ack window was full, not because a body was: to happen again at this very place. */
  readonly spilled: boolean
  readonly loads: readonly PlannedLoad[]
}

/** What was written down of one epoch. */
export interface PlannedEpoch {
  readonly epoch: number
  readonly delivery: 'labels' | 'atomic'
  /** First part of its labels, unless a target was rebased. */
  readonly labelBase: string
  readonly start: Position
  /** Null: it was still open when its last bodies left. */
  readonly end: Position | null
  readonly shipments: readonly PlannedShipment[]
  /** Targets ("database.table") whose loads all got labels of another base: what was planned for them before is void. */
  readonly rebased: ReadonlyMap<string, string>
  /** Labels known to be committed, whatever StarRocks still knows of them. */
  readonly settled: ReadonlySet<string>
  /** Label -> the label that carries what was left of it when its bad rows had been parked. */
  readonly reduced: ReadonlyMap<string, string>
  /** Labels of its transactions by target database (delivery "atomic"), in the order in which they were begun. */
  readonly transactions: readonly { readonly database: string; readonly label: string }[]
  /** Database -> a label committed there before this epoch: while StarRocks knows it, it has forgotten none of this epoch. */
  readonly witnesses: ReadonlyMap<string, string>
  /** When the epoch's first record was written, ms since 1970. */
  readonly atMs: number
}

/** The durable plan. What resolves is on disk; one record after the other, in the order of the calls. */
export interface PlanLog {
  begin(epoch: Pick<PlannedEpoch, 'epoch' | 'delivery' | 'labelBase' | 'start' | 'witnesses'>): Promise<void>
  ship(epoch: number, shipment: PlannedShipment, end: Position | null): Promise<void>
  rebase(epoch: number, target: string, labelBase: string): Promise<void>
  reduce(epoch: number, label: string, as: string): Promise<void>
  transaction(epoch: number, database: string, label: string): Promise<void>
  /** A hint that need not be on disk at once. */
  settled(epoch: number, label: string): void
  /** The position is saved at or behind the end of this epoch. */
  over(epoch: number): void
}
