import type { RowsEvent } from '../binlog/event.js'
import type { TableMap } from '../binlog/table-map.js'
import type { Route } from '../dispatch/route.js'
import type { ChangePlace } from '../model/change-place.js'
import type { KeyBound } from '../model/chunk.js'
import { Failure } from '../model/failure.js'
import type { Position } from '../model/position.js'
import type { SchemaChange } from '../model/schema-change.js'
import type { AdmittedChunk, CopyPlan, StreamKeys } from './copy-plan.js'
import type { CopyWindow } from './window.js'

export interface GateParts {
  readonly dispatcher: import('../dispatch/dispatcher.js').Dispatcher
  /** Behind the last whole transaction that was read. */
  readonly position: () => Position
  readonly routes: (map: TableMap) => readonly Route[]
  readonly keys: (map: TableMap) => StreamKeys
  /** Compiles the routes of a table map; see the router. */
  readonly bind: (map: TableMap) => Promise<void> | undefined
  /** Resolves when it is on disk that the chunk may be in the target from now on. */
  readonly noteAdmitted: (chunk: AdmittedChunk) => Promise<void>
  /** Folder of the spool files; null: epochs are never read again in part (transactions in one database). */
  readonly spoolFolder: string | null
  /** Chunks of epochs that are read again, in the order in which they were admitted. */
  readonly replays: readonly AdmittedChunk[]
  /** Ms since 1970. */
  readonly now: () => number
}

/** A table that is being copied. */
export interface TableCopy {
  readonly frontier: KeyBound | null
  /** Opens a window as soon as the stream stands between two transactions. Rejects with what ended the flow. */
  window(): Promise<CopyWindow>
  /** All rows are copied, or the copy is given up: its changes go in as ever. Windows that are open are void. */
  end(): void
}

/**
 * Stands between the stream and the dispatcher, and lets the chunks of tables that are copied into the dispatcher at places
 * where that loses no row and brings none twice: docs/decisions/0010-snapshot.md.
 */
export class CopyGate {
  constructor(_parts: GateParts) {
    throw new Failure('internal', 'not there yet')
  }

  /** Chunks of earlier runs that go in at the start position; to be awaited before the stream begins. */
  begin(): Promise<void> {
    throw new Failure('internal', 'not there yet')
  }

  /** From here on the changes of this table are judged by its plan. To be called between two transactions, or before the stream begins. */
  copy(_plan: CopyPlan): TableCopy {
    throw new Failure('internal', 'not there yet')
  }

  /** Of the stream's ChangeReceiver. A promise holds the stream. */
  rows(_event: RowsEvent, _place: ChangePlace, _commitMs: number): Promise<void> | undefined {
    throw new Failure('internal', 'not there yet')
  }

  /** In place of the dispatcher's `commit`. */
  commit(): void {
    throw new Failure('internal', 'not there yet')
  }

  /** To be awaited before a DDL statement is followed: windows of its tables are void. */
  tablesChanged(_change: SchemaChange): Promise<void> {
    throw new Failure('internal', 'not there yet')
  }

  /** As of the stream's ChangeReceiver: the stream is to wait while a chunk goes in. */
  get full(): boolean {
    throw new Failure('internal', 'not there yet')
  }

  room(): Promise<void> {
    throw new Failure('internal', 'not there yet')
  }

  /** Whether chunks of this epoch are still to go in again; asked by the dispatcher. */
  owes(_epoch: number): boolean {
    throw new Failure('internal', 'not there yet')
  }

  /** The position is saved, and this is the newest epoch in it. */
  saved(_epoch: number): void {
    throw new Failure('internal', 'not there yet')
  }

  /** Nothing goes in any more; whoever waits hears of it. */
  abandon(_reason: Failure): void {
    throw new Failure('internal', 'not there yet')
  }
}
