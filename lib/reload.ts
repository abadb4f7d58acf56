import type { Config } from './config/options.js'
import { compareConfigs, refuseKept, renderKeyChange } from './config-change.js'
import { Failure } from './model/failure.js'
import type { Happening, Observer } from './model/observer.js'
import type { Checked, CheckParts } from './reload-check.js'
import type { Lessons } from './stream-scope.js'
import { renderTableChange, type TableChange } from './table-changes.js'
import type { TableShare } from './table-share.js'

/** A configuration as it was read, and where. */
export interface ReadConfig {
  readonly config: Config
  /** Absolute path. */
  readonly file: string
}

export interface ReloadParts {
  /** Reads the configuration again. Throws configInvalid naming file and line. */
  readonly read: () => ReadConfig
  readonly task: string
  readonly share: () => TableShare
  readonly lessons: Lessons
  readonly check: (parts: Omit<CheckParts, 'dataDir'>) => Promise<Checked>
  readonly observer: Observer
}

export interface ReloadWish {
  /** Only says what would change. */
  readonly dryRun: boolean
  /** The file that is meant, where one is named: it must be the engine's own. */
  readonly file: string | null
}

/** What a reload came to. */
export interface Reloaded {
  readonly applied: boolean
  readonly changes: readonly string[]
  /** What is to be done by the operator now, or to be known. */
  readonly notes: readonly string[]
  /** How long no rows were read, in ms; of this, until all that was read was loaded. */
  readonly heldMs: number
  readonly drainMs: number
}

interface Switch {
  readonly next: Config
  readonly begun: number
  drained: number
  readonly done: (heldMs: number) => void
  readonly failed: (failure: Failure) => void
}

/**
 * Changes the configuration of a running engine. All that takes time (reading, checking, making targets) is done while the
 * stream goes on; then the pipeline ends behind a transaction, with all it has read loaded and the position saved, and the
 * next one begins there with the other configuration.
 */
export class Reload {
  readonly #parts: ReloadParts
  #config: Config
  /** The configuration that a switch left, until the stream goes on with the one behind it. */
  #before: Config | null = null
  #switch: Switch | null = null
  #busy = false
  #due = new AbortController()

  constructor(config: Config, parts: ReloadParts) {
    this.#config = config
    this.#parts = parts
  }

  /** The configuration in force. */
  get config(): Config {
    return this.#config
  }

  /** Fires when the running pipeline is to end, so that the next one begins with another configuration. */
  get due(): AbortSignal {
    return this.#due.signal
  }

  /** Resolves when the configuration is in force, or nothing is to be changed. Rejects when it is refused: the old one stays. */
  async request(wish: ReloadWish, tell: (line: string) => void, signal: AbortSignal): Promise<Reloaded> {
    if (this.#busy)
      throw new Failure('requestRefused', 'another reload is under way', { advice: 'Ask again when it has ended.' })
    this.#busy = true
    try {
      return await this.#reload(wish, tell, signal)
    } finally {
      this.#busy = false
    }
  }

  /** Has the running pipeline end and the next one begin with the same configuration: what is done between them is done. */
  async goOver(): Promise<void> {
    if (this.#busy)
      throw new Failure('requestRefused', 'a reload is under way', { advice: 'Ask again when it has ended.' })
    this.#busy = true
    try {
      await this.#switchTo(this.#config)
    } finally {
      this.#busy = false
    }
  }

  /** Takes the configuration that waits, when a pipeline has ended for it. False: none does. */
  take(): boolean {
    if (this.#switch === null || !this.due.aborted) return false
    this.#before ??= this.#config
    this.#config = this.#switch.next
    this.#switch.drained = performance.now()
    this.#parts.lessons.carried.handOver()
    this.#due = new AbortController()
    return true
  }

  /** To be told of everything that happens: the first connection of the next pipeline ends a reload. */
  observe({ kind }: Happening): void {
    if (kind !== 'connected' || this.#before === null) return
    this.#before = null
    const pending = this.#switch
    this.#switch = null
    pending?.done(performance.now() - pending.begun)
  }

  /** A pipeline has failed. True: a configuration that never streamed has given way to the one before it. */
  turnsBack(failure: Failure): boolean {
    const { lessons, observer } = this.#parts
    lessons.carried.forget()
    const pending = this.#switch
    this.#switch = null
    this.#due = new AbortController()
    if (this.#before === null || failure.retriable) {
      const where = this.#before === null ? 'the old one goes on' : 'the new one is in force and goes on'
      pending?.failed(
        new Failure(
          failure.kind,
          `While the configuration was changed, the stream was cut; ${where}: ${failure.message}`,
          {
            cause: failure,
            advice: failure.advice,
          },
        ),
      )
      return false
    }
    this.#config = this.#before
    this.#before = null
    pending?.failed(failure)
    const message = `The new configuration cannot be carried out, so the old one is in force again: ${failure.message}`
    observer({ kind: 'warning', message, advice: failure.advice })
    return true
  }

  /** The engine ends: nobody waits for it any more. */
  end(): void {
    this.#switch?.failed(new Failure('answerLost', 'the engine ended before the configuration was in force'))
    this.#switch = null
  }

  async #reload({ dryRun, file }: ReloadWish, tell: (line: string) => void, signal: AbortSignal): Promise<Reloaded> {
    const { read, task, share, lessons, check } = this.#parts
    const found = read()
    if (file !== null && file !== found.file)
      throw new Failure('requestRefused', `the engine of this data_dir reads ${found.file}, not ${file}`, {
        advice: 'Name its own file with -c FILE.',
      })
    const old = this.#config
    const next = found.config
    const keys = compareConfigs(old, next)
    const changes = keys.map(renderKeyChange)
    const nothing: Reloaded = { applied: false, changes, notes: [], heldMs: 0, drainMs: 0 }
    if (keys.length === 0) return nothing
    for (const line of changes) tell(line)
    refuseKept(keys)
    const notes: string[] = []
    const warn = (message: string): unknown => notes.push(message)
    const checked = await check({ old, next, task, share: share(), lessons, signal, warn })
    try {
      const lines = checked.tables.map(renderTableChange)
      for (const line of lines) tell(line)
      changes.push(...lines)
      notes.push(...advise(checked.tables, next))
      if (dryRun) return { ...nothing, changes, notes }
      await checked.prepare()
    } finally {
      await checked.close()
    }
    if (signal.aborted) throw new Failure('answerLost', 'the engine ends: the next start takes the new configuration')
    const { heldMs, drainMs } = await this.#switchTo(next)
    this.#parts.observer({ kind: 'reloaded', changes, notes, heldMs })
    return { applied: true, changes, notes, heldMs, drainMs }
  }

  async #switchTo(next: Config): Promise<Pick<Reloaded, 'heldMs' | 'drainMs'>> {
    const begun = performance.now()
    const { promise, resolve, reject } = deferred<number>()
    const pending: Switch = { next, begun, drained: begun, done: resolve, failed: reject }
    this.#switch = pending
    this.#parts.observer({ kind: 'reloading' })
    this.#due.abort()
    const heldMs = Math.round(await promise)
    return { heldMs, drainMs: Math.round(pending.drained - begun) }
  }
}

/** What the operator is to know or do behind these changes. */
function advise(tables: readonly TableChange[], { snapshot }: Config): string[] {
  const notes = tables
    .filter(({ stale }) => stale)
    .map(
      ({ schema, table, what }) =>
        `${schema}.${table}: rows that are in already are as the old rules wrote them (${what}); copy it again with: mysql-sr-sync recopy ${schema}.${table}`,
    )
  const come = tables.filter(({ kind }) => kind === 'comes').map(({ schema, table }) => `${schema}.${table}`)
  if (come.length > 0 && snapshot.mode === 'never')
    notes.push(
      `${come.join(', ')}: followed from here on; rows that are there already are not copied (snapshot.mode = "never")`,
    )
  return notes
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (reason: unknown) => void } {
  let resolve!: (value: T) => void
  let reject!: (reason: unknown) => void
  const promise = new Promise<T>((...settle) => {
    ;[resolve, reject] = settle
  })
  return { promise, resolve, reject }
}
