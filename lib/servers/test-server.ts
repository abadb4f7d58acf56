import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Connection, type ConnectionOptions, createConnection } from 'mysql2/promise'
import { Failure } from '../model/failure.js'
import { type InstallOptions, installServer } from './install.js'
import { runCommand } from './run-command.js'
import { PLACES, type ServerOptions } from './server-config.js'
import { ServerInstance } from './server-instance.js'
import type { ServerKind } from './server-recipe.js'

/** sockaddr_un(7): the path of a Unix socket has 108 bytes with its zero at the end. */
const MAX_SOCKET_BYTES = 107

export type Row = Record<string, unknown>

export interface StartOptions extends ServerOptions, InstallOptions {
  /** Where the server's own folder is made; default the system's folder for temporary files. */
  readonly folder?: string
}

/** Where a server listens and how root speaks to it; enough for tests that do not stop or restart it. */
export class ServerAddress {
  readonly kind: ServerKind
  readonly host = '127.0.0.1'
  readonly port: number

  constructor(kind: ServerKind, port: number) {
    this.kind = kind
    this.port = port
  }

  /** A connection of root (no password), or of whom the options name. Dates come as text, numbers above 2^53 as text. */
  connect(options: ConnectionOptions = {}): Promise<Connection> {
    return createConnection({
      host: this.host,
      port: this.port,
      user: 'root',
      dateStrings: true,
      supportBigNumbers: true,
      ...options,
    })
  }

  /** Runs statements as root over one connection. One statement gives its rows, several give the rows of each. */
  async sql(statement: string, values?: readonly unknown[]): Promise<Row[]>
  async sql(statements: readonly string[]): Promise<Row[][]>
  async sql(statements: string | readonly string[], values: readonly unknown[] = []): Promise<Row[] | Row[][]> {
    const connection = await this.connect()
    try {
      const results: Row[][] = []
      for (const statement of typeof statements === 'string' ? [statements] : statements) {
        const [rows] = await connection.query(statement, [...values])
        results.push(Array.isArray(rows) ? (rows as Row[]) : [])
      }
      return typeof statements === 'string' ? results[0]! : results
    } finally {
      await connection.end()
    }
  }

  /** Makes (or makes again) an account for any host with what a reader of the binlog needs, or with the given grants. */
  async createUser(
    user: string,
    password: string,
    grants = 'replication slave, replication client, select on *.*',
  ): Promise<void> {
    const plugin = this.kind === 'mysql' ? ' with caching_sha2_password' : ''
    const word = plugin === '' ? 'identified by' : `identified${plugin} by`
    const connection = await this.connect()
    try {
      await connection.query('drop user if exists ?@?', [user, '%'])
      await connection.query(`create user ?@? ${word} ?`, [user, '%', password])
      await connection.query(`grant ${grants} to ?@?`, [user, '%'])
    } finally {
      await connection.end()
    }
  }
}

/** A private server on a free port of 127.0.0.1, with a folder of its own, that never outlives this process. */
export class TestServer extends ServerAddress {
  readonly version: string
  /** MySQL only; another one for every server. */
  readonly serverUuid: string | undefined
  readonly folder: string
  readonly #instance: ServerInstance

  private constructor(kind: ServerKind, folder: string, instance: ServerInstance, about: Row) {
    super(kind, instance.port)
    this.folder = folder
    this.#instance = instance
    this.version = String(about.version)
    this.serverUuid = about.uuid === null || about.uuid === undefined ? undefined : String(about.uuid)
  }

  /** See startServer. */
  static async start(kind: ServerKind, options: StartOptions = {}): Promise<TestServer> {
    const installed = await installServer(kind, options)
    const base = options.folder ?? tmpdir()
    await mkdir(base, { recursive: true })
    const folder = await mkdtemp(join(base, `${kind}-`))
    try {
      if (Buffer.byteLength(join(folder, PLACES.socket)) > MAX_SOCKET_BYTES)
        throw new Failure('configInvalid', `${folder} is too long a path for a server's socket`, {
          advice: 'Choose a shorter folder, for instance by TMPDIR.',
        })
      await mkdir(join(folder, PLACES.tmp))
      await runCommand('cp', ['-a', '--sparse=always', installed.template, join(folder, PLACES.data)])
      const instance = new ServerInstance(installed, folder, options)
      await instance.start()
      const uuid = kind === 'mysql' ? '@@server_uuid' : 'null'
      const [about] = await new ServerAddress(kind, instance.port).sql(`select version() as version, ${uuid} as uuid`)
      return new TestServer(kind, folder, instance, about!)
    } catch (error) {
      await rm(folder, { recursive: true, force: true })
      throw error
    }
  }

  /** Process id while it runs. */
  get pid(): number | undefined {
    return this.#instance.pid
  }

  get socket(): string {
    return this.#instance.socket
  }

  get dataDir(): string {
    return this.#instance.dataDir
  }

  get errorLog(): string {
    return join(this.folder, PLACES.log)
  }

  /** The certificate authority of the server's certificate (PEM file). */
  get caFile(): string {
    return join(this.dataDir, 'ca.pem')
  }

  /** Clean shutdown; the data stay. */
  stop(): Promise<void> {
    return this.#instance.stop()
  }

  /** kill -9; the data stay as they are. */
  kill(): Promise<void> {
    return this.#instance.kill()
  }

  /** Stops it if it runs and starts it on the same port and data, with the given options changed. */
  async restart(options: ServerOptions = {}): Promise<void> {
    await this.#instance.stop()
    this.#instance.options = { ...this.#instance.options, ...options }
    await this.#instance.start()
  }

  /** Ends it at once and removes its folder. */
  async destroy(): Promise<void> {
    await this.#instance.kill()
    await rm(this.folder, { recursive: true, force: true })
  }
}

/**
 * Starts a private real server: MySQL 9.7 or MariaDB 10.11, installed into the cache folder on first use.
 *
 * Resolves when it answers. It listens on a free port of 127.0.0.1 only, root has no password there, and it ends with
 * this process in whatever way that ends. Fails (sourceUnreachable) when it cannot be installed or does not start.
 */
export function startServer(kind: ServerKind, options: StartOptions = {}): Promise<TestServer> {
  return TestServer.start(kind, options)
}

/** mysqlbinlog or mariadb-binlog as a command to which arguments are added; installs the server on first use. */
export async function binlogTool(kind: ServerKind, options: InstallOptions = {}): Promise<string[]> {
  return (await installServer(kind, options)).binlogTool
}
