import { createConnection } from 'mysql2/promise'
import type { Faults } from '../../lib/sandbox/faults.js'
import { DEFAULT_EMULATED_VERSION, startMysqlListener } from '../../lib/sandbox/mysql-listener.js'
import { Store } from '../../lib/sandbox/store.js'

export type Row = readonly unknown[]

/** A store in memory behind a MySQL listener on a free port, and one client that reads values as the text they came as. */
export async function startSqlServer(options: { readonly backendAlive?: boolean; readonly faults?: Faults } = {}) {
  const store = await Store.open({ dataDir: null })
  const listener = await startMysqlListener(
    {
      host: '127.0.0.1',
      port: 0,
      user: 'root',
      password: 'secret',
      emulatedVersion: DEFAULT_EMULATED_VERSION,
      ...(options.faults === undefined ? {} : { faults: options.faults }),
      cluster: () => ({
        feHttpPort: 18030,
        beHttpPort: 18040,
        queryPort: 19030,
        backendAlive: options.backendAlive ?? true,
      }),
    },
    store,
  )
  const connect = (extra: { database?: string; user?: string; password?: string; multipleStatements?: boolean } = {}) =>
    createConnection({
      host: '127.0.0.1',
      port: listener.port,
      user: 'root',
      password: 'secret',
      supportBigNumbers: true,
      bigNumberStrings: true,
      dateStrings: true,
      ...extra,
    })
  const client = await connect()
  return {
    store,
    port: listener.port,
    client,
    connect,
    /** Rows of a query as arrays of texts, the way the text protocol carries them. */
    async texts(sql: string): Promise<Row[]> {
      const [rows] = await client.query({
        sql,
        rowsAsArray: true,
        typeCast: field => {
          const bytes = field.buffer()
          return bytes === null ? null : bytes.toString('utf8')
        },
      })
      return rows as unknown as Row[]
    },
    async run(sql: string): Promise<unknown> {
      return (await client.query(sql))[0]
    },
    async close(): Promise<void> {
      client.destroy()
      await listener.close()
      await store.close()
    },
  }
}

export type SqlServer = Awaited<ReturnType<typeof startSqlServer>>
