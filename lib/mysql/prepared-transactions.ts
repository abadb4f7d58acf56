import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { EVENT_HEADER_BYTES } from '../binlog/event.js'
import { Failure } from '../model/failure.js'
import { errorText } from '../model/system-error.js'
import { OPEN_FILE, PreparedFiles, unsaved, type XaPlace } from './prepared-files.js'
import { encodeJsonRecord, encodeRecord, RECORD, readRecords, SpoolDamage, type SpoolRecord } from './xa-spool.js'

/** An event in the buffer it was read into; `end` does not include a checksum. */
export interface EventBytes {
  buffer: Buffer
  start: number
  end: number
}

const CHUNK_BYTES = 256 * 1024
const SIZE_AT = 9
/** Of rows that nobody wants: the header, the table's id, flags. */
const SKIPPED_BYTES = EVENT_HEADER_BYTES + 8

/** What the reader of a stream does with them. */
export type PreparedRows = Pick<PreparedTransactions, 'begin' | 'append' | 'prepare' | 'read' | 'readOpen' | 'decide'>

/**
 * The events of XA transactions that the source has prepared, kept in `<data_dir>/xa/` until they are decided and the
 * position behind the decision is saved. A file appears whole: it is written beside, synced and renamed, and the folder
 * synced, before the position moves over the XA PREPARE; reading a binlog again writes it anew. A transaction without wanted
 * rows has a file too: with none, its XA COMMIT could not be told from one whose rows were never seen.
 */
export class PreparedTransactions {
  readonly #files: PreparedFiles
  readonly #others: PreparedFiles | null
  #place: XaPlace | null = null
  #file: FileHandle | null = null
  /** Records that are not written yet. */
  #chunks: Buffer[] = []
  #chunkBytes = 0
  #isFlushed = false

  private constructor(files: PreparedFiles, others: PreparedFiles | null) {
    this.#files = files
    this.#others = others
  }

  /**
   * `folder` belongs to this stream, and is made when it is needed. `places`: where reading may begin, now or later. What is not
   * found there is looked for in `others`, the folder of a stream that has read what lies before.
   */
  static async open(folder: string, places: readonly XaPlace[], others: string | null): Promise<PreparedTransactions> {
    const files = new PreparedFiles(folder)
    await files.load()
    await files.tidy()
    await files.removeDecided(places)
    if (others === null || others === folder) return new PreparedTransactions(files, null)
    const known = new PreparedFiles(others)
    await known.load()
    return new PreparedTransactions(files, known)
  }

  /** An XA transaction begins at `place`; one that was open is forgotten. */
  begin(place: XaPlace, gtid: string | null): void {
    this.#place = place
    this.#chunks = [encodeJsonRecord(RECORD.head, { ...place, gtid })]
    this.#chunkBytes = 0
    this.#isFlushed = false
  }

  /** Takes an event of the open one. A promise means: give no further event before it has resolved. */
  append({ buffer, start, end }: EventBytes, skipped: boolean): Promise<void> | undefined {
    const until = skipped ? Math.min(end, start + SKIPPED_BYTES) : end
    const header = Buffer.from(buffer.subarray(start, start + EVENT_HEADER_BYTES))
    header.writeUInt32LE(until - start, SIZE_AT)
    const body = buffer.subarray(start + EVENT_HEADER_BYTES, until)
    const record = encodeRecord(skipped ? RECORD.skipped : RECORD.event, header, body)
    this.#chunks.push(record)
    this.#chunkBytes += record.length
    return this.#chunkBytes < CHUNK_BYTES ? undefined : this.#flush()
  }

  /** Resolves when the open one is on disk under its id. */
  async prepare(xid: string): Promise<void> {
    const place = this.#place
    if (place === null) throw new Failure('internal', `XA PREPARE ${xid} came without XA START.`)
    await this.#close(xid, true)
    await this.#files.adopt(xid, place)
    this.#place = null
  }

  /** The records of events of the open one, whose prepare is its commit. */
  async *readOpen(xid: string): AsyncGenerator<SpoolRecord> {
    await this.#close(xid, false)
    yield* this.#read(join(this.#files.folder, OPEN_FILE), xid)
  }

  /**
   * The records of events of the one that XA COMMIT at `place` decides, in order.
   * Throws preparedRowsLost when nothing is known of it, or its file is damaged.
   */
  async *read(xid: string, place: XaPlace): AsyncGenerator<SpoolRecord> {
    const path = this.#files.find(xid, place) ?? this.#others?.find(xid, place) ?? null
    if (path === null)
      throw new Failure(
        'preparedRowsLost',
        `Behind ${place.binName}:${place.binPos} the XA transaction ${xid} is committed, but its XA PREPARE lies before the place where reading began, or its file in ${this.#files.folder} is gone: its rows are not known.`,
      )
    yield* this.#read(path, xid)
  }

  /** The source has committed or rolled back the one at `place`; `end` is the place behind. Its file stays until that is saved. */
  decide(xid: string, place: XaPlace, end: XaPlace): Promise<void> {
    return this.#files.decide(xid, place, end)
  }

  /** A position has been saved; `places` are those where reading may begin from now on. */
  saved(places: readonly XaPlace[]): Promise<void> {
    return this.#files.removeDecided(places)
  }

  async *#read(path: string, xid: string): AsyncGenerator<SpoolRecord> {
    let file: FileHandle | null = null
    try {
      file = await open(path)
      for await (const record of readRecords(file)) {
        if (record.kind === RECORD.end) {
          const end = JSON.parse(record.content.toString()) as { readonly xid?: unknown }
          if (end.xid !== xid) throw new SpoolDamage(`it holds ${String(end.xid)}`)
          return
        }
        if (record.kind !== RECORD.head) yield record
      }
      throw new SpoolDamage('its end is missing')
    } catch (cause) {
      throw new Failure(
        'preparedRowsLost',
        `The rows of the XA transaction ${xid} cannot be read from ${path}: ${errorText(cause)}.`,
        { cause },
      )
    } finally {
      await file?.close()
    }
  }

  async #close(xid: string, synced: boolean): Promise<void> {
    this.#chunks.push(encodeJsonRecord(RECORD.end, { xid }))
    await this.#flush()
    try {
      if (synced) await this.#file?.datasync()
      await this.#file?.close()
      this.#file = null
    } catch (error) {
      throw unsaved(this.#files.folder, error)
    }
  }

  async #flush(): Promise<void> {
    const chunks = this.#chunks
    this.#chunks = []
    this.#chunkBytes = 0
    try {
      if (!this.#isFlushed) {
        await this.#file?.close()
        this.#file = null
        await mkdir(this.#files.folder, { recursive: true })
        // Rows as the source has them, whatever rules hide of them.
        this.#file = await open(join(this.#files.folder, OPEN_FILE), 'w', 0o600)
        this.#isFlushed = true
      }
      await this.#file!.writeFile(Buffer.concat(chunks))
    } catch (error) {
      throw unsaved(this.#files.folder, error)
    }
  }
}
