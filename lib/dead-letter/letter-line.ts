import type { DeadLetter, LetterChange, LetterState } from '../model/dead-letter.js'

/** One line of a file of dead letters: a row that was parked, or what became of one later. */
export type LetterLine =
  | { readonly kind: 'letter'; readonly letter: DeadLetter }
  | { readonly kind: 'change'; readonly change: LetterChange }

const STATES: readonly LetterState[] = ['open', 'superseded', 'replayed', 'dropped']

/** A letter as one line of JSON. The images are written as they are, so that no number in them is rounded. */
export function renderLetter(letter: DeadLetter): string {
  const { place, load } = letter
  const { row, ...frame } = load
  const text = Buffer.from(row).toString('utf8')
  const facts = JSON.stringify({
    id: letter.id,
    at: new Date(letter.atMs).toISOString(),
    source: letter.source,
    target: letter.target,
    rule: letter.rule,
    mode: letter.mode,
    op: letter.op,
    key: letter.key,
    key_hash: letter.keyHash,
    reason: letter.reason,
    position: {
      server: letter.server,
      bin_name: place.binName,
      bin_pos: place.binPos,
      event: place.event,
      row: place.row,
      takes_away: place.takesAway,
    },
    commit_at: new Date(letter.commitMs).toISOString(),
    load: {
      database: frame.database,
      table: frame.table,
      model: frame.model,
      key: frame.key,
      format: frame.format,
      columns: frame.columns,
      ...(frame.partial === true ? { partial_update: true } : {}),
      ...(frame.unmade === true ? { unmade: true } : {}),
      column_separator: frame.columnSeparator,
      row_delimiter: frame.rowDelimiter,
      ...(Buffer.from(text).equals(row) ? { row: text } : { row_base64: Buffer.from(row).toString('base64') }),
    },
  })
  return `${facts.slice(0, -1)},"before":${image(letter.before)},"after":${image(letter.after)}}\n`
}

export function renderChange({ id, state, atMs, by, reason }: LetterChange): string {
  const at = new Date(atMs).toISOString()
  return `${JSON.stringify({ id, state, at, by, ...(reason === null ? {} : { reason }) })}\n`
}

/** Reads a line without its newline. Throws an Error that says what is wrong with it. */
export function parseLine(text: string): LetterLine {
  const value = JSON.parse(text) as unknown
  const line = new Fields(value, '')
  return line.has('state')
    ? { kind: 'change', change: parseChange(line) }
    : { kind: 'letter', letter: parseLetter(line) }
}

/** Images come from encoders that write JSON on one line; anything else is kept as a string rather than spoil the file. */
function image(text: string | null): string {
  if (text === null) return 'null'
  try {
    JSON.parse(text)
    if (!text.includes('\n')) return text
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  return JSON.stringify(text)
}

function parseChange(line: Fields): LetterChange {
  return {
    id: line.text('id'),
    state: line.word('state', STATES),
    atMs: line.time('at'),
    by: line.text('by'),
    reason: line.has('reason') ? line.text('reason') : null,
  }
}

function parseLetter(line: Fields): DeadLetter {
  const position = line.inside('position')
  const load = line.inside('load')
  return {
    id: line.text('id'),
    atMs: line.time('at'),
    source: line.text('source'),
    target: line.text('target'),
    rule: line.text('rule'),
    mode: line.word('mode', ['upsert', 'append', 'aggregate']),
    op: line.word('op', ['insert', 'update', 'delete']),
    server: position.text('server'),
    place: {
      binName: position.text('bin_name'),
      binPos: position.number('bin_pos'),
      event: position.number('event'),
      row: position.number('row'),
      takesAway: position.flag('takes_away'),
    },
    commitMs: line.time('commit_at'),
    reason: line.text('reason'),
    key: line.inside('key').texts(),
    keyHash: line.number('key_hash'),
    before: line.image('before'),
    after: line.image('after'),
    load: {
      database: load.text('database'),
      table: load.text('table'),
      model: load.word('model', ['primary', 'duplicate', 'aggregate', 'unique']),
      key: load.list('key'),
      format: load.word('format', ['csv', 'json']),
      columns: load.text('columns'),
      ...(load.has('partial_update') && load.flag('partial_update') ? { partial: true } : {}),
      ...(load.has('unmade') && load.flag('unmade') ? { unmade: true } : {}),
      columnSeparator: load.text('column_separator'),
      rowDelimiter: load.text('row_delimiter'),
      row: load.has('row') ? Buffer.from(load.text('row')) : Buffer.from(load.text('row_base64'), 'base64'),
    },
  }
}

/** The fields of a parsed object, each asked for in the form it must have. */
class Fields {
  readonly #values: Readonly<Record<string, unknown>>
  readonly #path: string

  constructor(value: unknown, path: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new Error(`${path === '' ? 'the line' : path} is not an object`)
    this.#values = value as Record<string, unknown>
    this.#path = path
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#values, name)
  }

  text(name: string): string {
    return this.#of(name, 'text', (value): value is string => typeof value === 'string')
  }

  number(name: string): number {
    return this.#of(name, 'a whole number', (value): value is number => Number.isSafeInteger(value))
  }

  flag(name: string): boolean {
    return this.#of(name, 'true or false', (value): value is boolean => typeof value === 'boolean')
  }

  word<T extends string>(name: string, words: readonly T[]): T {
    return this.#of(name, words.join(' or '), (value): value is T => words.includes(value as T))
  }

  /** Ms since 1970 of a time in ISO 8601. */
  time(name: string): number {
    const ms = Date.parse(this.text(name))
    if (Number.isNaN(ms)) throw this.#wrong(name, 'a time')
    return ms
  }

  list(name: string): string[] {
    const isList = (value: unknown): value is string[] =>
      Array.isArray(value) && value.every(item => typeof item === 'string')
    return this.#of(name, 'a list of names', isList)
  }

  inside(name: string): Fields {
    return new Fields(this.#values[name], this.#path === '' ? name : `${this.#path}.${name}`)
  }

  /** All fields, each text or null. */
  texts(): Record<string, string | null> {
    return Object.fromEntries(
      Object.keys(this.#values).map(name => [name, this.#values[name] === null ? null : this.text(name)]),
    )
  }

  /** An image as JSON text. */
  image(name: string): string | null {
    const value = this.#values[name]
    if (value === null || typeof value === 'string') return value
    if (typeof value !== 'object') throw this.#wrong(name, 'an object')
    return JSON.stringify(value)
  }

  #of<T>(name: string, what: string, fits: (value: unknown) => value is T): T {
    const value = this.#values[name]
    if (!fits(value)) throw this.#wrong(name, what)
    return value
  }

  #wrong(name: string, what: string): Error {
    return new Error(`${this.#path === '' ? name : `${this.#path}.${name}`} is not ${what}`)
  }
}
