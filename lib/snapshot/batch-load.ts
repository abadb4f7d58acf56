import { Dispatcher } from '../dispatch/dispatcher.js'
import { LabelsDelivery } from '../dispatch/labels-delivery.js'
import { Pace } from '../dispatch/pace.js'
import type { Route } from '../dispatch/route.js'
import type { Sink } from '../dispatch/sink.js'
import { Window } from '../dispatch/window.js'
import type { ChangePlace } from '../model/change-place.js'
import type { TextRows } from '../model/chunk.js'
import type { PlanLog } from '../model/epoch-plan.js'
import type { Failure } from '../model/failure.js'
import type { Observer } from '../model/observer.js'
import type { Position } from '../model/position.js'

export interface BatchLoadOptions {
  readonly lanes: number
  /** Rows and bytes that may be handed over and not yet durable. */
  readonly maxRows: number
  readonly maxBytes: number
  /**
   * First part of the labels; of this load alone: a label that another attempt has committed would pass for this one's, and
   * its rows would be missing. Characters `[-\w]` only.
   */
  readonly labelBase: string
}

/** No position moves, so none has to move in time. */
const NEVER_MS = 2 ** 31 - 1

/** A crash begins a copy anew under other labels, so nothing of it is ever looked up. */
const NO_PLAN: PlanLog = {
  begin: async () => undefined,
  ship: async () => undefined,
  rebase: async () => undefined,
  reduce: async () => undefined,
  transaction: async () => undefined,
  settled: () => undefined,
  over: () => undefined,
}

/**
 * Rows of the text protocol on their way into StarRocks by labelled Stream Loads: the dispatcher, its lanes, window and
 * accounts, where each piece of rows is a transaction of its own. Bad rows end it.
 */
export class BatchLoad {
  /** Rows that are durable, as StarRocks counted them. */
  loaded = 0
  /** By source table, rows of which a rule has nothing written. */
  readonly filtered = new Map<string, number>()
  readonly #dispatcher: Dispatcher
  readonly #abort = new AbortController()
  #failure: Failure | null = null
  #pieces = 0

  constructor(options: BatchLoadOptions, parts: { readonly sink: Sink; readonly observer: Observer }) {
    const { lanes, maxRows, maxBytes, labelBase } = options
    const pace = new Pace()
    const observer: Observer = happening => {
      if (happening.kind === 'accounted') {
        const { source, loaded, filtered } = happening
        this.loaded += loaded
        this.filtered.set(source, (this.filtered.get(source) ?? 0) + filtered)
      }
      parts.observer(happening)
    }
    const delivery = new LabelsDelivery(
      { labelBase, lanes },
      {
        sink: parts.sink,
        plan: NO_PLAN,
        observer,
        signal: this.#abort.signal,
        busy: failure => pace.busy(failure),
        badRows: null,
      },
    )
    this.#dispatcher = new Dispatcher(
      {
        lanes,
        idleAdvanceMs: NEVER_MS,
        start: this.#place(),
        firstEpoch: 1,
        scripts: [],
        traced: false,
        // A key is read once.
        collapseFrom: Number.POSITIVE_INFINITY,
      },
      () => this.#place(),
      {
        window: new Window({ maxRows, maxBytes }),
        pace,
        observer,
        jsonTargets: new Set(),
        deliveryOf: () => delivery,
        onDurable: () => undefined,
      },
    )
    this.#dispatcher.failed.catch((failure: Failure) => {
      this.#failure = failure
      this.#abort.abort(failure)
    })
  }

  /**
   * Takes rows; their buffer may be used again when it returns. A promise when there is no room for more: to be waited for.
   * Throws or rejects with the Failure that ended the load. `place`, `commitMs`: what rows of tables of changes say of where
   * they come from.
   */
  add(rows: TextRows, routes: readonly Route[], place: ChangePlace, commitMs: number): Promise<void> | undefined {
    if (this.#failure !== null) throw this.#failure
    this.#pieces++
    this.#dispatcher.rows({ op: 'insert', buffer: rows.buffer, at: rows.at, end: rows.end }, routes, commitMs, place)
    this.#dispatcher.commit()
    return this.#dispatcher.full ? this.#dispatcher.room() : undefined
  }

  /** Resolves when every row is durable; rejects with the Failure that ended the load. */
  finish(): Promise<void> {
    return this.#dispatcher.drain()
  }

  /** Nothing is sent any more. */
  abandon(reason: Failure): void {
    this.#dispatcher.abandon(reason)
  }

  /** Not of any binlog: it counts the pieces, so that each epoch, and each label, has a place of its own. */
  #place(): Position {
    return { binName: 'copy.000001', binPos: this.#pieces, gtidSet: '', serverUuid: '' }
  }
}
