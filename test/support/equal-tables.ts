import { createConnection } from 'mysql2/promise'
import { type ComparedTable, compareTables, type TableComparison } from '../../lib/demo/compare.js'
import type { ServerAddress } from '../../lib/servers/test-server.js'

/** What differs between source and target, table by table: empty when nothing does. */
export async function differences(
  server: ServerAddress,
  targetPort: number,
  tables: readonly ComparedTable[],
): Promise<unknown[]> {
  const compared = await comparison(server, targetPort, tables)
  return compared.filter(c => c.differs > 0).map(c => [c.table, c.source, c.target, c.examples])
}

/** Every table of the source compared with its target, row by row. */
export async function comparison(
  server: ServerAddress,
  targetPort: number,
  tables: readonly ComparedTable[],
): Promise<TableComparison[]> {
  const source = await server.connect({ charset: 'utf8mb4' })
  const target = await createConnection({
    host: '127.0.0.1',
    port: targetPort,
    user: 'root',
    dateStrings: true,
    supportBigNumbers: true,
  })
  try {
    return await compareTables({ source, target, tables })
  } finally {
    await source.end()
    await target.end()
  }
}
