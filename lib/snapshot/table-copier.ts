import type { ChunkRange, KeyBound } from '../model/chunk.js'
import { asFailure, Failure } from '../model/failure.js'
import type { Position } from '../model/position.js'

/** What a SELECT gave; see `ReadChunk`. */
export interface ChunkRows {
  readonly rows: number
  readonly bytes: number
  /** Where the next chunk begins; null: no more rows are left. */
  readonly last: KeyBound | null
  release(): void
}

/** Reads chunks over one connection. */
export interface ChunkReader<C extends ChunkRows> {
  /** The upper bound of the next so many rows; null: fewer are left. */
  boundBehind(after: KeyBound | null, rows: number, signal: AbortSignal): Promise<KeyBound | null>
  /** Rejects with `ChunkTooLarge` when the range holds more than `maxBytes`. */
  read(range: ChunkRange, visible: Position, signal: AbortSignal, maxBytes: number): Promise<C>
  /** As `read`: the next so many rows, where they end is for them to tell. */
  readNext(after: KeyBound | null, rows: number, visible: Position, signal: AbortSignal, maxBytes: number): Promise<C>
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
  /** Chunks are cut before they are read, by one more look at their keys, so that several can be read at the same time. */
  readonly cutsFirst: () => boolean
  readonly maxBytes: number
  /** Rejects with `chunkVoid` when the table is not, at this moment, as the stream knows it. */
  readonly stillFits: () => Promise<void>
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
  /** It has at most so many rows, and where it ends is not known; null: it has been cut. */
  uncut: number | null
  state: 'toRead' | 'reading' | 'read' | 'admitting' | 'admitted'
  held: { readonly chunk: C; readonly window: ChunkWindow<C> } | null
  notBeforeMs: number
}

/** Cuts one table into chunks, has them read over whatever connections there are, and has them admitted in the order of their keys. */
export class TableCopier<C extends ChunkRows> {
  readonly #parts: CopierParts<C>
  /** In the order of the keys; those that are durable are gone. Only the last may be uncut. */
  readonly #slots: Slot<C>[] = []
  #ended = false

  constructor(parts: CopierParts<C>) {
    this.#parts = parts
    if (parts.frontier !== undefined) this.#slots.push(behind(parts.frontier))
  }

  /** Chunks that are being read now. */
  get reading(): number {
    return this.#slots.filter(({ state }) => state === 'reading').length
  }

  /** Whether more is to be read here, now or in a moment. */
  get isOpen(): boolean {
    return !this.#ended && this.#slots.some(({ uncut, state }) => uncut !== null || state === 'toRead')
  }

  /** Whether a connection has something to do here now. */
  wants(nowMs: number): boolean {
    return this.#nextDue(nowMs) !== undefined
  }

  /** Reads one chunk, and has it admitted when its turn comes. Rejects with what the reader fails with; the chunk is then to be read by another. */
  async copyOne(reader: ChunkReader<C>, signal: AbortSignal, nowMs: number): Promise<void> {
    const slot = this.#nextDue(nowMs)
    if (slot === undefined) return
    slot.state = 'reading'
    let window: ChunkWindow<C> | null = null
    try {
      if (slot.uncut !== null && this.#parts.cutsFirst())
        this.#cutAt(slot, await reader.boundBehind(slot.range.after, this.#rowsOf(slot), signal))
      if (this.#ended) return
      window = await this.#window(signal)
      const held = { window, chunk: await this.#read(reader, slot, window, signal) }
      if (slot.uncut !== null) this.#cutAt(slot, held.chunk.last)
      await this.#parts.stillFits()
      if (this.#ended) throw gone()
      slot.held = held
      slot.state = 'read'
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

  #read(reader: ChunkReader<C>, slot: Slot<C>, window: ChunkWindow<C>, signal: AbortSignal): Promise<C> {
    const { range, uncut } = slot
    const either = AbortSignal.any([signal, window.voided])
    const { maxBytes } = this.#parts
    return uncut === null
      ? reader.read(range, window.at, either, maxBytes)
      : reader.readNext(range.after, this.#rowsOf(slot), window.at, either, maxBytes)
  }

  #rowsOf({ uncut }: Slot<C>): number {
    return Math.min(uncut ?? Number.POSITIVE_INFINITY, this.#parts.chunkRows())
  }

  /** It ends here, and the next one begins. */
  #cutAt(slot: Slot<C>, upTo: KeyBound | null): void {
    if (this.#ended) return
    slot.range = { after: slot.range.after, upTo }
    slot.uncut = null
    if (upTo !== null) this.#slots.push(behind(upTo))
    this.#parts.onChange()
  }

  /** What is to be read next: a chunk that has been cut, or one more, as long as not too many are under way. */
  #nextDue(nowMs: number): Slot<C> | undefined {
    if (this.#ended) return undefined
    const due = this.#slots.find(({ state, notBeforeMs }) => state === 'toRead' && nowMs >= notBeforeMs)
    if (due === undefined || due.uncut === null) return due
    const open = this.#slots.filter(({ state, uncut }) => state !== 'admitted' && uncut === null).length
    return open < this.#parts.ahead() ? due : undefined
  }

  /** Two chunks in place of one. */
  async #split(slot: Slot<C>, fitting: number, reader: ChunkReader<C>, signal: AbortSignal): Promise<void> {
    if (slot.uncut !== null) {
      slot.uncut = fitting
      return
    }
    const { after, upTo } = slot.range
    slot.state = 'reading'
    try {
      const middle = await reader.boundBehind(after, fitting, signal)
      if (middle === null || sameBound(middle, upTo)) return
      slot.range = { after, upTo: middle }
      const rest = { ...behind<C>(middle), range: { after: middle, upTo }, uncut: null }
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

/** A chunk to be read, and cut where its rows end. */
function behind<C>(after: KeyBound | null): Slot<C> {
  return {
    range: { after, upTo: null },
    uncut: Number.POSITIVE_INFINITY,
    state: 'toRead',
    held: null,
    notBeforeMs: 0,
  }
}

function sameBound(a: KeyBound | null, b: KeyBound | null): boolean {
  return a === null || b === null ? a === b : a.length === b.length && a.every((part, i) => part === b[i])
}

function gone(): Failure {
  return new Failure('chunkVoid', 'The copy of this table was ended.')
}
