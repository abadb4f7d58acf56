import { createHash } from 'node:crypto'
import type { Load, Sink } from '../dispatch/sink.js'
import type { DeadLetter, LetterChange } from '../model/dead-letter.js'
import { asFailure, backoffMs } from '../model/failure.js'

export interface ReplayParts {
  readonly sink: Pick<Sink, 'write'>
  /** Resolves when the changes are on disk. All of one call are of one target. */
  readonly record: (target: string, changes: readonly LetterChange[]) => Promise<void>
  /** Between two tries of a load after a failure that passes. */
  readonly pause: (ms: number) => Promise<unknown>
  /** Wall clock, ms since 1970. */
  readonly now: () => number
  readonly signal: AbortSignal
}

export interface ReplayResult {
  readonly loaded: number
  readonly refused: number
}

const MAX_ROWS = 10_000
const MAX_BYTES = 8 * 1024 * 1024
const MAX_TRIES = 6

/**
 * Loads parked rows in the order given. Rows of upsert targets go many to a load; where such a load is refused it is halved,
 * down to the rows that are bad by themselves. Rows that must not be loaded twice go alone: one label stands for one row.
 * What is loaded is recorded as replayed, what is refused again stays open with the new reason. Rejects with the Failure
 * that makes it pointless to go on; what was recorded until then stays so.
 */
export async function replay(letters: readonly DeadLetter[], parts: ReplayParts): Promise<ReplayResult> {
  const run = new Replay(parts)
  for (const batch of batches(letters)) await run.take(batch)
  return { loaded: run.loaded, refused: run.refused }
}

class Replay {
  loaded = 0
  refused = 0
  readonly #parts: ReplayParts

  constructor(parts: ReplayParts) {
    this.#parts = parts
  }

  async take(batch: readonly DeadLetter[]): Promise<void> {
    const refusal = await this.#write(batch)
    if (refusal === null) {
      await this.#record(batch, 'replayed', null)
      this.loaded += batch.length
    } else if (batch.length === 1 || !refusal.ofRows) {
      await this.#record(batch, 'open', refusal.reason)
      this.refused += batch.length
    } else {
      const middle = batch.length >> 1
      await this.take(batch.slice(0, middle))
      await this.take(batch.slice(middle))
    }
  }

  /** Null when the rows are in, else why they are not: `ofRows` when some of them may be accepted without the others. */
  async #write(batch: readonly DeadLetter[]): Promise<{ readonly reason: string; readonly ofRows: boolean } | null> {
    const load = loadOf(batch)
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#parts.sink.write(load, this.#parts.signal)
        return null
      } catch (error) {
        const failure = asFailure(error)
        if (failure.kind === 'rowRejected') return { reason: failure.message, ofRows: true }
        if (failure.kind === 'loadRejected' || failure.kind === 'targetUnfit')
          return { reason: failure.message, ofRows: false }
        if (!failure.retriable || attempt === MAX_TRIES || this.#parts.signal.aborted) throw failure
        await this.#parts.pause(backoffMs(attempt))
      }
    }
  }

  #record(batch: readonly DeadLetter[], state: 'open' | 'replayed', reason: string | null): Promise<void> {
    const atMs = this.#parts.now()
    return this.#parts.record(
      batch[0]!.target,
      batch.map(({ id }) => ({ id, state, atMs, by: 'replay', reason })),
    )
  }
}

/** Neighbours that can go as one load. */
function batches(letters: readonly DeadLetter[]): DeadLetter[][] {
  const found: DeadLetter[][] = []
  let frame: string | null = null
  let bytes = 0
  for (const letter of letters) {
    const { row, ...own } = letter.load
    const ownFrame = letter.mode === 'upsert' ? JSON.stringify(own) : null
    const last = found.at(-1)
    bytes += row.length
    if (last && ownFrame !== null && ownFrame === frame && last.length < MAX_ROWS && bytes <= MAX_BYTES)
      last.push(letter)
    else {
      found.push([letter])
      bytes = row.length
    }
    frame = ownFrame
  }
  return found
}

function loadOf(batch: readonly DeadLetter[]): Load {
  const { database, table, model, key, format, columns, partial, columnSeparator, rowDelimiter } = batch[0]!.load
  const rows = batch.map(letter => letter.load.row)
  const body = format === 'csv' ? rows : jsonArray(rows)
  return {
    label: labelOf(batch),
    target: { database, table, model, key, columns: [] },
    format,
    columns,
    ...(partial === true ? { partial } : {}),
    body,
    bytes: body.reduce((sum, piece) => sum + piece.length, 0),
    rows: rows.length,
    columnSeparator,
    rowDelimiter,
  }
}

function jsonArray(rows: readonly Uint8Array[]): Uint8Array[] {
  return [...rows.flatMap((row, i) => [Buffer.from(i === 0 ? '[' : ','), row]), Buffer.from(']')]
}

/**
 * The same rows give the same label, so that a replay cut short after its load does not load twice. A row of an upsert
 * target that is parked anew may have been overwritten since it was replayed: there it gets another label.
 */
function labelOf(batch: readonly DeadLetter[]): string {
  const rows = batch.map(({ id, mode, atMs }) => (mode === 'upsert' ? [id, atMs] : [id]))
  return `mss_dlq_${createHash('sha256').update(JSON.stringify(rows)).digest('hex').slice(0, 32)}`
}
