import type { SourceAddress } from '../../lib/mysql/session.js'
import type { ServerAddress } from '../../lib/servers/test-server.js'

/** How the engine's parts reach a test server as its root. */
export function sourceAddressOf(
  server: Pick<ServerAddress, 'port'>,
  changes: Partial<SourceAddress> = {},
): SourceAddress {
  return {
    host: '127.0.0.1',
    port: server.port,
    user: 'root',
    password: '',
    charset: 'utf8mb4',
    ssl: 'preferred',
    sslCa: null,
    connectTimeoutMs: 10_000,
    answerTimeoutMs: 30_000,
    ...changes,
  }
}
