import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Failure } from '../model/failure.js'
import { GuardedProcess } from '../servers/guarded-process.js'
import { runCommand } from '../servers/run-command.js'

/** The program this demo is a command of; the sandbox and the engine are others. */
export const CLI = fileURLToPath(new URL('../../../bin/mysql-sr-sync', import.meta.url))

const READY_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 30_000

/** A command of this program that runs beside the demo, writes into a log in its folder and ends with the demo. */
export class Companion {
  readonly title: string
  readonly log: string
  readonly #process: GuardedProcess

  private constructor(title: string, log: string, process: GuardedProcess) {
    this.title = title
    this.log = log
    this.#process = process
  }

  /** `folder` is the demo's folder: it goes when the demo dies. */
  static async start(title: string, cli: string, args: readonly string[], folder: string): Promise<Companion> {
    const log = join(folder, `${title}.log`)
    const child = await GuardedProcess.start([process.execPath, cli, ...args], { folder, output: log })
    return new Companion(title, log, child)
  }

  /** Fails when it has ended, with the end of what it said. */
  async check(): Promise<void> {
    if (this.#process.status === undefined) return
    throw new Failure(
      'internal',
      `the ${this.title} ended with status ${this.#process.status}:\n${await this.tail()}`,
      {
        advice: 'The lines above say why.',
      },
    )
  }

  /** Resolves with the first line of its output that is a JSON object with `ready: true`. */
  async ready(): Promise<Record<string, unknown>> {
    for (const endMs = performance.now() + READY_TIMEOUT_MS; performance.now() < endMs; await delay(30)) {
      const text = existsSync(this.log) ? await readFile(this.log, 'utf8') : ''
      for (const line of text.split('\n').slice(0, -1)) {
        const said = line.startsWith('{') ? parseLine(line) : {}
        if (said.ready === true) return said
      }
      await this.check()
    }
    throw new Failure('internal', `the ${this.title} did not become ready:\n${await this.tail()}`)
  }

  async tail(): Promise<string> {
    const text = existsSync(this.log) ? await readFile(this.log, 'utf8') : ''
    return text.trim().split('\n').slice(-15).join('\n')
  }

  /** SIGTERM, and SIGKILL when that is not heard within 30 s; resolves with the exit status. */
  async stop(): Promise<number> {
    if (this.#process.status !== undefined) return this.#process.status
    this.#process.signal('SIGTERM')
    const timer = setTimeout(() => this.#process.signal('SIGKILL'), STOP_TIMEOUT_MS)
    try {
      return await this.#process.ended()
    } finally {
      clearTimeout(timer)
    }
  }
}

function parseLine(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line)
  } catch (error) {
    // A log line that only looks like an object.
    if (error instanceof SyntaxError) return {}
    throw error
  }
}

export interface SandboxPorts {
  readonly fe: number
  readonly be: number
  readonly mysql: number
}

/** Starts the StarRocks sandbox on free ports. */
export async function startSandbox(cli: string, folder: string): Promise<{ sandbox: Companion; ports: SandboxPorts }> {
  const data = join(folder, 'sandbox')
  await mkdir(data)
  const ports = ['--fe-port', '0', '--be-port', '0', '--mysql-port', '0']
  const args = ['sandbox', '--json', ...ports, '--data', data]
  const sandbox = await Companion.start('sandbox', cli, args, folder)
  const said = await sandbox.ready()
  return {
    sandbox,
    ports: { fe: Number(said.fe_port), be: Number(said.be_port), mysql: Number(said.mysql_port) },
  }
}

export interface EngineConfig {
  readonly mysqlPort: number
  readonly user: string
  readonly password: string
  readonly flavor: 'mysql' | 'mariadb'
  readonly ports: SandboxPorts
  readonly database: string
  readonly tables: readonly string[]
}

/** The configuration of the demo: as short as one for production may be, with everything else left at its default. */
export function renderEngineConfig(config: EngineConfig, dataDir: string): string {
  const quoted = (value: string) => JSON.stringify(value)
  const lines = [
    `mysql_addr = "127.0.0.1:${config.mysqlPort}"`,
    `mysql_user = ${quoted(config.user)}`,
    `mysql_pass = ${quoted(config.password)}`,
    `flavor = ${quoted(config.flavor)}`,
    '',
    'sr_host = "127.0.0.1"',
    `sr_port = ${config.ports.mysql}`,
    `sr_http_port = ${config.ports.fe}`,
    'sr_user = "root"',
    'sr_pass = ""',
    `sr_dbname = ${quoted(config.database)}`,
    `data_dir = ${quoted(dataDir)}`,
    '',
    '[[source]]',
    `schema = ${quoted(config.database)}`,
    `tables = [${config.tables.map(quoted).join(', ')}]`,
    ...config.tables.flatMap(table => [
      '',
      '[[rule]]',
      `schema = ${quoted(config.database)}`,
      `table = ${quoted(table)}`,
    ]),
  ]
  return `${lines.join('\n')}\n`
}

/** The engine under its configuration file. */
export class Engine {
  readonly dataDir: string
  readonly configFile: string
  readonly companion: Companion
  readonly #cli: string

  private constructor(cli: string, dataDir: string, configFile: string, companion: Companion) {
    this.#cli = cli
    this.dataDir = dataDir
    this.configFile = configFile
    this.companion = companion
  }

  static async start(cli: string, folder: string, config: EngineConfig): Promise<Engine> {
    const dataDir = join(folder, 'var')
    await mkdir(dataDir)
    const configFile = join(folder, 'sync.toml')
    await writeFile(configFile, renderEngineConfig(config, dataDir))
    return new Engine(cli, dataDir, configFile, await Companion.start('sync', cli, ['run', '-c', configFile], folder))
  }

  /** Resolves when everything the source has committed by now is visible in the target. */
  async caughtUp(timeoutSeconds: number): Promise<void> {
    await this.companion.check()
    try {
      await runCommand(process.execPath, [
        this.#cli,
        'wait',
        '--timeout',
        String(timeoutSeconds),
        '-c',
        this.configFile,
      ])
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause)
      throw new Failure('internal', `${message}\nThe sync said last:\n${await this.companion.tail()}`, { cause })
    }
  }
}
