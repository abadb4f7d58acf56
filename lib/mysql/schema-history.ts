import { constants, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseSealed, renderSealed } from '../binlog/sealed-line.js'
import { replaceFile, unsaved } from '../checkpoint/replace-file.js'
import { Failure } from '../model/failure.js'
import { comparePositions } from '../model/position.js'
import { errorCode, errorText } from '../model/system-error.js'
import { FollowedSchemas, type SchemaEdit } from './ddl/followed-schemas.js'

const FILE = 'schema.history'
const COMPACT_BYTES = 256 * 1024
const NEWLINE = 0x0a

/** Behind a statement. */
export interface BinlogPlace {
  readonly binName: string
  readonly binPos: number
}

/** What a history is of. */
export interface HistoryOrigin {
  readonly serverUuid: string
  /** Digest of which schemas are followed. */
  readonly sources: string
}

type HistoryRecord =
  | ({ readonly kind: 'origin'; readonly at: BinlogPlace } & HistoryOrigin)
  /** What is known changes here. */
  | { readonly kind: 'edit'; readonly at: BinlogPlace; readonly edit: SchemaEdit }
  /** What will be known behind a statement that has not been followed yet: the catalog told it. */
  | { readonly kind: 'foreseen'; readonly at: BinlogPlace; readonly edit: SchemaEdit }

interface Step {
  readonly at: BinlogPlace
  readonly edit: SchemaEdit
}

/**
 * `<data_dir>/schema.history`: the followed tables at a position, and what DDL made of them since, a line of JSON for each step.
 * A step is appended and synced before its promise resolves. Steps that a saved position has passed are folded into one as the file
 * grows: written beside, synced, renamed over, directory synced. One process uses it, the one that holds the data_dir.
 */
export class SchemaHistory {
  readonly path: string
  #origin: (HistoryOrigin & { readonly at: BinlogPlace }) | null = null
  #base: SchemaEdit = { tables: [], schemas: [] }
  #steps: Step[] = []
  #foreseen: Step[] = []
  #length = 0
  #rewrittenLength = 0

  private constructor(path: string) {
    this.path = path
  }

  /** Reads what is there; a last line that a crash cut does not count. Rejects with positionUnreadable when any other line is damaged. */
  static async open(dataDir: string): Promise<SchemaHistory> {
    const history = new SchemaHistory(join(dataDir, FILE))
    await history.#read()
    return history
  }

  /** Whether it tells the tables at this place, for this server. */
  covers(serverUuid: string, at: BinlogPlace): boolean {
    const origin = this.#origin
    return origin !== null && origin.serverUuid === serverUuid && comparePositions(origin.at, at) <= 0
  }

  get sources(): string | null {
    return this.#origin?.sources ?? null
  }

  /** The tables at a place that it covers. */
  at(place: BinlogPlace): FollowedSchemas {
    const schemas = new FollowedSchemas()
    schemas.take(this.#base)
    for (const step of this.#steps) if (comparePositions(step.at, place) <= 0) schemas.take(step.edit)
    return schemas
  }

  /** What the catalog told of the tables behind a statement, when the stretch it stands in was behind already. */
  foreseen({ binName, binPos }: BinlogPlace): SchemaEdit | null {
    return this.#foreseen.find(({ at }) => at.binName === binName && at.binPos === binPos)?.edit ?? null
  }

  /** What is known, or foreseen, behind statements that follow this place. */
  stepsBehind(place: BinlogPlace): readonly Step[] {
    return [...this.#foreseen, ...this.#steps].filter(({ at }) => comparePositions(at, place) > 0)
  }

  /** Reading goes on from this place: what lay behind it is followed again. */
  resume(place: BinlogPlace): void {
    this.#steps = this.#steps.filter(({ at }) => comparePositions(at, place) <= 0)
  }

  /** Begins anew; durable when it resolves. */
  async begin(origin: HistoryOrigin, at: BinlogPlace, known: SchemaEdit, foreseen: readonly Step[]): Promise<void> {
    this.#origin = { ...origin, at }
    this.#base = known
    this.#steps = []
    this.#foreseen = [...foreseen]
    await this.#rewrite()
  }

  /** Durable when it resolves. Rejects with positionUnsaved. */
  async append(at: BinlogPlace, edit: SchemaEdit): Promise<void> {
    this.#steps.push({ at, edit })
    if (
      this.#length > Math.max(COMPACT_BYTES, 2 * this.#rewrittenLength) ||
      !(await this.#appendLine({ kind: 'edit', at, edit }))
    )
      await this.#rewrite()
  }

  /** No position before this one is started from any more. */
  prune(saved: BinlogPlace): void {
    if (this.#origin === null) return
    const over = this.#steps.filter(({ at }) => comparePositions(at, saved) <= 0)
    if (over.length > 0) {
      this.#base = this.at(saved).whole()
      this.#origin = { ...this.#origin, at: over.at(-1)!.at }
      this.#steps = this.#steps.slice(over.length)
    }
    this.#foreseen = this.#foreseen.filter(({ at }) => comparePositions(at, saved) > 0)
  }

  async #read(): Promise<void> {
    const bytes = await this.#bytes()
    if (bytes === null) return
    let from = 0
    let number = 1
    for (let to = bytes.indexOf(NEWLINE); to >= 0; to = bytes.indexOf(NEWLINE, from)) {
      const record = parseSealed(bytes.subarray(from, to)) as HistoryRecord | null
      if (record === null) throw unreadable(`${this.path}, line ${number} is damaged: its checksum is wrong`)
      this.#takeRecord(record)
      number++
      from = to + 1
    }
    // A cut last line is written over with the next step.
    this.#length = from === bytes.length ? bytes.length : -1
  }

  #takeRecord(record: HistoryRecord): void {
    if (record.kind === 'origin') {
      const { serverUuid, sources, at } = record
      this.#origin = { serverUuid, sources, at }
    } else if (record.kind === 'foreseen') this.#foreseen.push(record)
    else if (this.#steps.length === 0 && comparePositions(record.at, this.#origin?.at ?? record.at) === 0)
      this.#base = record.edit
    else this.#steps.push(record)
  }

  async #bytes(): Promise<Buffer | null> {
    try {
      return await readFile(this.path)
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return null
      throw unreadable(`${this.path}: ${errorText(error)}`)
    }
  }

  /** False, and nothing is written, when the file is not as this process left it. */
  async #appendLine(record: HistoryRecord): Promise<boolean> {
    if (this.#length <= 0) return false
    try {
      const file = await open(this.path, constants.O_WRONLY | constants.O_APPEND)
      try {
        if ((await file.stat()).size !== this.#length) return false
        const bytes = Buffer.from(renderSealed(record))
        await file.writeFile(bytes)
        await file.datasync()
        this.#length += bytes.length
        return true
      } finally {
        await file.close()
      }
    } catch (error) {
      this.#length = -1
      if (errorCode(error) === 'ENOENT') return false
      throw unsaved(this.path, error)
    }
  }

  async #rewrite(): Promise<void> {
    const origin = this.#origin
    if (origin === null) throw new Failure('internal', `${this.path} has not begun`)
    const records: HistoryRecord[] = [
      { kind: 'origin', ...origin },
      { kind: 'edit', at: origin.at, edit: this.#base },
      ...this.#foreseen.map(step => ({ kind: 'foreseen' as const, ...step })),
      ...this.#steps.map(step => ({ kind: 'edit' as const, ...step })),
    ]
    const bytes = Buffer.from(records.map(renderSealed).join(''))
    this.#length = -1
    try {
      await replaceFile(this.path, bytes)
    } catch (error) {
      throw unsaved(this.path, error)
    }
    this.#length = bytes.length
    this.#rewrittenLength = bytes.length
  }
}

function unreadable(message: string): Failure {
  return new Failure('positionUnreadable', message, {
    advice:
      'It holds the source tables as they were at the saved position. Restore schema.history, or remove it: it is made again from the source, which is exact for tables that were not altered since that position.',
  })
}
