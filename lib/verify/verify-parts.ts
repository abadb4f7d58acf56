import type { Position } from '../model/position.js'
import type { TableSchema, TargetTable } from '../model/schema.js'
import type { PageReader } from '../mysql/snapshot/page-reader.js'
import type { CopyRoutes } from '../rules/copy-routes.js'
import type { PlannedSource } from '../schema-plan.js'
import type { VisibleUpTo } from './stream-place.js'
import type { Ask } from './table-side.js'

/** What a comparison talks to. */
export interface VerifyParts {
  /** SELECTs at the source: utf8mb4, the stream's zone, ALLOW_INVALID_DATES. */
  readonly source: Ask
  readonly target: Ask
  readonly head: () => Promise<Position>
  readonly place: VisibleUpTo
  readonly flavor: 'mysql' | 'mariadb'
  /** For rules whose rows no SQL tells; see `madeRoutes`. */
  readonly routes: (source: PlannedSource, existing: TargetTable) => Promise<CopyRoutes>
  /** For their images. The signal ends what is under way. */
  readonly reader: (table: TableSchema, expressions: readonly string[], signal: AbortSignal) => MadeReader
}

export type MadeReader = Pick<PageReader, 'next' | 'keys' | 'close'>

export interface VerifyTableOptions {
  readonly chunkRows: number
  readonly listRows: number
  /** Longest wait for the stream to pass what the source has; then rows are pending. */
  readonly waitMs: number
  readonly signal: AbortSignal
  /** Told of the rows compared since it was told last. */
  readonly compared?: (rows: number) => void
  /** Told of the rows of the source that were read since it was told last; awaited, so that it can slow the comparison down. */
  readonly read?: (rows: number) => Promise<void>
}
