import type { Failure } from '../model/failure.js'
import { renderBytes, renderCount, renderDuration, renderProgressBar } from './progress-bar.js'

interface TargetState {
  readonly estimated: number
  rows: number
  bytes: number
  beganMs: number | null
  state: 'waiting' | 'copying' | 'copied' | 'failed'
}

/** How far a copy is, as it is told, and as lines of text. */
export class CopyBoard {
  readonly #targets = new Map<string, TargetState>()
  readonly #now: () => number
  readonly #tell: (line: string) => void

  /** `now`: a clock in ms. `tell`: takes a line for each thing that happened. */
  constructor(now: () => number, tell: (line: string) => void) {
    this.#now = now
    this.#tell = tell
  }

  expect(target: string, estimated: number): void {
    this.#targets.set(target, { estimated, rows: 0, bytes: 0, beganMs: null, state: 'waiting' })
  }

  begins(target: string): void {
    this.#begin(this.#state(target))
  }

  read(target: string, rows: number, bytes: number): void {
    const state = this.#state(target)
    state.rows += rows
    state.bytes += bytes
  }

  again(target: string, failure: Failure, retryInMs: number): void {
    this.#begin(this.#state(target))
    this.#tell(`${target}: ${failure.message}; begins anew in ${renderDuration(retryInMs / 1000)}`)
  }

  ended(target: string, failure: Failure | null): void {
    const state = this.#state(target)
    state.state = failure === null ? 'copied' : 'failed'
    const { rows, bytes } = state
    const seconds = this.#seconds(state)
    this.#tell(
      failure === null
        ? `${target}: copied, ${renderCount(rows)} rows, ${renderBytes(bytes)} in ${renderDuration(seconds)}`
        : `${target}: failed, it keeps its old rows: ${failure.message}`,
    )
  }

  /** A bar for each target that is being copied, and a line for all of them. */
  get lines(): string[] {
    const all = [...this.#targets]
    const running = all.filter(([, { state }]) => state === 'copying')
    const width = Math.max(0, ...running.map(([target]) => target.length))
    const ended = all.filter(([, { state }]) => state === 'copied' || state === 'failed').length
    const rows = all.reduce((sum, [, state]) => sum + state.rows, 0)
    return [
      ...running.map(([target, state]) => `${target.padEnd(width)}  ${this.#bar(state)}`),
      `${ended} of ${all.length} targets, ${renderCount(rows)} rows`,
    ]
  }

  #bar(state: TargetState): string {
    const seconds = this.#seconds(state)
    const rowsPerSecond = seconds > 0 ? state.rows / seconds : 0
    return renderProgressBar({ rows: state.rows, total: state.estimated, rowsPerSecond, done: false })
  }

  #begin(state: TargetState): void {
    Object.assign(state, { rows: 0, bytes: 0, beganMs: this.#now(), state: 'copying' })
  }

  #seconds({ beganMs }: TargetState): number {
    return beganMs === null ? 0 : (this.#now() - beganMs) / 1000
  }

  #state(target: string): TargetState {
    const state = this.#targets.get(target)
    if (state === undefined) throw new Error(`nothing was said of ${target} before`)
    return state
  }
}
