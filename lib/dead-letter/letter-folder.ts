import { createHash } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Failure } from '../model/failure.js'
import { errorCode, errorText } from '../model/system-error.js'
import { type LetterLine, parseLine } from './letter-line.js'

const FOLDER = 'dead-letter'
const SUFFIX = '.jsonl'
const CHUNK_BYTES = 1 << 20
const NEWLINE = 0x0a
/** Of a file name without its suffix; file systems take 255 bytes. */
const LONGEST_NAME = 200
const UTF8 = new TextDecoder('utf-8', { fatal: true })

/**
 * `<data_dir>/dead-letter/`: a file of lines for each target table, only ever appended to. One process writes, the one that
 * holds the data_dir; others may read meanwhile. A last line without its end is what a crash left of a write that nobody
 * was told of: it is passed over, and cut off before the next append. Any other damage is a Failure.
 */
export class LetterFolder {
  readonly #path: string
  /** Bytes of whole lines, by path. */
  readonly #ends: Map<string, number>
  #last: Promise<unknown> = Promise.resolve()

  private constructor(path: string, ends: Map<string, number>) {
    this.#path = path
    this.#ends = ends
  }

  /** Reads every line of every file in order. An Error that `take` throws counts as damage of the line. */
  static async open(dataDir: string, take: (line: LetterLine) => void): Promise<LetterFolder> {
    const path = join(dataDir, FOLDER)
    const ends = new Map<string, number>()
    for (const name of await letterFiles(path)) ends.set(join(path, name), await readLines(join(path, name), take))
    return new LetterFolder(path, ends)
  }

  /** Resolves when the lines, each with its newline, are on disk behind the others of this target ("database.table"). */
  append(target: string, lines: readonly string[]): Promise<void> {
    const appended = this.#last.then(() => this.#append(join(this.#path, fileName(target)), lines))
    // Whoever appends next does so whether this one succeeds or not; its caller hears of it.
    this.#last = appended.catch(() => undefined)
    return appended
  }

  async #append(path: string, lines: readonly string[]): Promise<void> {
    try {
      const end = this.#ends.get(path) ?? 0
      if (this.#ends.size === 0) await mkdir(this.#path, { recursive: true })
      const file = await open(path, 'a', 0o600)
      let written = 0
      try {
        const { size } = await file.stat()
        if (size < end) throw damaged(path, `it has ${size} bytes, and had ${end}`)
        if (size > end) await file.truncate(end)
        for (const piece of pieces(lines)) {
          await file.writeFile(piece)
          written += piece.length
        }
        await file.datasync()
      } finally {
        await file.close()
      }
      if (!this.#ends.has(path)) for (const folder of [this.#path, dirname(this.#path)]) await syncFolder(folder)
      this.#ends.set(path, end + written)
    } catch (error) {
      if (error instanceof Failure) throw error
      throw new Failure('deadLettersUnsaved', `${path}: ${errorText(error)}`, { cause: error })
    }
  }
}

/** Lines as bytes, many short ones together; all of them may be more than one string can hold. */
function* pieces(lines: readonly string[]): Generator<Buffer> {
  let gathered: string[] = []
  let length = 0
  for (const line of lines) {
    gathered.push(line)
    length += line.length
    if (length < CHUNK_BYTES) continue
    yield Buffer.from(gathered.join(''))
    gathered = []
    length = 0
  }
  if (length > 0) yield Buffer.from(gathered.join(''))
}

/** A name no other target has: characters other than letters, digits, - and _ as %XX; a long one is cut and told apart by a digest. */
export function fileName(target: string): string {
  const safe = [...Buffer.from(target)]
    .map(byte => {
      const character = String.fromCharCode(byte)
      return /[\w-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
    })
    .join('')
  if (safe.length <= LONGEST_NAME) return `${safe}${SUFFIX}`
  return `${safe.slice(0, LONGEST_NAME - 20)}%~${createHash('sha256').update(target).digest('hex').slice(0, 16)}${SUFFIX}`
}

async function letterFiles(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).filter(name => name.endsWith(SUFFIX)).sort()
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw unreadable(path, error)
  }
}

/** Gives every whole line; the bytes they take. */
async function readLines(path: string, take: (line: LetterLine) => void): Promise<number> {
  let file: FileHandle | null = null
  try {
    file = await open(path, 'r')
    let rest = Buffer.alloc(0)
    let end = 0
    let number = 0
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES)
      if (bytesRead === 0) return end
      const bytes = Buffer.concat([rest, buffer.subarray(0, bytesRead)])
      let from = 0
      for (let to = bytes.indexOf(NEWLINE); to >= 0; to = bytes.indexOf(NEWLINE, from)) {
        number++
        takeLine(bytes.subarray(from, to), take, `${path}, line ${number}`)
        from = to + 1
      }
      end += from
      rest = bytes.subarray(from)
    }
  } catch (error) {
    throw error instanceof Failure ? error : unreadable(path, error)
  } finally {
    await file?.close()
  }
}

function takeLine(bytes: Buffer, take: (line: LetterLine) => void, where: string): void {
  try {
    take(parseLine(UTF8.decode(bytes)))
  } catch (error) {
    throw damaged(where, errorText(error))
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function damaged(where: string, what: string): Failure {
  return new Failure('deadLettersDamaged', `${where} is damaged: ${what}`)
}

function unreadable(path: string, error: unknown): Failure {
  return new Failure('deadLettersDamaged', `${path} cannot be read: ${errorText(error)}`, {
    cause: error,
    advice: 'The folder must be readable and writable by the user the engine runs as.',
  })
}
