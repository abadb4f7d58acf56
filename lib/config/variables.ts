/** Values for `${NAME}`: the environment first, then the .env file. */
export type Variables = ReadonlyMap<string, string>

export interface Expansion {
  readonly text: string
  /** Names that are neither set nor have a default. */
  readonly missing: readonly string[]
  /** `${…}` that is not a variable reference, as written. */
  readonly malformed: readonly string[]
  /** Names that were replaced. */
  readonly used: readonly string[]
}

/**
 * Replaces `${NAME}` and `${NAME:-default}` (the default also stands in for an empty value, as in a shell). `$${` is a
 * literal `${`; any other `$` stays as it is.
 */
export function expandVariables(text: string, variables: Variables): Expansion {
  const missing: string[] = []
  const malformed: string[] = []
  const used: string[] = []
  const expanded = text.replace(/\$\$\{|\$\{([^}]*)(\}?)/g, (whole, body: string | undefined, close: string) => {
    if (whole === '$${') return '${'
    const match = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s.exec(body!)
    if (match === null || close === '') {
      malformed.push(whole)
      return ''
    }
    const name = match[1]!
    used.push(name)
    const value = variables.get(name)
    if (match[2] !== undefined) return value === undefined || value === '' ? match[2] : value
    if (value === undefined) missing.push(name)
    return value ?? ''
  })
  return { text: expanded, missing, malformed, used }
}

export interface DotEnv {
  readonly variables: Variables
  /** Numbers of lines that are not `NAME=value`, counted from 1. */
  readonly badLines: readonly number[]
}

/**
 * Parses a .env text: `NAME=value` lines, optionally with `export`; values bare (up to ` #`), in single quotes (as they
 * are) or double quotes (`\n`, `\"`, `\\` replaced). Blank lines and lines beginning with # are passed over.
 */
export function parseDotEnv(text: string): DotEnv {
  const variables = new Map<string, string>()
  const badLines: number[] = []
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    if (/^\s*(#|$)/.test(line)) continue
    const match = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$/.exec(line)
    const value = match === null ? null : dotEnvValue(match[2]!)
    if (match === null || value === null) badLines.push(index + 1)
    else variables.set(match[1]!, value)
  }
  return { variables, badLines }
}

function dotEnvValue(written: string): string | null {
  const single = /^'([^']*)'\s*(?:#.*)?$/.exec(written)
  if (single !== null) return single[1]!
  const double = /^"((?:[^"\\]|\\.)*)"\s*(?:#.*)?$/.exec(written)
  if (double !== null) return double[1]!.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c))
  if (/^['"]/.test(written)) return null
  return written.replace(/(^|\s+)#.*$/, '')
}
