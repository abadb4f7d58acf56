/** A value as the program uses it, or what it must be instead. `at` leads to the element of an array or table that is wrong. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false
      readonly problem: string
      readonly at?: readonly (string | number)[]
      /** Character of a string that is wrong, from 0. */
      readonly character?: number
    }

/** What may stand behind a key: how it is named in help and docs, and how a TOML value becomes the program's value. */
export interface Kind<T> {
  /** Short, for tables: "integer", "size", `"csv" | "json"`. */
  readonly type: string
  /**
   * A problem is a predicate that completes "<key> …". It never repeats the value: the value may come from a secret
   * variable, and the message shows the source line anyway.
   */
  parse(value: unknown): Parsed<T>
}

/** The TOML type of a value with its article, for messages. */
function describeType(value: unknown): string {
  if (value instanceof Date) return 'a date'
  if (Array.isArray(value)) return 'an array'
  switch (typeof value) {
    case 'string':
      return 'a string'
    case 'boolean':
      return 'a boolean'
    case 'bigint':
      return 'an integer beyond all bounds'
    case 'number':
      return Number.isInteger(value) ? 'an integer' : 'a fraction'
    default:
      return 'a table'
  }
}

export function text(options: { allowEmpty?: boolean } = {}): Kind<string> {
  return {
    type: 'string',
    parse: value => {
      if (typeof value !== 'string') return no(`must be a string, but is ${describeType(value)}`)
      if (value === '' && options.allowEmpty !== true) return no('must not be empty')
      return yes(value)
    },
  }
}

/** A string for which `check` returns null; else `check` says what it must be. */
export function checkedText(type: string, check: (value: string) => string | null): Kind<string> {
  const base = text()
  return {
    type,
    parse: value => {
      const parsed = base.parse(value)
      if (!parsed.ok) return parsed
      const problem = check(parsed.value)
      return problem === null ? parsed : no(problem)
    },
  }
}

export function flag(): Kind<boolean> {
  return {
    type: 'boolean',
    parse: value =>
      typeof value === 'boolean' ? yes(value) : no(`must be true or false, but is ${describeType(value)}`),
  }
}

export function integer(min: number, max: number): Kind<number> {
  const allowed = `an integer from ${min} to ${max}`
  return {
    type: 'integer',
    parse: value => {
      if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return yes(value)
      return no(
        typeof value === 'number' && Number.isInteger(value)
          ? `must be ${allowed}`
          : `must be ${allowed}, but is ${describeType(value)}`,
      )
    },
  }
}

const SIZE_UNITS: Readonly<Record<string, number>> = { '': 1, B: 1, KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30 }

/** A number of bytes: "90MB" (1 MB = 1 048 576 bytes), or an integer. */
export function size(min: string, max: string): Kind<number> {
  const minBytes = sizeBytes(min)
  const maxBytes = sizeBytes(max)
  const allowed = `a size from "${min}" to "${max}", such as "90MB" (B, KB, MB, GB)`
  return {
    type: 'size',
    parse: value => {
      if (typeof value !== 'string' && typeof value !== 'number') {
        return no(`must be ${allowed}, but is ${describeType(value)}`)
      }
      const bytes = sizeBytes(String(value))
      return Number.isInteger(bytes) && bytes >= minBytes && bytes <= maxBytes ? yes(bytes) : no(`must be ${allowed}`)
    },
  }
}

function sizeBytes(value: string): number {
  const match = /^(\d+(?:\.\d+)?) ?([KMG]?B|)$/i.exec(value.trim())
  if (match === null) return Number.NaN
  return Math.round(Number(match[1]) * (SIZE_UNITS[match[2]!.toUpperCase()] ?? Number.NaN))
}

/** One of some words. */
export function oneOf<const T extends string>(values: readonly T[]): Kind<T> {
  const allowed = listOf(values)
  return {
    type: values.map(quoted).join(' | '),
    parse: value => {
      if (typeof value !== 'string') return no(`must be ${allowed}, but is ${describeType(value)}`)
      return (values as readonly string[]).includes(value) ? yes(value as T) : no(`must be ${allowed}`)
    },
  }
}

export function list<T>(element: Kind<T>, options: { type: string; allowEmpty?: boolean }): Kind<readonly T[]> {
  return {
    type: options.type,
    parse: value => {
      if (!Array.isArray(value)) return no(`must be ${options.type}, but is ${describeType(value)}`)
      if (value.length === 0 && options.allowEmpty !== true) return no('must not be empty')
      const values: T[] = []
      for (const [index, item] of value.entries()) {
        const parsed = element.parse(item)
        if (!parsed.ok) return { ...parsed, at: [index, ...(parsed.at ?? [])] }
        values.push(parsed.value)
      }
      return yes(values)
    },
  }
}

/** A single value or an array of them; always an array for the program. */
export function oneOrMore<T>(element: Kind<T>): Kind<readonly T[]> {
  const many = list(element, { type: `${element.type} or array of them` })
  return {
    type: many.type,
    parse: value => {
      if (Array.isArray(value)) return many.parse(value)
      const parsed = element.parse(value)
      return parsed.ok ? yes([parsed.value]) : parsed
    },
  }
}

/** A table of freely chosen keys. `keyCheck` says what is wrong with a key, or null. */
export function tableOf<T>(
  element: Kind<T>,
  type: string,
  keyCheck: (key: string) => string | null = () => null,
): Kind<ReadonlyMap<string, T>> {
  return {
    type,
    parse: value => {
      if (!isTable(value)) return no(`must be ${type}, but is ${describeType(value)}`)
      const entries = new Map<string, T>()
      for (const [key, item] of Object.entries(value)) {
        const problem = keyCheck(key)
        if (problem !== null) return { ok: false, problem, at: [key] }
        const parsed = element.parse(item)
        if (!parsed.ok) return { ...parsed, at: [key, ...(parsed.at ?? [])] }
        entries.set(key, parsed.value)
      }
      return yes(entries)
    },
  }
}

export function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}

export function quoted(value: string): string {
  return `"${value}"`
}

/** `"a", "b" or "c"` */
function listOf(values: readonly string[]): string {
  const words = values.map(quoted)
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}

function yes<T>(value: T): Parsed<T> {
  return { ok: true, value }
}

function no<T>(problem: string): Parsed<T> {
  return { ok: false, problem }
}
