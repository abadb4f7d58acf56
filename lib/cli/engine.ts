import { writeStopMark } from '../checkpoint/stop-mark.js'
import type { Config } from '../config/options.js'
import { secretsOf } from '../config/redact.js'
import { ControlServer, type RequestHandlers } from '../control/control-server.js'
import { asFailure, type Failure } from '../model/failure.js'
import type { Happening } from '../model/observer.js'
import { errorText } from '../model/system-error.js'
import { type Log, secretsFilter } from '../observe/log.js'
import { logFailure, logHappenings } from '../observe/log-happenings.js'
import { observeMetrics } from '../observe/metrics.js'
import { StatsdOutput } from '../observe/statsd.js'
import { StatusBoard } from '../observe/status.js'
import { StatusFile } from '../observe/status-file.js'
import { combineWatchers, type Watcher } from '../observe/watchers.js'
import { createSupervisor } from '../supervisor.js'
import { EXIT } from './command.js'
import { LiveBars } from './live-bars.js'
import { openRunLog } from './open-log.js'
import { type Read, readConfig } from './read-config.js'
import { reloadBySignal } from './reload.js'
import { readVersion } from './version.js'

/** What other processes watch status.json for. */
const WAITED_FOR: ReadonlySet<Happening['kind']> = new Set([
  'connected',
  'disconnected',
  'advanced',
  'failed',
  'stopped',
])

/** The supervised flow with its log, status and metrics. */
export class Engine {
  readonly #read: Read<Config>
  readonly #watchers: readonly Watcher[]
  readonly #log: Log
  readonly #board: StatusBoard
  /** Takes secrets out of a text: those of every configuration that was read. */
  readonly #filter = (text: string): string => this.#hidden(text)
  #hidden: (text: string) => string
  readonly #stop = new AbortController()
  /** What commands may ask of it now. */
  readonly #handlers: RequestHandlers = new Map()
  #statusFile: StatusFile | null = null
  #failureLogged = false

  /** `watchers`: who else is told what happens, behind those of its own. */
  constructor(read: Read<Config>, watchers: readonly Watcher[] = []) {
    const secrets = secretsOf(read.config)
    this.#read = read
    const bars = process.stderr.isTTY ? new LiveBars(process.stderr) : null
    this.#watchers =
      bars === null ? watchers : [...watchers, { name: 'bars', observe: happening => bars.observe(happening) }]
    this.#hidden = secretsFilter(secrets)
    this.#log = openRunLog(read, secrets, bars ?? undefined)
    this.#board = new StatusBoard({ version: readVersion(), pid: process.pid }, this.#filter, Date.now)
  }

  /** Resolves with the exit code. */
  async run(): Promise<number> {
    const { config, baseDir, file } = this.#read
    const log = this.#log
    log.info('mysql-sr-sync', { version: readVersion(), pid: process.pid, config: file })
    this.#listen()
    const statsd = this.#openStatsd()
    const statusFile = this.#openStatusFile()
    const control = await this.#openControl()
    const watchers: Watcher[] = [
      { name: 'log', observe: logHappenings(log) },
      { name: 'status', observe: happening => this.#board.observe(happening) },
      {
        name: 'status file',
        observe: ({ kind }) => {
          if (WAITED_FOR.has(kind)) statusFile.writeSoon()
        },
      },
    ]
    if (statsd !== null) watchers.push({ name: 'statsd', observe: observeMetrics(statsd, Date.now) })
    const observer = combineWatchers([...watchers, ...this.#watchers], (name, error) =>
      log.error(`the ${name} watcher failed: ${String(error)}`, 'Loading goes on; please report this defect.'),
    )
    try {
      await createSupervisor(
        config,
        { baseDir, handlers: this.#handlers, read: () => this.#readAgain() },
        happening => {
          if (happening.kind === 'failed') this.#failureLogged = true
          observer(happening)
        },
      ).run(this.#stop.signal)
      return EXIT.ok
    } catch (error) {
      return this.#failed(asFailure(error))
    } finally {
      await control?.close()
      statusFile.close()
      await statsd?.close()
    }
  }

  #readAgain(): Read<Config> {
    const read = readConfig({ config: this.#read.file })
    const secrets = [...secretsOf(this.#read.config), ...secretsOf(read.config)]
    this.#hidden = secretsFilter(secrets)
    this.#log.hide(secrets)
    return read
  }

  #openStatusFile(): StatusFile {
    this.#statusFile = new StatusFile(
      { dataDir: this.#read.dataDir },
      () => this.#board.snapshot(),
      error =>
        this.#log.warn(
          `status.json cannot be written: ${errorText(error)}`,
          'Free space on the disk of data_dir and check its permissions.',
        ),
    )
    return this.#statusFile
  }

  /** Null where no socket can be made: the flow needs none. */
  async #openControl(): Promise<ControlServer | null> {
    try {
      return await ControlServer.open({ dataDir: this.#read.dataDir, filter: this.#filter }, this.#handlers)
    } catch (error) {
      const { message, advice } = asFailure(error)
      this.#log.warn(`commands cannot reach this process (reload, recopy): ${message}`, advice)
      return null
    }
  }

  #openStatsd(): StatsdOutput | null {
    const { statsd_host, statsd_port, statsd_prefix } = this.#read.config
    if (statsd_host === undefined) return null
    let told = false
    return new StatsdOutput({ host: statsd_host, port: statsd_port, prefix: statsd_prefix }, error => {
      if (told) return
      told = true
      this.#log.warn(`metrics cannot be sent: ${error.message}`, 'Check statsd_host and statsd_port; loading goes on.')
    })
  }

  #listen(): void {
    const stop = (signal: string) => {
      if (this.#stop.signal.aborted) {
        this.#log.warn(`${signal} again: ends at once`, 'What was not durable yet is read again at the next start.')
        process.exit(EXIT.finding)
      }
      this.#log.info(`${signal}: loads what was read, then ends`)
      this.#stop.abort()
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
    // The terminal it runs in was closed; without one (nohup, cron, ./start.sh) a hang-up means nothing.
    const onTerminal = process.stderr.isTTY
    process.on('SIGHUP', () => {
      if (onTerminal) stop('SIGHUP')
      else void reloadBySignal(this.#handlers, this.#log)
    })
    process.on('uncaughtException', error => {
      const exitCode = this.#failed(asFailure(error))
      this.#statusFile?.close()
      process.exit(exitCode)
    })
  }

  #failed(failure: Failure): number {
    this.#board.fail(failure)
    if (!this.#failureLogged) logFailure(this.#log, failure, this.#board.snapshot().position)
    if (!failure.retriable) this.#markFailure(failure)
    return failure.exitCode
  }

  #markFailure(failure: Failure): void {
    try {
      writeStopMark(this.#read.dataDir, {
        by: 'failure',
        atMs: Date.now(),
        kind: failure.kind,
        message: this.#filter(failure.message),
        advice: failure.advice,
        exitCode: failure.exitCode,
      })
    } catch (error) {
      const { message, advice } = asFailure(error)
      this.#log.error(`the monitor will start it again in vain: ${message}`, advice)
    }
  }
}
