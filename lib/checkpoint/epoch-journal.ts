import { constants, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isSealed, renderSealed } from '../binlog/sealed-line.js'
import type { PlanLog, PlannedEpoch, PlannedShipment } from '../model/epoch-plan.js'
import { Failure } from '../model/failure.js'
import type { Position } from '../model/position.js'
import { errorCode, errorText } from '../model/system-error.js'
import { type EpochRecord, OpenEpochs, parseRecord } from './epoch-record.js'
import { replaceFile, unsaved } from './replace-file.js'

const FILE = 'epochs.journal'
const COMPACT_BYTES = 256 * 1024
const NEWLINE = 0x0a

export interface JournalOptions {
  /** Longer than this, and twice as long as when it was last rewritten, the file is rewritten with what is open alone. */
  readonly compactBytes?: number
  /** Ms since 1970. */
  readonly now?: () => number
}

/**
 * `<data_dir>/epochs.journal`: the plan of every epoch whose position is not saved, a line of JSON for each record, appended
 * and synced before its promise resolves; calls that come during a sync share the next one. A record whose write failed
 * stays known and is written with the next. Where the file may differ from what is known (a crash cut its last line, a write
 * failed, somebody touched it), it is rewritten whole: written beside, synced, renamed over, directory synced.
 * One process uses it, the one that holds the data_dir.
 */
export class EpochJournal implements PlanLog {
  readonly path: string
  /** As found when it was opened, in the order of their begin. */
  readonly epochs: readonly PlannedEpoch[]
  readonly #open: OpenEpochs
  readonly #compactBytes: number
  readonly #now: () => number
  /** Lines not yet on disk for certain, in the order of the calls. */
  readonly #waiting: { readonly line: string; readonly urgent: boolean }[] = []
  /** Bytes of the file. */
  #length: number
  #rewrittenLength = 0
  /** The file does not hold what this process has written, or not all of it: the next write is a new file. */
  #stale: boolean
  #last: Promise<void> = Promise.resolve()
  #next: Promise<void> | null = null
  #closed = false

  private constructor(path: string, found: Found, { compactBytes = COMPACT_BYTES, now = Date.now }: JournalOptions) {
    this.path = path
    this.#open = found.open
    this.epochs = found.open.planned()
    this.#length = found.length
    this.#stale = !found.whole
    this.#compactBytes = compactBytes
    this.#now = now
  }

  /**
   * Reads what is there; writes nothing. A last line that a crash cut was never on disk, so nothing left after it: it does not
   * count. Rejects with positionUnreadable, naming file and line, when any other line is damaged.
   */
  static async open(dataDir: string, options: JournalOptions = {}): Promise<EpochJournal> {
    const path = join(dataDir, FILE)
    return new EpochJournal(path, await read(path), options)
  }

  /** An epoch that is open already with this base and start, as when it is read again, keeps what is known of it. */
  begin({ witnesses, ...epoch }: Parameters<PlanLog['begin']>[0]): Promise<void> {
    const { epoch: number, delivery, labelBase, start } = epoch
    const facts = { delivery, labelBase, start, witnesses: Object.fromEntries(witnesses), atMs: this.#now() }
    return this.#keep({ kind: 'begin', epoch: number, ...facts })
  }

  /** Writes nothing when all labels are known for this epoch, unless its end was not. */
  ship(epoch: number, shipment: PlannedShipment, end: Position | null): Promise<void> {
    return this.#keep({ kind: 'ship', epoch, shipment, end })
  }

  rebase(epoch: number, target: string, labelBase: string): Promise<void> {
    return this.#keep({ kind: 'rebase', epoch, target, labelBase })
  }

  reduce(epoch: number, label: string, as: string): Promise<void> {
    return this.#keep({ kind: 'reduce', epoch, label, as })
  }

  transaction(epoch: number, database: string, label: string): Promise<void> {
    return this.#keep({ kind: 'transaction', epoch, database, label })
  }

  /** Written with the next durable record, or by `close`; nothing afterwards. */
  settled(epoch: number, label: string): void {
    if (!this.#closed) this.#take({ kind: 'settled', epoch, label }, false)
  }

  /** Forgets this epoch and all of a lower number; does nothing when closed, as the next run finds out by itself. */
  over(epoch: number): void {
    if (this.#closed || !this.#take({ kind: 'over', epoch }, false) || !this.#isOverlong()) return
    // What could not be written waits for the next write or for `close`, which reject; until then a crash only reads more again.
    this.#save().catch(() => undefined)
  }

  /** Empties the journal; durable when it resolves. */
  async forgetAll(): Promise<void> {
    this.#mustBeOpen()
    this.#open.clear()
    this.#stale = true
    await this.#save()
  }

  /** Writes what waits. Rejects with positionUnsaved when that fails; it is closed all the same. */
  async close(): Promise<void> {
    this.#closed = true
    await (this.#waiting.length > 0 ? this.#save() : this.#last)
  }

  async #keep(record: EpochRecord): Promise<void> {
    this.#take(record, true)
    // Also what was known already, when it was a write that failed or is under way that made it known.
    if (this.#waiting.some(({ urgent }) => urgent)) await this.#save()
  }

  #take(record: EpochRecord, urgent: boolean): boolean {
    this.#mustBeOpen()
    if (!this.#open.take(record)) return false
    this.#waiting.push({ line: renderSealed(record), urgent })
    return true
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new Failure('internal', `${this.path} is closed`)
  }

  #isOverlong(): boolean {
    return this.#length > Math.max(this.#compactBytes, 2 * this.#rewrittenLength)
  }

  /** Resolves when all that waits now is on disk. */
  #save(): Promise<void> {
    if (this.#next !== null) return this.#next
    const next = this.#last.then(() => {
      this.#next = null
      return this.#write()
    })
    this.#next = next
    // Whoever writes next does so whether this one succeeds or not; its callers hear of it.
    this.#last = next.catch(() => undefined)
    return next
  }

  async #write(): Promise<void> {
    let count = this.#waiting.length
    if (count === 0 && !this.#stale) return
    try {
      const whole = this.#stale || this.#isOverlong() || !(await this.#append(this.#waiting.map(({ line }) => line)))
      if (whole) {
        count = this.#waiting.length
        await this.#rewrite(this.#open.records().map(renderSealed))
      }
    } catch (error) {
      this.#stale = true
      throw unsaved(this.path, error)
    }
    this.#waiting.splice(0, count)
  }

  /** False, and nothing is written, when the file is not as this process left it. */
  async #append(lines: readonly string[]): Promise<boolean> {
    const file = await open(this.path, constants.O_WRONLY | constants.O_APPEND)
    try {
      if ((await file.stat()).size !== this.#length) return false
      const bytes = Buffer.from(lines.join(''))
      await file.writeFile(bytes)
      await file.datasync()
      this.#length += bytes.length
      return true
    } finally {
      await file.close()
    }
  }

  async #rewrite(lines: readonly string[]): Promise<void> {
    this.#stale = true
    const bytes = Buffer.from(lines.join(''))
    await replaceFile(this.path, bytes)
    this.#length = bytes.length
    this.#rewrittenLength = bytes.length
    this.#stale = false
  }
}

interface Found {
  readonly open: OpenEpochs
  readonly length: number
  /** The file is there and its last line ends. */
  readonly whole: boolean
}

async function read(path: string): Promise<Found> {
  const found = new OpenEpochs()
  const bytes = await readBytes(path)
  if (bytes === null) return { open: found, length: 0, whole: false }
  let from = 0
  let number = 1
  for (let to = bytes.indexOf(NEWLINE); to >= 0; to = bytes.indexOf(NEWLINE, from)) {
    takeLine(found, bytes.subarray(from, to), `${path}, line ${number++}`)
    from = to + 1
  }
  const rest = bytes.subarray(from)
  // An editor may have taken the last newline away: a line with its checksum is whole.
  if (isSealed(rest)) takeLine(found, rest, `${path}, line ${number}`)
  return { open: found, length: bytes.length, whole: rest.length === 0 }
}

async function readBytes(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw new Failure('positionUnreadable', `${path}: ${errorText(error)}`, {
      cause: error,
      advice: `${path} must be a file that the user the engine runs as may read and write.`,
    })
  }
}

function takeLine(open: OpenEpochs, line: Buffer, where: string): void {
  try {
    open.take(parseRecord(line))
  } catch (error) {
    throw new Failure('positionUnreadable', `${where} is damaged: ${errorText(error)}`, {
      cause: error,
      advice:
        'It says which loads behind the position in master.info have left. Compare the targets of rules with mode "append" or "aggregate" with the source by hand, then remove epochs.journal and start again: these changes are loaded once more. Targets of mode "upsert" lose nothing by that.',
    })
  }
}
