import type { ChunkRange, KeyBound } from '../model/chunk.js'
import { asFailure, Failure } from '../model/failure.js'
import type { Position } from '../model/position.js'
import { KeyStride } from './key-stride.js'

/** What a SELECT gave; see `ReadChunk`. */
export interface ChunkRows {
  readonly rows: number
  readonly bytes: number
  release(): void
}

/** Reads chunks over one connection. */
export interface ChunkReader<C extends ChunkRows> {
  /** The upper bound of the next so many rows; null: fewer are left. */
  boundBehind(after: KeyBound | null, rows: number, signal: AbortSignal): Promise<KeyBound | null>
  /** Rejects with `ChunkTooLarge` when the range holds more than `maxBytes`. */
  read(range: ChunkRange, visible: Position, signal: AbortSignal, maxBytes: number): Promise<C>
}

/** A window of the gate. */
export interface ChunkWindow<C> {
  readonly at: Position
  readonly voided: AbortSignal
  admit(chunk: C, range: ChunkRange): Promise<void>
  abandon(): void
}

export interface CopierParts<C extends ChunkRows> {
  /** Where the first chunk begins; undefined: all chunks were cut before. */
  readonly frontier: KeyBound | null | undefined
  /** Chunks that may be read and not yet admitted at a time. */
  readonly ahead: () => number
  readonly window: () => Promise<ChunkWindow<C>>
  /** How many rows a chunk is to have now. */
  readonly chunkRows: () => number
  readonly maxBytes: number
  /** Rejects with `chunkVoid` when the table is not, at this moment, as the stream knows it. */
  readonly stillFits: () => Promise<void>
  /** The key is one whole number. */
  readonly hasNumberKey: boolean
  /** How many of a chunk's rows fit for certain, when it was too large; else null. */
  readonly tooLarge: (error: unknown) => number | null
  readonly onRead: (rows: number, bytes: number) => void
  /** There may be something to do again. */
  readonly onChange: () => void
  /** A chunk is to be read again, in so many ms. */
  readonly onVoid: (failure: Failure) => number
  readonly onFailed: (failure: Failure) => void
}

interface Slot<C> {
  range: ChunkRange
  state: 'toRead' | 'reading' | 'read' | 'admitting' | 'admitted'
  held: { readonly chunk: C; readonly window: ChunkWindow<C> } | null
  notBeforeMs: number
}

/** Cuts one table into chunks, has them read over whatever connections there are, and has them admitted in the order of their keys. */
export class TableCopier<C extends ChunkRows> {
  readonly #parts: CopierParts<C>
  /** In the order of the keys; those that are durable are gone. */
  readonly #slots: Slot<C>[] = []
  /** Behind it no slot has been cut; `undefined`: the last one has been. */
  #cut: KeyBound | null | undefined
  #cutting = false
  readonly #stride: KeyStride | null
  #ended = false

  constructor(parts: CopierParts<C>) {
    this.#parts = parts
    this.#cut = parts.frontier
    this.#stride = parts.hasNumberKey ? new KeyStride() : null
  }

  /** Chunks that are being read now. */
  get reading(): number {
    return this.#slots.filter(({ state }) => state === 'reading').length + (this.#cutting ? 1 : 0)
  }

  /** Whether more is to be read here, now or in a moment. */
  get isOpen(): boolean {
    return !this.#ended && (this.#cut !== undefined || this.#slots.some(({ state }) => state === 'toRead'))
  }

  /** Whether a connection has something to do here now. */
  wants(nowMs: number): boolean {
    if (this.#ended) return false
    if (this.#slots.some(slot => isDue(slot, nowMs))) return true
    const open = this.#slots.filter(({ state }) => state !== 'admitted').length
    return this.#cut !== undefined && !this.#cutting && open < this.#parts.ahead()
  }

  /** Reads one chunk, and has it admitted when its turn comes. Rejects with what the reader fails with; the chunk is then to be read by another. */
  async copyOne(reader: ChunkReader<C>, signal: AbortSignal, nowMs: number): Promise<void> {
    const slot = this.#slots.find(one => isDue(one, nowMs)) ?? (await this.#cutNext(reader, signal))
    if (slot === null || this.#ended) return
    slot.state = 'reading'
    let window: ChunkWindow<C> | null = null
    try {
      window = await this.#window(signal)
      const held = { window, chunk: await this.#read(reader, slot.range, window, signal) }
      await this.#parts.stillFits()
      if (this.#ended) throw gone()
      slot.held = held
      slot.state = 'read'
      this.#stride?.read(slot.range, held.chunk.rows)
      this.#parts.onRead(held.chunk.rows, held.chunk.bytes)
    } catch (error) {
      window?.abandon()
      slot.state = 'toRead'
      if (this.#ended) return
      const fitting = this.#parts.tooLarge(error)
      if (fitting !== null) await this.#split(slot, fitting, reader, signal)
      else if (window?.voided.aborted || asFailure(error).kind === 'chunkVoid')
        this.#void(slot, asFailure(window?.voided.aborted ? window.voided.reason : error))
      else throw error
    }
    this.#admitFirst()
  }

  /** The chunk with this upper bound is in an epoch; the one behind it may follow. */
  admitted(upTo: KeyBound | null): void {
    const slot = this.#slots.find(({ state, range }) => state === 'admitting' && sameBound(range.upTo, upTo))
    if (slot === undefined) return
    slot.state = 'admitted'
    // Its rows are not looked at any more.
    slot.held?.chunk.release()
    slot.held = null
    this.#parts.onChange()
    this.#admitFirst()
  }

  /** Nothing more is read or admitted. */
  end(): void {
    this.#ended = true
    for (const { held, state } of this.#slots) if (state === 'read') held?.window.abandon()
    this.#slots.length = 0
  }

  /** A stop does not wait for the stream to stand between two transactions. */
  #window(signal: AbortSignal): Promise<ChunkWindow<C>> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason)
      if (signal.aborted) return onAbort()
      signal.addEventListener('abort', onAbort, { once: true })
      const opened = (window: ChunkWindow<C>): void => {
        signal.removeEventListener('abort', onAbort)
        if (signal.aborted) window.abandon()
        resolve(window)
      }
      this.#parts.window().then(opened, reject)
    })
  }

  #read(reader: ChunkReader<C>, range: ChunkRange, window: ChunkWindow<C>, signal: AbortSignal): Promise<C> {
    return reader.read(range, window.at, AbortSignal.any([signal, window.voided]), this.#parts.maxBytes)
  }

  async #cutNext(reader: ChunkReader<C>, signal: AbortSignal): Promise<Slot<C> | null> {
    const after = this.#cut
    if (after === undefined || this.#cutting) return null
    this.#cutting = true
    try {
      const upTo = await this.#boundBehind(after, reader, signal)
      const slot: Slot<C> = { range: { after, upTo }, state: 'toRead', held: null, notBeforeMs: 0 }
      if (this.#ended) return null
      this.#slots.push(slot)
      this.#cut = upTo ?? undefined
      return slot
    } finally {
      this.#cutting = false
      this.#parts.onChange()
    }
  }

  async #boundBehind(after: KeyBound | null, reader: ChunkReader<C>, signal: AbortSignal): Promise<KeyBound | null> {
    const rows = this.#parts.chunkRows()
    const guess = this.#stride?.guess(after, rows) ?? null
    if (guess !== null) return guess
    const upTo = await reader.boundBehind(after, rows, signal)
    this.#stride?.cut({ after, upTo }, rows)
    return upTo
  }

  /** Two chunks in place of one. */
  async #split(slot: Slot<C>, fitting: number, reader: ChunkReader<C>, signal: AbortSignal): Promise<void> {
    const { after, upTo } = slot.range
    slot.state = 'reading'
    this.#stride?.forget()
    try {
      const middle = await reader.boundBehind(after, fitting, signal)
      if (middle === null || sameBound(middle, upTo)) return
      slot.range = { after, upTo: middle }
      const rest: Slot<C> = { range: { after: middle, upTo }, state: 'toRead', held: null, notBeforeMs: 0 }
      this.#slots.splice(this.#slots.indexOf(slot) + 1, 0, rest)
    } finally {
      slot.state = 'toRead'
      this.#parts.onChange()
    }
  }

  #void(slot: Slot<C>, failure: Failure): void {
    slot.held = null
    slot.state = 'toRead'
    const waitMs = this.#parts.onVoid(failure)
    slot.notBeforeMs = performance.now() + waitMs
    setTimeout(() => this.#parts.onChange(), waitMs).unref()
  }

  /** Chunks go in one behind the other. */
  #admitFirst(): void {
    const slot = this.#slots.find(({ state }) => state !== 'admitted')
    if (slot?.state !== 'read' || slot.held === null || this.#ended) return
    const { chunk, window } = slot.held
    slot.state = 'admitting'
    window.admit(chunk, slot.range).then(
      () => this.#durable(slot),
      error => {
        if (this.#ended) return
        const failure = asFailure(error)
        if (failure.kind === 'chunkVoid') this.#void(slot, failure)
        else this.#parts.onFailed(failure)
      },
    )
  }

  #durable(slot: Slot<C>): void {
    const at = this.#slots.indexOf(slot)
    if (at >= 0) this.#slots.splice(at, 1)
    this.#parts.onChange()
  }
}

function isDue({ state, notBeforeMs }: Slot<unknown>, nowMs: number): boolean {
  return state === 'toRead' && nowMs >= notBeforeMs
}

function sameBound(a: KeyBound | null, b: KeyBound | null): boolean {
  return a === null || b === null ? a === b : a.length === b.length && a.every((part, i) => part === b[i])
}

function gone(): Failure {
  return new Failure('chunkVoid', 'The copy of this table was ended.')
}
