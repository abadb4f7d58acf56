import type { KeyBound } from '../model/chunk.js'
import type { TableId } from './copy-orders.js'

/**
 * Finds keys that a table's targets have and the source has not, and hands them to `found` in batches: each key is to be read
 * again in order with the stream, for it may have come back. Resolves when the whole table was looked at, or the signal fired.
 */
export type FindDeadKeys = (
  table: TableId,
  found: (keys: readonly KeyBound[]) => Promise<unknown>,
  signal: AbortSignal,
) => Promise<void>
