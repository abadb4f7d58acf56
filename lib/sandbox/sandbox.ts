import { Backend } from './backend.js'
import type { Account } from './basic-auth.js'
import type { ParserChoice } from './body-staging.js'
import { ErrorLogs } from './error-log.js'
import { type FaultSetting, Faults } from './faults.js'
import { Frontend } from './frontend.js'
import type { HttpListener } from './http-listener.js'
import { LABEL_KEEP, type LabelKeep, Labels } from './labels.js'
import { LoadStats } from './load-stats.js'
import { MultiTransactions } from './multi-transactions.js'
import { DEFAULT_EMULATED_VERSION, startMysqlListener } from './mysql-listener.js'
import { PreparedParts } from './prepared-parts.js'
import { Store } from './store.js'
import { type SandboxMode, StreamLoader } from './stream-load.js'
import { TableTransactions } from './table-transactions.js'

export interface SandboxOptions {
  readonly host?: string
  /** 0: any free port. */
  readonly feHttpPort: number
  readonly beHttpPort: number
  readonly mysqlPort: number
  /** Folder of the data, or null to keep everything in memory. */
  readonly dataDir: string | null
  readonly user: string
  readonly password: string
  /** The StarRocks version whose answers are imitated, e.g. "3.3.0". */
  readonly emulatedVersion?: string
  readonly mode?: SandboxMode
  /** Milliseconds since 1970, for time-outs and for how long labels are kept; for tests. */
  readonly now?: () => number
  /** How long finished labels are remembered, where StarRocks' defaults (1000 of a database, 3 days) do not fit. */
  readonly labelKeep?: Partial<LabelKeep>
  /** Faults armed from the start. */
  readonly faults?: Readonly<Record<string, FaultSetting>>
  /** Which CSV parser loads use; for tests. */
  readonly parser?: ParserChoice
}

export interface Sandbox {
  readonly feHttpPort: number
  readonly beHttpPort: number
  readonly mysqlPort: number
  readonly faults: Faults
  readonly stats: LoadStats
  readonly loader: StreamLoader
  readonly store: Store
  /** Stops listening, drops connections and closes the store. */
  close(): Promise<void>
}

/** Starts the stand-in for StarRocks: FE HTTP, BE HTTP and the MySQL protocol over one store. Rejects when a port is taken, with a TypeError for a fault it does not know. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const host = options.host ?? '127.0.0.1'
  const account: Account = { user: options.user, password: options.password }
  const emulatedVersion = options.emulatedVersion ?? DEFAULT_EMULATED_VERSION
  const mode = options.mode ?? 'duckdb'
  const now = options.now ?? Date.now
  const keep = { ...LABEL_KEEP, ...options.labelKeep }
  const faults = new Faults()
  faults.set(options.faults ?? {})
  const store = await Store.open({ dataDir: options.dataDir })
  const listeners: Pick<HttpListener, 'close'>[] = []
  const close = async () => {
    faults.clear()
    await Promise.all(listeners.map(listener => listener.close()))
    await store.close()
  }
  try {
    const labels = await Labels.open(store, now, keep)
    const stats = new LoadStats()
    const loader = new StreamLoader({ mode, emulatedVersion, parser: options.parser ?? 'auto' }, store, labels)
    const prepared = await PreparedParts.open(store, labels, loader)
    const tables = new TableTransactions(store, labels, loader, prepared, now)
    const multi = new MultiTransactions(store, labels, loader, { emulatedVersion, now, kept: keep.count })
    const logs = new ErrorLogs()
    const parts = { store, labels, loader, logs, faults, stats, prepared, tables, multi }
    const backend = await new Backend(
      { host, port: options.beHttpPort, account, emulatedVersion, mode },
      parts,
    ).listen()
    listeners.push(backend)
    const frontend = await new Frontend(
      { host, port: options.feHttpPort, account, emulatedVersion, backend: `${host}:${backend.port}` },
      parts,
    ).listen()
    listeners.push(frontend)
    let queryPort = options.mysqlPort
    const mysql = await startMysqlListener(
      {
        host,
        port: options.mysqlPort,
        ...account,
        emulatedVersion,
        faults,
        cluster: () => ({
          feHttpPort: frontend.port,
          beHttpPort: backend.port,
          queryPort,
          backendAlive: faults.armed().noBackendAlive === undefined,
        }),
      },
      store,
    )
    queryPort = mysql.port
    listeners.push(mysql)
    return {
      feHttpPort: frontend.port,
      beHttpPort: backend.port,
      mysqlPort: mysql.port,
      faults,
      stats,
      loader,
      store,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
