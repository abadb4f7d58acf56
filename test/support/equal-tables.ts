import { createConnection } from 'mysql2/promise'
import { type ComparedTable, compareTables } from '../../lib/demo/compare.js'
import type { ServerAddress } from '../../lib/servers/test-server.js'

/** What differs between source and target, table by table: empty when nothing does. */
export async function differences(
  server: ServerAddress,
  targetPort: number,
  tables: readonly ComparedTable[],
): Promise<unknown[]> {
  const source = await server.connect({ charset: 'utf8mb4' })
  const target = await createConnection({
    host: '127.0.0.1',
    port: targetPort,
    user: 'root',
    dateStrings: true,
    supportBigNumbers: true,
  })
  try {
    const compared = await compareTables({ source, target, tables })
    return compared.filter(c => c.differs > 0).map(c => [c.table, c.source, c.target, c.examples])
  } finally {
    await source.end()
    await target.end()
  }
}
