import { createHash } from 'node:crypto'
import { open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../model/failure.js'
import { comparePositions, type Position } from '../model/position.js'
import { errorCode, errorText } from '../model/system-error.js'
import { RECORD, readRecords, SpoolDamage } from './xa-spool.js'

/** A place in a source's binlog. */
export type XaPlace = Pick<Position, 'binName' | 'binPos' | 'serverUuid'>

interface PreparedFile {
  readonly name: string
  readonly place: XaPlace
  /** Behind its XA COMMIT or XA ROLLBACK; null while that has not been read. */
  decided: XaPlace | null
}

/** Where the file is written that is not whole yet. */
export const OPEN_FILE = 'open.tmp'
const SUFFIX = '.xa'
const DECIDED = '.decided'

/**
 * The files of `<data_dir>/xa/`: one for each XA transaction and place where it begins (an id may be used again while an
 * earlier use of it is still to be read a second time), and beside it, when it is decided, one that says where.
 */
export class PreparedFiles {
  readonly folder: string
  readonly #files = new Map<string, PreparedFile>()

  constructor(folder: string) {
    this.folder = folder
  }

  /** Reads what is there. */
  async load(): Promise<void> {
    try {
      const names = await this.#names()
      for (const name of names.filter(name => name.endsWith(SUFFIX))) {
        const place = await this.#placeIn(name)
        const decided = names.includes(name + DECIDED) ? await this.#readDecided(name) : null
        if (place !== null) this.#files.set(name, { name, place, decided })
      }
    } catch (error) {
      throw unsaved(this.folder, error)
    }
  }

  /** Removes what was never finished. */
  async tidy(): Promise<void> {
    for (const name of await this.#names())
      if (!name.endsWith(SUFFIX) && !this.#files.has(name.slice(0, -DECIDED.length))) await this.#remove(name)
  }

  /** The open file is whole: it becomes the one of this transaction, durably. */
  async adopt(xid: string, place: XaPlace): Promise<void> {
    const name = `${prefixOf(xid)}${digest(`${place.serverUuid} ${place.binName}`, 8)}-${place.binPos}${SUFFIX}`
    try {
      await rename(join(this.folder, OPEN_FILE), join(this.folder, name))
      const folder = await open(this.folder)
      await folder.sync().finally(() => folder.close())
    } catch (error) {
      throw unsaved(this.folder, error)
    }
    this.#files.set(name, { name, place, decided: this.#files.get(name)?.decided ?? null })
  }

  /** Path of the transaction that XA COMMIT or XA ROLLBACK at `place` decides; null when none is known. */
  find(xid: string, place: XaPlace): string | null {
    const file = this.#find(xid, place)
    return file === null ? null : join(this.folder, file.name)
  }

  /** Notes that the one found at `place` is decided; `end` is the place behind. */
  async decide(xid: string, place: XaPlace, { binName, binPos, serverUuid }: XaPlace): Promise<void> {
    const file = this.#find(xid, place)
    if (file === null) return
    file.decided = { binName, binPos, serverUuid }
    const path = join(this.folder, file.name + DECIDED)
    try {
      const side = join(this.folder, 'decided.tmp')
      const written = await open(side, 'w')
      await written.writeFile(JSON.stringify(file.decided)).finally(() => written.close())
      await rename(side, path)
    } catch (error) {
      throw unsaved(path, error)
    }
    // The position behind it may have been saved meanwhile.
    if (this.#files.get(file.name) !== file) await this.#remove(file.name + DECIDED)
  }

  /** Reading begins behind none but these places: what was decided before all of them is not needed again. */
  async removeDecided(places: readonly XaPlace[]): Promise<void> {
    for (const { name, decided } of this.#files.values()) {
      if (decided === null || !places.every(place => isWithin(decided, place))) continue
      this.#files.delete(name)
      await this.#remove(name)
      await this.#remove(name + DECIDED)
    }
  }

  /** The id's last use before `place`: others lie further back, or ahead, where they were read before a restart. */
  #find(xid: string, place: XaPlace): PreparedFile | null {
    const prefix = prefixOf(xid)
    const files = [...this.#files.values()].filter(
      ({ name, place: begin }) =>
        name.startsWith(prefix) && (begin.serverUuid !== place.serverUuid || comparePositions(begin, place) < 0),
    )
    const own = files.filter(file => file.place.serverUuid === place.serverUuid)
    if (own.length > 0) return own.reduce((a, b) => (comparePositions(a.place, b.place) > 0 ? a : b))
    if (files.length > 1)
      throw new Failure(
        'preparedRowsLost',
        `${this.folder} holds ${files.length} XA transactions ${xid}, of other servers.`,
      )
    return files[0] ?? null
  }

  /** Null when its beginning is damaged: then nothing is known of it. */
  async #placeIn(name: string): Promise<XaPlace | null> {
    const file = await open(join(this.folder, name))
    try {
      for await (const { kind, content } of readRecords(file))
        return kind === RECORD.head ? (JSON.parse(content.toString()) as XaPlace) : null
      return null
    } catch (error) {
      if (error instanceof SpoolDamage) return null
      throw error
    } finally {
      await file.close()
    }
  }

  /** Null for a note that a crash cut. */
  async #readDecided(name: string): Promise<XaPlace | null> {
    const text = await readFile(join(this.folder, name + DECIDED), 'utf8')
    return text.endsWith('}') ? (JSON.parse(text) as XaPlace) : null
  }

  async #names(): Promise<string[]> {
    return readdir(this.folder).catch(error => {
      if (errorCode(error) === 'ENOENT') return []
      throw unsaved(this.folder, error)
    })
  }

  async #remove(name: string): Promise<void> {
    const path = join(this.folder, name)
    await rm(path, { force: true }).catch(error => {
      throw unsaved(path, error)
    })
  }
}

function isWithin(decided: XaPlace, position: XaPlace): boolean {
  return decided.serverUuid === position.serverUuid && comparePositions(decided, position) <= 0
}

function prefixOf(xid: string): string {
  return `${digest(xid, 32)}-`
}

function digest(text: string, letters: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, letters)
}

/** What is thrown when the folder cannot be used. */
export function unsaved(path: string, cause: unknown): Failure {
  return new Failure('preparedRowsUnsaved', `${path}: ${errorCode(cause) ?? ''} ${errorText(cause)}`, { cause })
}
