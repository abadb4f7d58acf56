import type { CopyReason, CopyRecord } from './copy-record.js'
import type { Failure } from './failure.js'
import type { HaltedTable } from './halted-table.js'
import type { Position } from './position.js'
import type { VerifySummary } from './verify-summary.js'

/** How far the copy of one source table has come. */
export interface CopyProgress {
  /** "schema.table". */
  readonly source: string
  readonly state: CopyRecord['state']
  readonly reason: CopyReason
  /** Rows and bytes of the source read so far, by runs before this one too. */
  readonly rows: number
  readonly bytes: number
  /** Rows that the source estimates the table to have; null when it was not asked yet. */
  readonly estimatedRows: number | null
  /** Over the last half minute. */
  readonly rowsPerSecond: number
  /** Seconds left at this rate; null when nothing tells. */
  readonly leftS: number | null
}

/** Everything that can happen, once per event or load, never once per row. Watchers can neither slow nor stop the flow. */
export type Happening =
  | { readonly kind: 'starting'; readonly version: string; readonly position: Position | null }
  | { readonly kind: 'connected'; readonly server: string; readonly position: Position }
  | { readonly kind: 'disconnected'; readonly failure: Failure; readonly retryInMs: number }
  | { readonly kind: 'tableBound'; readonly source: string; readonly targets: readonly string[] }
  | { readonly kind: 'tableIgnored'; readonly source: string; readonly reason: string }
  | { readonly kind: 'ddl'; readonly source: string; readonly statement: string; readonly action: string }
  | { readonly kind: 'warning'; readonly message: string; readonly advice: string }
  /** Rows decoded for one source table since the last happening of this kind. */
  | { readonly kind: 'received'; readonly source: string; readonly rows: number; readonly bytes: number }
  /** Row events of tables no [[source]] names, passed over undecoded. */
  | { readonly kind: 'filtered'; readonly events: number; readonly bytes: number }
  | {
      readonly kind: 'loaded'
      readonly target: string
      readonly label: string
      readonly rows: number
      readonly bytes: number
      readonly ms: number
    }
  | {
      readonly kind: 'retrying'
      readonly target: string
      readonly label: string
      readonly rows: number
      readonly bytes: number
      readonly failure: Failure
      readonly attempt: number
      readonly delayMs: number
    }
  /** Rows that StarRocks refused were put aside, and are on disk. `reason`: of the first of them. */
  | {
      readonly kind: 'parked'
      readonly target: string
      readonly source: string
      readonly rows: number
      readonly reason: string
    }
  /** How many parked rows wait for a replay or a drop; told at the start, and when it has changed. */
  | { readonly kind: 'deadLetters'; readonly open: number }
  /** A table is not followed from here on, or still not: told when it happens, and at every start after it was tried in vain. */
  | { readonly kind: 'tableHalted'; readonly table: HaltedTable }
  /** All tables that are not followed; told at the start, and when it has changed. */
  | { readonly kind: 'haltedTables'; readonly tables: readonly HaltedTable[] }
  /** Rows of a halted table were passed over in one event; its catch-up reads them. */
  | { readonly kind: 'held'; readonly source: string; readonly bytes: number }
  /** These halted tables are being tried, or will be in a moment; told when it has changed. */
  | { readonly kind: 'tryingHalted'; readonly sources: readonly string[] }
  /** A halted table's rows up to `position` are durable; it is followed again when that has reached `end`. */
  | { readonly kind: 'catchingUp'; readonly source: string; readonly position: Position; readonly end: Position }
  /** It is followed again; `dropped`: without what was held of it. */
  | { readonly kind: 'tableRejoined'; readonly source: string; readonly position: Position; readonly dropped: boolean }
  /** All tables were compared; `again`: by an earlier process. */
  | { readonly kind: 'verified'; readonly summary: VerifySummary; readonly again: boolean }
  /** The position moved: everything up to it is durable. `newestCommitMs` is the source's commit time of the newest row in it, 0 when it held none. */
  | {
      readonly kind: 'advanced'
      readonly position: Position
      readonly rows: number
      readonly newestCommitMs: number
      readonly oldestCommitMs: number
      readonly atMs: number
    }
  | {
      readonly kind: 'window'
      readonly rows: number
      readonly bytes: number
      readonly maxRows: number
      readonly maxBytes: number
      readonly waiting: boolean
      /** "file:offset" behind which a transaction stands whose end has not been read yet; absent or null when none does. */
      readonly openAt?: string | null
      /** Wall clock of the last binlog event or heartbeat, ms since 1970; 0 before the first. */
      readonly lastEventMs: number
    }
  /** The flush interval in use changed; `reason` is a sentence while it is longer than asked, else null. */
  | { readonly kind: 'pace'; readonly askedMs: number; readonly usedMs: number; readonly reason: string | null }
  /** How epochs reach StarRocks from now on, and why so, as a sentence. */
  | { readonly kind: 'delivery'; readonly mode: 'atomic' | 'labels'; readonly reason: string }
  /** The rows of one source table that an epoch took into one target: decoded = filtered + collapsed + loaded + parked. */
  | {
      readonly kind: 'accounted'
      readonly source: string
      readonly target: string
      readonly decoded: number
      readonly filtered: number
      readonly collapsed: number
      readonly loaded: number
      readonly parked: number
    }
  /** Where an epoch stands on its way; `label` is that of the load or transaction, where there is one. */
  | {
      readonly kind: 'step'
      readonly step: 'sealed' | 'planned' | 'sending' | 'sent' | 'committing' | 'committed' | 'saving'
      readonly epoch: number
      readonly label: string | null
    }
  /** The copy of a table begins, or goes on where an earlier run left it (`rows` > 0). */
  | {
      readonly kind: 'copyStarted'
      readonly source: string
      readonly reason: CopyReason
      readonly rows: number
      readonly estimatedRows: number | null
    }
  /** All rows of a table that were there are durable in the target; `ms` since this process began with it. */
  | {
      readonly kind: 'copied'
      readonly source: string
      readonly rows: number
      readonly bytes: number
      readonly ms: number
    }
  /** A chunk is read again, or later; the reason as a sentence. */
  | { readonly kind: 'copyDelayed'; readonly source: string; readonly reason: string; readonly retryInMs: number }
  /** All copies of this snapshot, told about every second while one is unfinished. `waits`: why nothing is read now. */
  | {
      readonly kind: 'snapshot'
      readonly copies: readonly CopyProgress[]
      readonly waits: string | null
      readonly atMs: number
    }
  /** The position could not be saved; loading goes on and it is tried again. */
  | { readonly kind: 'unsaved'; readonly failure: Failure; readonly retryInMs: number }
  /** The stream ends behind the next transaction, to go on with another configuration. */
  | { readonly kind: 'reloading' }
  /** Another configuration is in force. No rows were read for `heldMs`; `notes` are for the operator. */
  | {
      readonly kind: 'reloaded'
      readonly changes: readonly string[]
      readonly notes: readonly string[]
      readonly heldMs: number
    }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly position: Position | null }
  | { readonly kind: 'stopped'; readonly position: Position | null }

export type Observer = (happening: Happening) => void
