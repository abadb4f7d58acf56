import type { KeyBound } from '../model/chunk.js'
import type { TableId } from './copy-orders.js'

/**
 * Finds keys that a table's targets have and the source has not: batches of them, each to be read again in order with the
 * stream. Ends early when the signal fires.
 */
export type FindDeadKeys = (table: TableId, signal: AbortSignal) => AsyncIterable<readonly KeyBound[]>
