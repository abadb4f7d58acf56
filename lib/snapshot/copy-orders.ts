import type { KeyBound } from '../model/chunk.js'

export interface TableId {
  readonly schema: string
  readonly table: string
}

/** Bounds that a copy keeps to; null: none. */
export interface SnapshotLimits {
  /** Chunks read at the same time, each over a connection of its own. */
  readonly connections: number
  readonly chunkRows: number
  readonly chunkBytes: number
  readonly rowsPerS: number | null
  readonly bytesPerS: number | null
  readonly maxThreadsRunning: number | null
  readonly maxReplicaLagS: number | null
}

/** What became of keys that were read again. */
export interface KeysRead {
  /** Keys with a row at the source: it is in the target. */
  readonly found: number
  /** Keys without one: they were deleted in the target. */
  readonly gone: number
}

/** The snapshot of one running stream, as orders reach it. */
export interface OrderedSnapshot {
  recopy(table: TableId, where: string | null): Promise<void>
  readKeys(table: TableId, keys: readonly KeyBound[], signal: AbortSignal): Promise<KeysRead>
  setLimits(limits: SnapshotLimits): void
}

/**
 * What a running engine can be told to copy. One for the life of the process: the stream behind it is built anew after failures
 * that pass, and orders that come meanwhile wait for the next one.
 */
export class CopyOrders {
  #snapshot: OrderedSnapshot | null = null
  #limits: SnapshotLimits
  #waiting: { resolve: (snapshot: OrderedSnapshot) => void; reject: (reason: unknown) => void }[] = []

  constructor(limits: SnapshotLimits) {
    this.#limits = limits
  }

  get limits(): SnapshotLimits {
    return this.#limits
  }

  /** Copies use these bounds from their next chunk on. */
  setLimits(limits: SnapshotLimits): void {
    this.#limits = limits
    this.#snapshot?.setLimits(limits)
  }

  /**
   * Has a table that is followed copied again while its changes go on; `where`: a condition in the source's SQL, null for all rows.
   * The target is not emptied. Resolves when the order is on disk: from then on it outlives the process, and the status tells
   * how far it is. Rejects with snapshotUnfit for tables whose rows would be counted twice (mode = "append", group_by), and for
   * tables that are not followed.
   */
  async recopy({ schema, table, where }: TableId & { readonly where: string | null }): Promise<void> {
    await (await this.#running()).recopy({ schema, table }, where)
  }

  /**
   * Brings these keys (literals as in `KeyBound`, in the order of the table's key) in the target to what the source has, in order
   * with the stream; those that the source has no row for are deleted. Resolves when that is durable. Rejects with snapshotUnfit
   * for tables that have other routes than `upsert`; with the signal's reason when it fires.
   */
  async readKeys(table: TableId, keys: readonly KeyBound[], signal: AbortSignal): Promise<KeysRead> {
    return (await this.#running(signal)).readKeys(table, keys, signal)
  }

  /** The stream of this snapshot runs from now on. The function that is returned is to be called when it ends. */
  attach(snapshot: OrderedSnapshot): () => void {
    this.#snapshot = snapshot
    snapshot.setLimits(this.#limits)
    const waiting = this.#waiting
    this.#waiting = []
    for (const { resolve } of waiting) resolve(snapshot)
    return () => {
      if (this.#snapshot === snapshot) this.#snapshot = null
    }
  }

  /** No stream comes any more: whoever waits for one hears `reason`. */
  close(reason: unknown): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const { reject } of waiting) reject(reason)
  }

  #running(signal?: AbortSignal): Promise<OrderedSnapshot> {
    if (this.#snapshot !== null) return Promise.resolve(this.#snapshot)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
  }
}
