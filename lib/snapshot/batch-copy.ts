import { setTimeout as sleep } from 'node:timers/promises'
import { asFailure, backoffMs, type Failure, type FailureKind } from '../model/failure.js'
import type { RouteMode } from '../model/rule-mode.js'
import { targetName } from '../model/schema.js'
import type { PlannedTarget } from '../schema-plan.js'
import { type BatchParts, type BatchSource, type CopiedRows, copyTarget } from './batch-target.js'

/** How far the targets are; `target`: "database.table". */
export interface BatchProgress {
  begins(target: string): void
  /** More rows and bytes were read for it. */
  read(target: string, rows: number, bytes: number): void
  /** It begins anew: what was read for it counts for nothing. */
  again(target: string, failure: Failure, retryInMs: number): void
  ended(target: string, failure: Failure | null): void
}

/** What became of one target. */
export interface CopiedTarget {
  /** "database.table". */
  readonly target: string
  /** "schema.table" of each table that is in it. */
  readonly sources: readonly string[]
  readonly mode: RouteMode
  readonly seconds: number
  /** Null: the target is as it was before. `moments`: where in the binlog ("file:offset") each source table was read. */
  readonly copied: (Omit<CopiedRows, 'moments'> & { readonly moments: Readonly<Record<string, string>> }) | null
  readonly failure: { readonly kind: FailureKind; readonly message: string; readonly advice: string } | null
}

export interface BatchCopyParts extends Omit<BatchParts, 'load' | 'progress'> {
  readonly load: Omit<BatchParts['load'], 'labelBase'>
  /** First part of all labels of this run, unique to it. */
  readonly labelBase: string
  readonly progress: BatchProgress
}

/** Tries of one target whose failure passes. */
const MAX_TRIES = 5

/** Copies targets one by one; each that fails is told and left as it was. */
export class BatchCopy {
  readonly #parts: BatchCopyParts
  #tries = 0

  constructor(parts: BatchCopyParts) {
    this.#parts = parts
  }

  /**
   * Copies a target, again from the beginning where a failure passes. `obstacle`: why it cannot be copied at all. Rejects with
   * the reason of `signal`, or with a defect; any other failure is in what it resolves with.
   */
  async copy(
    { request, sources: [first] }: PlannedTarget,
    sources: readonly BatchSource[],
    obstacle: Failure | null,
    signal: AbortSignal,
  ): Promise<CopiedTarget> {
    const { progress } = this.#parts
    const target = targetName(request)
    const begin = performance.now()
    const told = { target, sources: sources.map(({ source }) => source), mode: first.matched.rule.mode }
    const seconds = () => (performance.now() - begin) / 1000
    progress.begins(target)
    try {
      if (obstacle !== null) throw obstacle
      const { moments, ...copied } = await this.#untilDone(request, sources, signal)
      progress.ended(target, null)
      return { ...told, seconds: seconds(), copied: { ...copied, moments: Object.fromEntries(moments) }, failure: null }
    } catch (error) {
      signal.throwIfAborted()
      const failure = asFailure(error)
      if (failure.kind === 'internal') throw failure
      progress.ended(target, failure)
      const { kind, message, advice } = failure
      return { ...told, seconds: seconds(), copied: null, failure: { kind, message, advice } }
    }
  }

  async #untilDone(
    request: PlannedTarget['request'],
    sources: readonly BatchSource[],
    signal: AbortSignal,
  ): Promise<CopiedRows> {
    const { progress, labelBase, ...parts } = this.#parts
    const target = targetName(request)
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted()
      const load = { ...parts.load, labelBase: `${labelBase}_${++this.#tries}` }
      const read = (_source: string, rows: number, bytes: number) => progress.read(target, rows, bytes)
      try {
        return await copyTarget(request, sources, { ...parts, load, progress: read }, signal)
      } catch (error) {
        signal.throwIfAborted()
        const failure = asFailure(error)
        if (!failure.retriable || attempt === MAX_TRIES) throw failure
        const delayMs = backoffMs(attempt)
        progress.again(target, failure, delayMs)
        await sleep(delayMs, undefined, { signal })
      }
    }
  }
}
