import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createConnection } from 'mysql2/promise'
import { Failure } from '../model/failure.js'
import { freePort } from './free-port.js'
import { GuardedProcess } from './guarded-process.js'
import type { InstalledServer } from './installed-server.js'
import { PLACES, renderServerConfig, type ServerOptions, timeZoneVariable } from './server-config.js'
import { RECIPES } from './server-recipe.js'

const START_TIMEOUT_MS = 90_000
const STOP_TIMEOUT_MS = 90_000
const PORT_TRIES = 5

/** One server process over a prepared folder: started, waited for, stopped. The folder goes when this process dies. */
export class ServerInstance {
  readonly #server: InstalledServer
  readonly #folder: string
  options: ServerOptions
  #process: GuardedProcess | undefined
  #port = 0

  constructor(server: InstalledServer, folder: string, options: ServerOptions) {
    this.#server = server
    this.#folder = folder
    this.options = options
  }

  /** The port it listens on; the same from the first start on. */
  get port(): number {
    return this.#port
  }

  /** Process id while it runs. */
  get pid(): number | undefined {
    return this.#process?.status === undefined ? this.#process?.pid : undefined
  }

  get socket(): string {
    return join(this.#folder, PLACES.socket)
  }

  get dataDir(): string {
    return join(this.#folder, PLACES.data)
  }

  /** Resolves when the server answers root over TCP. A failure carries the end of its error log. */
  async start(args: readonly string[] = []): Promise<void> {
    if (this.pid !== undefined) throw new Failure('internal', `the server on port ${this.#port} already runs`)
    const zone = timeZoneVariable(this.options)
    if (zone !== undefined && !existsSync(join('/usr/share/zoneinfo', zone)))
      throw new Failure('configInvalid', `timeZone ${zone}: /usr/share/zoneinfo does not know it`)
    for (let tries = 1; ; tries++) {
      const fixed = this.#port !== 0
      if (!fixed) this.#port = await freePort()
      const logged = await this.#logLength()
      try {
        return await this.#startOnce(args, zone)
      } catch (error) {
        await this.kill()
        const log = (await this.#log()).slice(logged)
        // Between the search for a port and its use another process took it.
        const taken = /Address already in use/i.test(log)
        if (!fixed && taken && tries < PORT_TRIES) {
          this.#port = 0
          continue
        }
        const tail = log.trim().split('\n').slice(-15).join('\n')
        const message = error instanceof Error ? error.message : String(error)
        throw new Failure('sourceUnreachable', `${message}\n${tail === '' ? 'It wrote no log.' : tail}`, {
          cause: error,
        })
      }
    }
  }

  async #startOnce(args: readonly string[], zone: string | undefined): Promise<void> {
    const title = RECIPES[this.#server.kind].title
    const superuser = process.getuid?.() === 0
    const place = {
      kind: this.#server.kind,
      root: this.#server.root,
      folder: this.#folder,
      port: this.#port,
      superuser,
    }
    const config = join(this.#folder, PLACES.config)
    await writeFile(config, renderServerConfig(place, this.options))
    const command = [...this.#server.command(RECIPES[this.#server.kind].server), `--defaults-file=${config}`, ...args]
    this.#process = await GuardedProcess.start(command, {
      folder: this.#folder,
      output: join(this.#folder, PLACES.log),
      ...(zone === undefined ? {} : { env: { TZ: zone } }),
    })
    const deadlineMs = performance.now() + START_TIMEOUT_MS
    let last = 'no answer'
    while (performance.now() < deadlineMs) {
      if (this.#process.status !== undefined)
        throw new Failure('sourceUnreachable', `${title} ended with status ${this.#process.status} while starting`)
      try {
        return await this.#answers()
      } catch (error) {
        last = error instanceof Error ? error.message : String(error)
      }
      await delay(40)
    }
    throw new Failure('sourceUnreachable', `${title} does not answer on port ${this.#port}: ${last}`)
  }

  /** Throws unless it is this very server that answers: another could have taken the port. */
  async #answers(): Promise<void> {
    const connection = await createConnection({
      host: '127.0.0.1',
      port: this.#port,
      user: 'root',
      connectTimeout: 5000,
    })
    try {
      const [rows] = await connection.query('select @@datadir as datadir')
      const found = (rows as Array<{ datadir: string }>)[0]?.datadir.replace(/\/$/, '')
      if (found !== this.dataDir) throw new Error(`the server on this port has its data in ${found}`)
    } finally {
      connection.destroy()
    }
  }

  /** Clean shutdown; returns when the process is gone. A server that does not end in 90 s is killed and reported. */
  async stop(): Promise<void> {
    const server = this.#process
    if (server === undefined || server.status !== undefined) return
    server.signal('SIGTERM')
    const timer = new AbortController()
    // Only `timer` can end it early, and nothing waits for it then.
    const late = delay(STOP_TIMEOUT_MS, 'late' as const, { signal: timer.signal }).catch(() => 'ended' as const)
    const outcome = await Promise.race([server.ended(), late])
    timer.abort()
    if (outcome !== 'late') return
    await this.kill()
    throw new Failure('internal', `the server on port ${this.#port} did not stop within ${STOP_TIMEOUT_MS} ms`)
  }

  /** kill -9; returns when the process is gone. */
  async kill(): Promise<void> {
    const server = this.#process
    if (server === undefined || server.status !== undefined) return
    server.signal('SIGKILL')
    await server.ended()
  }

  async #log(): Promise<string> {
    const path = join(this.#folder, PLACES.log)
    return existsSync(path) ? readFile(path, 'utf8') : ''
  }

  async #logLength(): Promise<number> {
    return (await this.#log()).length
  }
}
