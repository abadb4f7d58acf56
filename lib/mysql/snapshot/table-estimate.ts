import { Failure } from '../../model/failure.js'
import type { TableSchema } from '../../model/schema.js'
import type { SourceSession } from '../session.js'

export interface TableEstimate {
  /** The storage engine's guess; exact for none that has transactions. */
  readonly rows: number
  readonly dataBytes: number
  readonly avgRowBytes: number
  /** Columns of the key that chunks are cut by; empty without one. */
  readonly key: readonly string[]
  /** Null: chunks can be cut. Else why the table has to be read as a whole. */
  readonly unusable: string | null
}

/** What the server knows of a table's size, with statistics of this moment, and whether its key can be used to cut chunks. */
export async function estimateTable(_session: SourceSession, _schema: TableSchema): Promise<TableEstimate> {
  throw new Failure('internal', 'not there yet')
}
