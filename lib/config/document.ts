import { parse } from '@iarna/toml'
import type { Problem } from './problem.js'
import { placeOfCharacter } from './string-place.js'
import { type Path, type Place, scanTomlPlaces, type TomlPlaces } from './toml-places.js'

/** A file's content and the name that messages call it by. */
export interface SourceText {
  readonly file: string
  readonly text: string
}

/** Key names whose value is never shown, known to the language or not. */
const SECRET_NAME = /pass|pwd|secret|token|credential/i

/** One TOML file: its values, and where each of them stands. */
export class Document {
  readonly file: string
  /** Null when the text is not TOML; `problems` says why. */
  readonly data: Readonly<Record<string, unknown>> | null
  readonly problems: readonly Problem[]
  readonly #text: string
  readonly #places: TomlPlaces
  readonly #lineStarts: readonly number[]
  readonly #masked = new Set<Place>()

  constructor(source: SourceText) {
    this.file = source.file
    this.#text = source.text.replace(/^\uFEFF/, '')
    this.#places = scanTomlPlaces(this.#text)
    this.#lineStarts = lineStartsOf(this.#text)
    for (const place of this.#places.entries) {
      if (place.path.some(part => SECRET_NAME.test(String(part)))) this.#masked.add(place)
    }
    const problems: Problem[] = []
    this.data = this.#parse(problems)
    this.problems = problems
  }

  /**
   * A problem at the value of a path, or at the nearest of its ancestors that stands in the text; `character`: of a string
   * value, the one that is meant, from 0.
   */
  problemAt(path: Path, message: string, point: 'key' | 'value' = 'value', character: number | null = null): Problem {
    for (let length = path.length; length > 0; length--) {
      const place = this.#places.find(path.slice(0, length))
      if (place !== null && character !== null && length === path.length) {
        const written = this.#text.slice(place.value.start, place.value.end)
        return this.#problem(place.value.start + placeOfCharacter(written, character), message)
      }
      if (place !== null) return this.#problem(point === 'value' ? place.value.start : place.key.start, message)
    }
    return this.#problem(0, message)
  }

  /**
   * "file:line:column" of a character of the string at a path, from 0; null where the path is not in the text, or where
   * variables are filled in, so that the characters of the value are not those of the file.
   */
  placeOfCharacter(path: Path, character: number): string | null {
    const place = this.#places.find(path)
    if (place === null) return null
    const written = this.#text.slice(place.value.start, place.value.end)
    if (written.includes('${')) return null
    const offset = place.value.start + placeOfCharacter(written, character)
    const line = this.#lineAt(offset)
    return `${this.file}:${line}:${offset - this.#lineStarts[line - 1]! + 1}`
  }

  /** The line of a path's header or key, counted from 1. */
  lineOf(path: Path): number {
    const place = this.#places.find(path)
    return place === null ? 1 : this.#lineAt(place.key.start)
  }

  /** Keeps the value of a path out of every message. */
  mask(path: Path): void {
    const place = this.#places.find(path)
    if (place !== null && place.key !== place.value) this.#masked.add(place)
  }

  /** True when the path itself stands in the text. */
  has(path: Path): boolean {
    return this.#places.find(path) !== null
  }

  #parse(problems: Problem[]): Readonly<Record<string, unknown>> | null {
    let text = this.#text
    for (const { first, second } of this.#places.duplicates) {
      const name = second.path.filter(part => typeof part === 'string').join('.')
      const line = this.#lineAt(first.key.start)
      problems.push(this.#problem(second.key.start, `${name} stands here a second time; the first is in line ${line}`))
      if (second.key !== second.value) text = blank(text, second.key.start, second.value.end)
    }
    try {
      return parse(text)
    } catch (error) {
      const at = syntaxErrorPlace(error)
      const start = this.#lineStarts[Math.min(at.line, this.#lineStarts.length - 1)]!
      const problem = this.#problem(Math.min(start + at.column, this.#text.length), at.message)
      if (!problems.some(other => other.line === problem.line)) problems.push(problem)
      return null
    }
  }

  #problem(offset: number, message: string): Problem {
    const line = this.#lineAt(offset)
    const start = this.#lineStarts[line - 1]!
    const end = this.#lineStarts[line] ?? this.#text.length + 1
    const whole = this.#text.slice(start, end - 1).replace(/\r$/, '')
    const maskedFrom = this.#maskedFrom(start, start + whole.length, whole)
    const sourceLine = (maskedFrom === null ? whole : `${whole.slice(0, maskedFrom)}***`).replace(
      /[^\s"'/=]+@/g,
      '***@',
    )
    const column = Math.min(offset - start, maskedFrom ?? whole.length)
    return { file: this.file, line, column: column + 1, message, sourceLine }
  }

  /** Column from which this line belongs to a secret, or null. The rest of the line is hidden: nothing is cut exactly. */
  #maskedFrom(start: number, end: number, line: string): number | null {
    let from: number | null = null
    for (const { value } of this.#masked) {
      if (value.start >= end || value.end <= start) continue
      from = Math.min(from ?? Number.POSITIVE_INFINITY, Math.max(0, value.start - start))
    }
    if (from !== null) return from
    const unread = /^\s*["']?[\w.-]*(?:pass|pwd|secret|token|credential)[\w.-]*["']?\s*[=:]?\s*(?=\S)/i.exec(line)
    return unread === null || line.trimEnd() === unread[0].trimEnd() ? null : unread[0].length
  }

  #lineAt(offset: number): number {
    let line = this.#lineStarts.length
    while (line > 1 && this.#lineStarts[line - 1]! > offset) line--
    return line
  }
}

function lineStartsOf(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

function blank(text: string, start: number, end: number): string {
  return text.slice(0, start) + text.slice(start, end).replace(/[^\r\n]/g, ' ') + text.slice(end)
}

/** Line and column (from 0) and text of an error of @iarna/toml, which counts columns of its first line from 1. */
function syntaxErrorPlace(error: unknown): { line: number; column: number; message: string } {
  if (!(error instanceof Error) || !('line' in error) || !('col' in error)) throw error
  const line = Number(error.line)
  const column = Math.max(0, Number(error.col) - (line === 0 ? 1 : 0))
  const [first] = error.message.split('\n')
  const said = first!.replace(/ at row \d+, col \d+, pos \d+:?$/, '')
  const unknownEscape = /^Unknown escape character: (\d+)$/.exec(said)
  if (unknownEscape !== null) {
    return { line, column, message: 'not TOML: unknown escape; write text with backslashes in single quotes' }
  }
  const character = /^Unknown character "(\d+)"$/.exec(said)
  if (character !== null) return { line, column, message: 'not TOML: unexpected character' }
  return { line, column, message: `not TOML: ${said.charAt(0).toLowerCase()}${said.slice(1)}` }
}
