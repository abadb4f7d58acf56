import { Failure } from '../../model/failure.js'
import { type TableSchema, tableName } from '../../model/schema.js'
import type { Zone } from '../../model/zone.js'
import type { SourceSession } from '../session.js'
import { keyIndex } from './key-index.js'
import { keyColumns, keyObjection } from './key-range.js'
import { isTransactional } from './table-engine.js'

export interface TableEstimate {
  /** The storage engine's guess. */
  readonly rows: number
  readonly dataBytes: number
  /** At least 1. */
  readonly avgRowBytes: number
  /** Columns of the key that chunks are cut by; empty without one. */
  readonly key: readonly string[]
  /** Null: chunks can be cut. Else why the table has to be read as a whole (`TableReader.readWhole`), to follow on its name. */
  readonly unusable: string | null
}

/**
 * What the server knows of a table's size, by its statistics of this moment, and whether its key can be used to cut chunks.
 * `zone`: of the values' text. Rejects with readInterrupted when the table is not there any more.
 */
export async function estimateTable(session: SourceSession, schema: TableSchema, zone: Zone): Promise<TableEstimate> {
  const [version] = await session.query('SELECT VERSION() AS version')
  const [major = 0] = (version?.version ?? '').split('.').map(Number)
  const isMysql = !/mariadb/i.test(version?.version ?? '')
  // MySQL 8.0 answers from a cache of up to a day.
  if (isMysql && major >= 8) await session.query('SET SESSION information_schema_stats_expiry = 0')
  const [row] = await session.query(
    `SELECT TABLE_ROWS AS row_count, DATA_LENGTH AS data_bytes, AVG_ROW_LENGTH AS row_bytes
     FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?`,
    [schema.schema, schema.table],
  )
  if (row === undefined)
    throw new Failure('readInterrupted', `${tableName(schema)} is not there any more, or may not be seen.`)
  return {
    rows: Number(row.row_count ?? 0),
    dataBytes: Number(row.data_bytes ?? 0),
    avgRowBytes: Math.max(1, Number(row.row_bytes ?? 0)),
    key: schema.key,
    unusable: await objection(session, schema, zone),
  }
}

async function objection(session: SourceSession, schema: TableSchema, zone: Zone): Promise<string | null> {
  const reason = keyObjection(schema)
  if (reason !== null) return reason
  const timestamp = keyColumns(schema).find(column => column.dataType === 'timestamp')
  if (timestamp !== undefined && zone.fixedOffset === null)
    return `its key column ${timestamp.name} is a TIMESTAMP, and in the zone ${zone.name} an hour of each year has the same local times as the one before`
  if (!(await isTransactional(session, schema))) return 'its storage engine has no transactions'
  if ((await keyIndex(session, schema)) === null)
    return `no visible index has exactly the columns of its key (${schema.key.join(', ')})`
  return null
}
