const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export type Fields = Readonly<Record<string, string | number | boolean | null | undefined>>

/** Takes whole lines, each with its line end; must not throw. */
export interface LogOutput {
  write(line: string): void
}

export interface LogOptions {
  readonly level: LogLevel
  /** Texts that never appear in a line, whatever message carries them. */
  readonly secrets: readonly string[]
}

/** Shorter secrets would blot out ordinary words; the places that know secrets keep them out by themselves. */
const SHORTEST_FILTERED = 4

/**
 * Lines of the form `2026-11-21T01:02:03.004Z INFO  message key=value`. An error says what to do at its end:
 * `-> advice`. What someone has to act on is a warning or an error; what goes on normally is a metric.
 */
export class Log {
  readonly #least: number
  #filter: (text: string) => string
  readonly #output: LogOutput
  readonly #now: () => number

  /** `now` is the wall clock in ms since 1970. */
  constructor(options: LogOptions, output: LogOutput, now: () => number) {
    this.#least = LOG_LEVELS.indexOf(options.level)
    this.#filter = secretsFilter(options.secrets)
    this.#output = output
    this.#now = now
  }

  /** From now on these are the texts that never appear. */
  hide(secrets: readonly string[]): void {
    this.#filter = secretsFilter(secrets)
  }

  debug(message: string, fields: Fields = {}): void {
    this.#write('debug', message, fields)
  }

  info(message: string, fields: Fields = {}): void {
    this.#write('info', message, fields)
  }

  warn(message: string, advice: string, fields: Fields = {}): void {
    this.#write('warn', message, fields, advice)
  }

  error(message: string, advice: string, fields: Fields = {}): void {
    this.#write('error', message, fields, advice)
  }

  #write(level: LogLevel, message: string, fields: Fields, advice = ''): void {
    if (LOG_LEVELS.indexOf(level) < this.#least) return
    const time = new Date(this.#now()).toISOString()
    const parts = [time, level.toUpperCase().padEnd(5), message]
    for (const [name, value] of Object.entries(fields)) {
      if (value !== undefined && value !== null) parts.push(`${name}=${fieldText(value)}`)
    }
    if (advice !== '') parts.push(`-> ${advice}`)
    this.#output.write(`${this.#filter(parts.join(' ')).replace(/[\r\n\u2028\u2029]+\s*/g, ' | ')}\n`)
  }
}

function fieldText(value: string | number | boolean): string {
  const text = String(value)
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text)
}

/** Replaces the secrets and the credentials of Basic authorization in a text. */
export function secretsFilter(secrets: readonly string[]): (text: string) => string {
  const forms = secrets
    .filter(secret => secret.length >= SHORTEST_FILTERED)
    .flatMap(secret => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)])
  const words = [...new Set(forms)].sort((a, b) => b.length - a.length)
  return text => {
    let filtered = text.replace(/\bBasic [A-Za-z0-9+/]{4,}=*/g, 'Basic ***')
    for (const word of words) filtered = filtered.replaceAll(word, '***')
    return filtered
  }
}
