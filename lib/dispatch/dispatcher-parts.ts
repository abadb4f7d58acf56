import type { Observer } from '../model/observer.js'
import type { Position } from '../model/position.js'
import type { BadRowPolicy } from './bad-row-policy.js'
import type { Delivery } from './delivery.js'
import type { EpochScript } from './epoch-script.js'
import type { Pace } from './pace.js'
import type { Window } from './window.js'

export interface DispatcherOptions {
  readonly lanes: number
  /** Longest time the position may stay behind when nothing needs loading. */
  readonly idleAdvanceMs: number
  readonly start: Position
  /** Ordinal of the first epoch that is new. */
  readonly firstEpoch: number
  /** Epochs that an earlier run began, in order; the first starts at `start`. */
  readonly scripts: readonly EpochScript[]
  /** Bad rows are parked, so rows are traced. */
  readonly traced: boolean
  /** See `RowWriterOptions`. */
  readonly collapseFrom: number
}

/** What has become durable with an epoch. */
export interface EpochNote {
  /** Ordinal of the newest epoch with rows. */
  readonly epoch: number
  readonly rows: number
  readonly oldestCommitMs: number
  readonly newestCommitMs: number
}

export interface DispatcherParts {
  readonly window: Window
  readonly pace: Pace
  readonly observer: Observer
  /** How an epoch is delivered; asked when it begins. */
  readonly deliveryOf: (script: EpochScript | null) => Delivery
  /** Whether rows that were copied into this epoch before are still to go into it again; absent: never. */
  readonly owes?: (epoch: number) => boolean
  /** See `RowWriterParts`; kept by who outlives this dispatcher. */
  readonly jsonTargets: Set<string>
  /** Where changes are parked of which rules could make no row; null: there are none, since they stop the flow. */
  readonly badRows?: BadRowPolicy | null
  /** Called once per epoch, in order, when everything up to the position is durable and visible. */
  readonly onDurable: (position: Position, note: EpochNote) => void
}
