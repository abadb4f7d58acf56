import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { runningProcess } from '../../lib/checkpoint/data-dir.js'
import { main } from '../../lib/cli/main.js'
import type { CopyRecord } from '../../lib/model/copy-record.js'
import type { Status } from '../../lib/observe/status.js'

const CLI = resolve('bin/mysql-sr-sync')

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** What an engine is to sync, for `Engine.configure`. */
export interface EngineSetup {
  readonly mysqlPort: number
  readonly fePort: number
  readonly feHttpPort: number
  readonly flavor: 'mysql' | 'mariadb'
  /** Source schema; all its tables go to the target database of the same name. */
  readonly schema: string
  /** Further top-level lines, and lines that replace a default of the same key. */
  readonly top?: Readonly<Record<string, string | number | boolean>>
  /** Text of [[source]] and [[rule]] blocks instead of the default ones. */
  readonly blocks?: string | undefined
}

/** One engine with a folder of its own, driven as an operator does: by sync.toml and the command line. */
export class Engine {
  readonly folder: string
  #running: ChildProcess | null = null
  #output = ''

  private constructor(folder: string) {
    this.folder = folder
  }

  static async create(prefix = 'engine-'): Promise<Engine> {
    return new Engine(await mkdtemp(join(tmpdir(), prefix)))
  }

  get configFile(): string {
    return join(this.folder, 'sync.toml')
  }

  /** How far the copies are; empty before the first is written down. The file is replaced as a whole, so it can be read at any time. */
  get copies(): readonly CopyRecord[] {
    const file = join(this.dataDir, 'snapshot', 'state.json')
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { tables: CopyRecord[] }).tables : []
  }

  /** Whether there are copies, and all have ended. */
  get isCopied(): boolean {
    const { copies } = this
    return copies.length > 0 && copies.every(({ state }) => state === 'copied' || state === 'followed')
  }

  get dataDir(): string {
    return join(this.folder, 'var')
  }

  get masterInfo(): string {
    return join(this.dataDir, 'master.info')
  }

  async configure(setup: EngineSetup): Promise<void> {
    const top = {
      mysql_addr: `127.0.0.1:${setup.mysqlPort}`,
      mysql_user: 'root',
      mysql_pass: '',
      sr_host: '127.0.0.1',
      sr_port: setup.fePort,
      sr_http_port: setup.feHttpPort,
      sr_user: 'root',
      sr_pass: '',
      sr_dbname: setup.schema,
      flavor: setup.flavor,
      server_id: 1000 + Math.floor(Math.random() * 1e6),
      flush_interval_ms: 50,
      ...setup.top,
    }
    const blocks =
      setup.blocks ??
      `[[source]]\nschema = "${setup.schema}"\ntables = ["/./"]\n\n[[rule]]\nschema = "${setup.schema}"\ntable = "/./"\n`
    const lines = Object.entries(top).map(([key, value]) => `${key} = ${JSON.stringify(value)}`)
    await writeFile(this.configFile, `${lines.join('\n')}\n\n${blocks}`)
  }

  /** Runs one command to its end, in a process of its own. */
  cli(...args: string[]): Promise<Outcome> {
    return execute(process.execPath, [CLI, ...args, '-c', this.configFile], {})
  }

  /** The same without a process: for what is asked so often that starting Node would take most of the time. */
  async #ask(...args: string[]): Promise<Outcome> {
    const [out, err]: [string[], string[]] = [[], []]
    const lines = (said: string[]) => (text: string) => void said.push(`${text}\n`)
    const code = await main([...args, '-c', this.configFile], { out: lines(out), err: lines(err) })
    return { code, stdout: out.join(''), stderr: err.join('') }
  }

  /** Starts `run` in the foreground, or another script that takes -c FILE, and returns at once. */
  start(env: NodeJS.ProcessEnv = {}, command: readonly string[] = [CLI, 'run']): void {
    this.#output = ''
    const child = spawn(process.execPath, [...command, '-c', this.configFile], {
      env: { ...plainEnv(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#running = child
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data: Buffer) => {
        this.#output += data.toString()
      })
    }
  }

  /** Everything the running (or last) engine has said. */
  get output(): string {
    return this.#output
  }

  get pid(): number | undefined {
    return this.#running?.pid
  }

  /** Whether it is started and has not ended. */
  get alive(): boolean {
    const child = this.#running
    return child !== null && child.exitCode === null && child.signalCode === null
  }

  /** The signal that ended the last one, if one did. */
  get signal(): NodeJS.Signals | null {
    return this.#running?.signalCode ?? null
  }

  /** Resolves with the exit code when the engine has ended by itself or by a signal. */
  async ended(): Promise<number | null> {
    const child = this.#running
    if (!child) return null
    if (child.exitCode === null && child.signalCode === null) await new Promise(done => child.once('close', done))
    return child.exitCode
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.#running?.kill(signal)
    return this.ended()
  }

  /** Read-your-writes: everything the source has committed now is visible in the target afterwards. */
  async caughtUp(seconds = 120): Promise<void> {
    const outcome = await this.wait(seconds)
    if (outcome.code !== 0) throw new Error(`wait: ${outcome.stdout}${outcome.stderr}\nengine: ${this.#output}`)
  }

  /** The command `wait`, with whatever it says. */
  async wait(seconds = 120): Promise<Outcome> {
    // On a busy machine `wait` may be up before the engine that was started before it, and finds none running.
    while (this.alive && runningProcess(this.dataDir)?.pid !== this.pid) await new Promise(done => setTimeout(done, 20))
    return this.#ask('wait', '--timeout', String(seconds))
  }

  /** Resolves when it has said this; rejects when it ends without. */
  async said(text: RegExp | string): Promise<void> {
    const isSaid = () => (typeof text === 'string' ? this.#output.includes(text) : text.test(this.#output))
    while (!isSaid()) {
      if (!this.alive) {
        await this.ended()
        if (!isSaid()) throw new Error(`ended without ${text}: ${this.#output}`)
      }
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }

  /** What `status --json` says. */
  async status(): Promise<Status> {
    return JSON.parse((await this.#ask('status', '--json')).stdout) as Status
  }

  /** What `status --json` says when it is so: the engine writes its status a little behind what it says. */
  async statusWhen(isSo: (status: Status) => boolean): Promise<Status> {
    for (;;) {
      const status = await this.status()
      if (isSo(status)) return status
      if (!this.alive) throw new Error(`ended with the status ${JSON.stringify(status)}: ${this.#output}`)
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }

  async position(): Promise<string> {
    return readFile(this.masterInfo, 'utf8')
  }

  /** Before the first start: where it is to read from. */
  async startAt(binName: string, binPos: number): Promise<void> {
    await mkdir(this.dataDir, { recursive: true })
    await writeFile(this.masterInfo, `bin_name = "${binName}"\nbin_pos = ${binPos}\n`)
  }

  async destroy(): Promise<void> {
    if (this.#running) await this.stop('SIGKILL')
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** Runs a command to its end, with the given environment only. */
export function execute(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv },
): Promise<Outcome> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: options.cwd,
      env: options.env ?? plainEnv(),
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (data: Buffer) => {
      stdout += data.toString()
    })
    child.stderr.on('data', (data: Buffer) => {
      stderr += data.toString()
    })
    child.on('error', fail)
    child.on('close', code => done({ code, stdout, stderr }))
  })
}

/** Without jest's own switches. */
function plainEnv(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...env } = process.env
  return env
}
