import { type AddressInfo, createServer, type Socket } from 'node:net'
import { Faults } from './faults.js'
import type { MemoryTable } from './memory-table.js'
import { MysqlConnection } from './mysql-connection.js'
import type { ClusterState } from './show-statements.js'
import { SqlSession } from './sql-session.js'
import type { Store } from './store.js'

export interface MysqlListenerOptions {
  readonly host: string
  /** 0 takes a free port. */
  readonly port: number
  readonly user: string
  readonly password: string
  /** What `current_version()` says, e.g. "4.1.0-sandbox". */
  readonly emulatedVersion: string
  readonly cluster: () => ClusterState
  /** None strike when absent. */
  readonly faults?: Faults
  /** Further tables of information_schema, by name in lower case; asked for at every query that reads them. */
  readonly systemTables?: Readonly<Record<string, () => MemoryTable>>
}

export const DEFAULT_EMULATED_VERSION = '4.1.0-sandbox'

/**
 * The FE's MySQL port over a store. Errors of one client (also of the protocol) end that client's connection only.
 * @throws the listening socket's error, e.g. when the port is taken.
 */
export async function startMysqlListener(
  options: MysqlListenerOptions,
  store: Store,
): Promise<{ port: number; close(): Promise<void> }> {
  const clients = new Map<number, { connection: MysqlConnection; session: SqlSession; ended: Promise<void> }>()
  const startedAt = Date.now()
  const faults = options.faults ?? new Faults()
  let nextId = 1

  const accept = (socket: Socket) => {
    const id = nextId++
    socket.setNoDelay(true)
    const session = new SqlSession(
      {
        id,
        user: options.user,
        emulatedVersion: options.emulatedVersion,
        startedAt,
        cluster: options.cluster,
        faults,
        systemTables: options.systemTables ?? {},
        sessions: () => [...clients.values()].map(client => client.session.describeSession()),
        kill: (other, onlyQuery) => {
          const client = clients.get(other)
          if (client === undefined) return false
          void (onlyQuery ? client.session.interrupt() : client.connection.kill())
          return true
        },
      },
      store,
    )
    const connection = new MysqlConnection(id, socket, options, session)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => void session.interrupt())
    const ended = connection.serve().then(
      () => undefined,
      // The client cut the connection or spoke no MySQL; there is nobody left to tell.
      () => undefined,
    )
    clients.set(id, { connection, session, ended })
    void ended.then(() => clients.delete(id))
  }

  const server = createServer(accept)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      const open = [...clients.values()]
      await Promise.all(open.map(client => client.connection.kill()))
      await Promise.all(open.map(client => client.ended))
      await closed
    },
  }
}
