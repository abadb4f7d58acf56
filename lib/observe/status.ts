import { asFailure, type Failure } from '../model/failure.js'
import type { Happening } from '../model/observer.js'
import type { Position } from '../model/position.js'
import type { VerifySummary } from '../model/verify-summary.js'
import { freshnessNote } from './freshness-note.js'
import { HaltedBoard, type HaltedStatus } from './halted-board.js'
import { Lag } from './lag.js'
import { windowFill } from './metrics.js'
import { RowAccount, type TableAccounts } from './row-account.js'
import { SnapshotBoard, type SnapshotStatus } from './snapshot-board.js'

export type EngineState = 'starting' | 'streaming' | 'retrying' | 'failed' | 'stopped'

/** One snapshot of the engine; times are ms since 1970. The form of status.json, so its names do not change lightly. */
export interface Status {
  readonly format: 1
  readonly version: string
  readonly pid: number
  readonly state: EngineState
  readonly since_ms: number
  readonly started_at_ms: number
  /** Refreshed by the event loop's timer: old means the process hangs or is gone. */
  readonly alive_at_ms: number
  /** When the last binlog event or heartbeat arrived; null before the first. */
  readonly last_event_at_ms: number | null
  /** "MySQL 9.7.0", null before the first connection. */
  readonly server: string | null
  /** Everything up to here is durable and visible in StarRocks. */
  readonly position: Position | null
  readonly lag_ms: number | null
  /** From commit on the source to visible in StarRocks, over the last minute; null when no row arrived in it. */
  readonly freshness_ms: { readonly last: number; readonly p50: number; readonly p99: number } | null
  /** Why freshness is worse than asked, as one line; null when nothing is known to delay rows. */
  readonly freshness_note: string | null
  /** How epochs reach StarRocks; null before that is settled. */
  readonly delivery: { readonly mode: 'atomic' | 'labels'; readonly reason: string } | null
  /** Rows that became durable per second, over the last minute. */
  readonly rows_per_second: number
  readonly window: WindowStatus | null
  readonly sources: Readonly<Record<string, Volume>>
  readonly targets: Readonly<Record<string, TargetStatus>>
  /** Dead letters that wait for a replay or a drop; null where bad rows are not parked. */
  readonly dead_letters: number | null
  /** Tables that are not followed until they are mended by hand. */
  readonly halted: readonly HaltedStatus[]
  /** The copy of rows that were there already; null when none was asked for. */
  readonly snapshot: SnapshotStatus | null
  readonly tables: TableAccounts
  /** What the last comparison of all tables found; null before the first. */
  readonly verify: VerifySummary | null
  readonly last_load: LastLoad | null
  readonly last_error: ErrorStatus | null
  readonly retry: RetryStatus | null
}

export interface Volume {
  readonly rows: number
  readonly bytes: number
}

export interface TargetStatus extends Volume {
  readonly loads: number
  readonly retried_rows: number
  /** Rows put aside as dead letters since the process started. */
  readonly parked: number
}

export interface WindowStatus extends Volume {
  readonly fill_percent: number
  readonly waiting: boolean
}

export interface LastLoad extends Volume {
  readonly target: string
  readonly label: string
  readonly ms: number
  readonly at_ms: number
}

export interface ErrorStatus {
  readonly kind: string
  readonly message: string
  readonly advice: string
  readonly at_ms: number
}

export interface RetryStatus {
  /** A target table, "stream" (the whole flow, from the connection on), or "master.info". */
  readonly what: string
  readonly attempt: number
  readonly next_try_at_ms: number
}

const MINUTE_MS = 60_000
const MAX_SAMPLES = 4096

/** Follows the happenings and tells the status at any moment. */
export class StatusBoard {
  readonly #about: { readonly version: string; readonly pid: number }
  readonly #filter: (text: string) => string
  readonly #now: () => number
  readonly #startedAtMs: number
  readonly #lag: Lag
  readonly #sources = new Map<string, Volume>()
  readonly #targets = new Map<string, TargetStatus>()
  /** What is being tried again, by what: the flow is back to streaming when none is left. */
  readonly #retries = new Map<string, RetryStatus & { readonly message: string }>()
  /** By asked interval, what is said about a longer one in use. */
  readonly #pace = new Map<number, string>()
  readonly #account = new RowAccount()
  readonly #freshness: { atMs: number; ms: number }[] = []
  readonly #durable: { atMs: number; rows: number }[] = []
  #state: EngineState = 'starting'
  #sinceMs: number
  #connected = false
  #lastEventMs = 0
  #server: string | null = null
  #position: Position | null = null
  #window: WindowStatus | null = null
  #deadLetters: number | null = null
  readonly #halted: HaltedBoard
  readonly #snapshot = new SnapshotBoard()
  #open: { readonly at: string; readonly sinceMs: number } | null = null
  #delivery: Status['delivery'] = null
  #lastLoad: LastLoad | null = null
  #verify: VerifySummary | null = null
  #lastError: ErrorStatus | null = null

  /** `filter` takes secrets out of error messages; `now` is the wall clock in ms since 1970. */
  constructor(
    about: { readonly version: string; readonly pid: number },
    filter: (text: string) => string,
    now: () => number,
  ) {
    this.#about = about
    this.#filter = filter
    this.#now = now
    this.#startedAtMs = now()
    this.#sinceMs = this.#startedAtMs
    this.#lag = new Lag(now)
    this.#halted = new HaltedBoard(filter)
  }

  observe(happening: Happening): void {
    this.#lag.observe(happening)
    this.#halted.observe(happening)
    this.#snapshot.observe(happening)
    switch (happening.kind) {
      case 'starting':
        this.#position = happening.position ?? this.#position
        this.#pace.clear()
        return
      case 'connected':
        this.#connected = true
        this.#server = happening.server
        this.#position ??= happening.position
        this.#settled('stream')
        return
      case 'disconnected':
        this.#failing('stream', happening.failure, this.#attempt('stream'), happening.retryInMs)
        return
      case 'unsaved':
        this.#failing('master.info', happening.failure, this.#attempt('master.info'), happening.retryInMs)
        return
      case 'received':
        this.#sources.set(happening.source, plus(this.#sources.get(happening.source), happening))
        return
      case 'loaded':
        this.#loaded(happening)
        return
      case 'retrying': {
        const target = this.#targets.get(happening.target)
        const retried = (target?.retried_rows ?? 0) + happening.rows
        this.#targets.set(happening.target, { ...NO_LOADS, ...target, retried_rows: retried })
        this.#failing(happening.target, happening.failure, happening.attempt, happening.delayMs)
        return
      }
      case 'parked': {
        const target = this.#targets.get(happening.target) ?? NO_LOADS
        this.#targets.set(happening.target, { ...target, parked: target.parked + happening.rows })
        return
      }
      case 'deadLetters':
        this.#deadLetters = happening.open
        return
      case 'advanced':
        this.#advanced(happening)
        return
      case 'window':
        this.#window = {
          rows: happening.rows,
          bytes: happening.bytes,
          fill_percent: windowFill(happening),
          waiting: happening.waiting,
        }
        this.#lastEventMs = happening.lastEventMs
        this.#follow(happening.openAt ?? null)
        return
      case 'pace':
        if (happening.reason === null) this.#pace.delete(happening.askedMs)
        else this.#pace.set(happening.askedMs, this.#filter(happening.reason))
        return
      case 'delivery':
        this.#delivery = { mode: happening.mode, reason: this.#filter(happening.reason) }
        return
      case 'accounted':
        this.#account.add(happening)
        return
      case 'failed':
        this.#position = happening.position ?? this.#position
        this.fail(happening.failure)
        return
      case 'stopped':
        this.#position = happening.position ?? this.#position
        this.#retries.clear()
        this.#enter('stopped')
        return
      case 'verified':
        this.#verify = happening.summary
        return
      case 'filtered':
      case 'tableBound':
      case 'tableIgnored':
      case 'ddl':
      case 'warning':
      case 'tableHalted':
      case 'haltedTables':
      case 'tryingHalted':
      case 'held':
      case 'catchingUp':
      case 'tableRejoined':
      case 'copyStarted':
      case 'copyDelayed':
      case 'copied':
      case 'snapshot':
        return
    }
  }

  /** The engine ends with this error. */
  fail(error: unknown): void {
    this.#remember(asFailure(error))
    this.#retries.clear()
    this.#enter('failed')
  }

  snapshot(): Status {
    const now = this.#now()
    forget(this.#freshness, now)
    forget(this.#durable, now)
    const overMs = Math.max(1000, Math.min(MINUTE_MS, now - this.#startedAtMs))
    const durableRows = this.#durable.reduce((sum, sample) => sum + sample.rows, 0)
    return {
      format: 1,
      ...this.#about,
      state: this.#state,
      since_ms: this.#sinceMs,
      started_at_ms: this.#startedAtMs,
      alive_at_ms: now,
      last_event_at_ms: this.#lastEventMs === 0 ? null : this.#lastEventMs,
      server: this.#server,
      position: this.#position,
      lag_ms: this.#lag.ms,
      freshness_ms: percentiles(this.#freshness.map(sample => sample.ms)),
      freshness_note: this.#freshnessNote(),
      delivery: this.#delivery,
      rows_per_second: Math.round((10_000 * durableRows) / overMs) / 10,
      window: this.#window,
      sources: Object.fromEntries(this.#sources),
      targets: Object.fromEntries(this.#targets),
      dead_letters: this.#deadLetters,
      halted: this.#halted.snapshot(),
      snapshot: this.#snapshot.snapshot(),
      tables: this.#account.snapshot(),
      verify: this.#verify,
      last_load: this.#lastLoad,
      last_error: this.#lastError,
      retry: this.#lastRetry(),
    }
  }

  #lastRetry(): RetryStatus | null {
    const last = [...this.#retries.values()].at(-1)
    return last === undefined ? null : { what: last.what, attempt: last.attempt, next_try_at_ms: last.next_try_at_ms }
  }

  #follow(openAt: string | null): void {
    if (openAt !== this.#open?.at) this.#open = openAt === null ? null : { at: openAt, sinceMs: this.#now() }
  }

  /** Of a flow that has ended nothing is delayed. */
  #freshnessNote(): string | null {
    if (this.#state === 'failed' || this.#state === 'stopped') return null
    const facts = {
      retries: [...this.#retries.values()],
      window: this.#window,
      open: this.#open,
      pace: [...this.#pace.values()],
    }
    return freshnessNote(facts, this.#now())
  }

  #loaded(load: Extract<Happening, { kind: 'loaded' }>): void {
    const { target, label, rows, bytes, ms } = load
    const before = this.#targets.get(target) ?? NO_LOADS
    this.#targets.set(target, { ...before, ...plus(before, load), loads: before.loads + 1 })
    this.#lastLoad = { target, label, rows, bytes, ms: Math.round(ms), at_ms: this.#now() }
    this.#settled(target)
  }

  #advanced(step: Extract<Happening, { kind: 'advanced' }>): void {
    this.#position = step.position
    this.#durable.push({ atMs: step.atMs, rows: step.rows })
    if (step.newestCommitMs > 0) {
      for (const commitMs of [step.oldestCommitMs, step.newestCommitMs]) {
        this.#freshness.push({ atMs: step.atMs, ms: Math.max(0, step.atMs - commitMs) })
      }
    }
    this.#settled('master.info')
  }

  #attempt(what: string): number {
    return (this.#retries.get(what)?.attempt ?? 0) + 1
  }

  #failing(what: string, failure: Failure, attempt: number, delayMs: number): void {
    this.#remember(failure)
    if (what === 'stream') this.#connected = false
    this.#retries.delete(what)
    const message = this.#filter(failure.message)
    this.#retries.set(what, { what, attempt, message, next_try_at_ms: this.#now() + delayMs })
    this.#enter('retrying')
  }

  #settled(what: string): void {
    this.#retries.delete(what)
    // A new stream starts with new loads; the old one's tries ended with it.
    if (what === 'stream') this.#retries.clear()
    if (this.#connected && this.#retries.size === 0) this.#enter('streaming')
  }

  #remember(failure: Failure): void {
    this.#lastError = {
      kind: failure.kind,
      message: this.#filter(failure.message),
      advice: failure.advice,
      at_ms: this.#now(),
    }
  }

  #enter(state: EngineState): void {
    if (this.#state === state) return
    this.#state = state
    this.#sinceMs = this.#now()
  }
}

const NO_LOADS: TargetStatus = { rows: 0, bytes: 0, loads: 0, retried_rows: 0, parked: 0 }

function plus(before: Volume | undefined, more: Volume): Volume {
  return { rows: (before?.rows ?? 0) + more.rows, bytes: (before?.bytes ?? 0) + more.bytes }
}

function forget(samples: { readonly atMs: number }[], now: number): void {
  const first = samples.findIndex(sample => now - sample.atMs < MINUTE_MS)
  samples.splice(0, Math.max(first === -1 ? samples.length : first, samples.length - MAX_SAMPLES))
}

function percentiles(values: readonly number[]): Status['freshness_ms'] {
  if (values.length === 0) return null
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!
  return { last: values.at(-1)!, p50: at(0.5), p99: at(0.99) }
}
