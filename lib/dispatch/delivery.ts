import type { TargetTable } from '../model/schema.js'
import type { Epoch, OpenBody, Settled } from './epoch.js'
import type { Sink } from './sink.js'

/** Bodies of one target that leave as one load. */
export interface Shipment {
  readonly target: TargetTable
  readonly bodies: readonly OpenBody[]
  /** Which of the target's bodies it is, for its label: a lane, or "f" for those of several lanes in one. */
  readonly lane: number | 'f'
  /** The worker that loads it. */
  readonly worker: number
  /** Ordinal of the load within epoch, target and lane. */
  readonly part: number
  /** Of its load. */
  readonly rows: number
  /** Rows besides these that the bodies stand for, by source table: later ones of their keys took their places. */
  readonly collapsed: ReadonlyMap<string, number>
  /** Rows it has in the ack window: both together. */
  readonly admitted: number
}

/** What deliveries ask of the sink. */
export type DeliverySink = Pick<Sink, 'write' | 'begin' | 'dryRun' | 'settleTransaction' | 'lacksTransactions'>

/** How bodies become durable. A rejection ends the flow. */
export interface Delivery {
  /** Within an epoch all loads of a target must have one format and one list of columns. */
  readonly oneShape: boolean
  /**
   * Bodies leave, the last ones of the epoch when its end is known. Each promise resolves when the shipment's memory may be
   * given back; only `seal` tells that the rows are durable.
   */
  ship(epoch: Epoch, shipments: readonly Shipment[], spilled: boolean): readonly Promise<Settled>[]
  /** Called once, behind an epoch's last `ship`: resolves when everything of the epoch is durable and visible. */
  seal(epoch: Epoch): Promise<void>
}
