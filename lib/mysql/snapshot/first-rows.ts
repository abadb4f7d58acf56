import { longLength, longLengthBytes } from '../../binlog/text-value.js'
import { type TableSchema, tableName } from '../../model/schema.js'
import type { SourceAddress } from '../session.js'
import { keyColumns, quoteName } from './key-range.js'
import { readFailure } from './read-failure.js'
import { openReadSession } from './read-session.js'
import type { RowSink } from './row-packets.js'
import { RowQuery } from './row-query.js'

/** One value of a row with its length in front, as the text protocol carries it; see `TextRows`. */
export type EncodedValue = Buffer

export interface FirstRows {
  readonly schema: TableSchema
  /** SELECT list. */
  readonly expressions: readonly string[]
  /** At most so many. */
  readonly rows: number
}

/** Below it a value's first byte is its length; it stands for NULL itself. */
const NULL = 0xfb
const BUFFER_BYTES = 65_536
const SILENCE_MS = 60_000

/**
 * The first rows of tables in the order of their keys, as they are at some moment: for each row its values in the order of the
 * SELECT list. `zone`: `time_zone` of sync.toml. Rejects with a Failure where the source cannot be read.
 */
export async function readFirstRows(
  address: SourceAddress,
  zone: string,
  tables: readonly FirstRows[],
): Promise<EncodedValue[][][]> {
  const { session } = await openReadSession(address, zone)
  try {
    const found: EncodedValue[][][] = []
    for (const table of tables) {
      const sink = new RowValues(table.expressions.length)
      try {
        await new RowQuery(session, select(table), sink, { silenceMs: SILENCE_MS }).done
      } catch (error) {
        throw readFailure(error, tableName(table.schema))
      }
      found.push(sink.rows)
    }
    return found
  } finally {
    await session.close()
  }
}

function select({ schema, expressions, rows }: FirstRows): string {
  const table = quoteName(schema.table)
  const key = keyColumns(schema).map(({ name }) => `${table}.${quoteName(name)}`)
  const order = key.length === 0 ? '' : ` ORDER BY ${key.join(', ')}`
  return `SELECT ${expressions.join(', ')} FROM ${quoteName(schema.schema)}.${table}${order} LIMIT ${rows}`
}

/** Few rows, cut into their values. */
class RowValues implements RowSink {
  readonly rows: EncodedValue[][] = []
  readonly #columns: number

  constructor(columns: number) {
    this.#columns = columns
  }

  take(bytes: number): Buffer {
    return Buffer.allocUnsafe(Math.max(bytes, BUFFER_BYTES))
  }

  put(buffer: Buffer, end: number): void {
    for (let at = 0; at < end; ) {
      const row: EncodedValue[] = []
      while (row.length < this.#columns) {
        const next = at + encodedBytes(buffer, at)
        row.push(buffer.subarray(at, next))
        at = next
      }
      this.rows.push(row)
    }
  }
}

/** The bytes of a value, without its length; null: NULL. */
export function decodedValue(value: EncodedValue): Buffer | null {
  if (value[0] === NULL) return null
  return value.subarray(value[0]! < NULL ? 1 : longLengthBytes(value, 0))
}

function encodedBytes(buffer: Buffer, at: number): number {
  const first = buffer[at]!
  if (first === NULL) return 1
  return first < NULL ? 1 + first : longLengthBytes(buffer, at) + longLength(buffer, at)
}
