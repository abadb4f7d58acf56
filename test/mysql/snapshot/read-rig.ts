import type { TextRows } from '../../../lib/model/chunk.js'
import type { Position } from '../../../lib/model/position.js'
import type { TableSchema } from '../../../lib/model/schema.js'
import { readHeadPosition } from '../../../lib/mysql/binlog-files.js'
import { readTableSchema } from '../../../lib/mysql/catalog.js'
import { readServerFacts } from '../../../lib/mysql/server-facts.js'
import { type SourceAddress, SourceSession } from '../../../lib/mysql/session.js'
import { quoteName } from '../../../lib/mysql/snapshot/key-range.js'
import { type ReadPlan, TableReader } from '../../../lib/mysql/snapshot/table-reader.js'
import type { ServerAddress } from '../../../lib/servers/test-server.js'
import { sourceAddressOf } from '../../support/source-address.js'

/** The values of text rows; null stands for NULL. */
export function valuesOf(pieces: readonly TextRows[], columns: number): (string | null)[][] {
  return pieces.flatMap(piece => {
    const rows: (string | null)[][] = []
    let at = piece.at
    while (at < piece.end) {
      const row: (string | null)[] = []
      for (let n = 0; n < columns; n++) {
        const first = piece.buffer[at]!
        const size = first < 0xfb ? 0 : first === 0xfc ? 2 : first === 0xfd ? 3 : 8
        const length = first < 0xfb ? first : first === 0xfb ? 0 : piece.buffer.readUIntLE(at + 1, Math.min(size, 6))
        at += 1 + (first === 0xfb ? 0 : size)
        row.push(first === 0xfb ? null : piece.buffer.toString('utf8', at, at + length))
        at += length
      }
      rows.push(row)
    }
    if (rows.length !== piece.rows || at !== piece.end)
      throw new Error(`a piece of ${piece.rows} rows and ${piece.end} bytes holds ${rows.length} rows up to ${at}`)
    return rows
  })
}

export async function schemaOf(server: ServerAddress, schema: string, table: string): Promise<TableSchema> {
  return SourceSession.during(
    sourceAddressOf(server),
    async session => (await readTableSchema(session, schema, table))!,
  )
}

/** Where the server's binlog ends now. */
export async function headOf(server: ServerAddress): Promise<Position> {
  return SourceSession.during(sourceAddressOf(server), async session =>
    readHeadPosition(session, await readServerFacts(session)),
  )
}

/** A reader of all columns as they are. */
export async function openReader(
  server: ServerAddress,
  schema: TableSchema,
  plan: Partial<ReadPlan> = {},
  address: Partial<SourceAddress> = {},
): Promise<TableReader> {
  const expressions = schema.columns.map(column => quoteName(column.name))
  return TableReader.open(sourceAddressOf(server, address), {
    schema,
    expressions,
    where: null,
    zone: '+00:00',
    streamed: null,
    ...plan,
  })
}

export function keyNames(schema: TableSchema): string {
  return schema.key.map(quoteName).join(', ')
}
