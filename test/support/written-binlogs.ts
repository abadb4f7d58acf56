import type { TestServer } from '../../lib/servers/test-server.js'
import { binlogNames } from './binlog-files.js'

/** Starts a new binlog file, runs statements in schema t over one connection, and returns the names of the files written. */
export async function written(server: TestServer, statements: readonly string[]): Promise<string[]> {
  const connection = await server.connect({ database: 't', charset: 'utf8mb4' })
  try {
    await connection.query('flush binary logs')
    const before = await binlogNames(server)
    for (const statement of statements) await connection.query(statement)
    return (await binlogNames(server)).slice(before.length - 1)
  } finally {
    await connection.end()
  }
}
