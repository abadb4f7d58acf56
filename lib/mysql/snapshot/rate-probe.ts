import { Failure } from '../../model/failure.js'
import type { TableReader } from './table-reader.js'

export interface ReadRate {
  readonly rowsPerS: number
  readonly bytesPerS: number
}

/** Reads from the beginning of the table for about `ms` (default 1,000) and throws the rows away. */
export async function probeRate(_reader: TableReader, _ms = 1_000): Promise<ReadRate> {
  throw new Failure('internal', 'not there yet')
}
