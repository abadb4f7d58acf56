/** Where a command writes. Results go out, complaints go to err. */
export interface Terminal {
  out(text: string): void
  err(text: string): void
}

export interface Flag {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  /** Placeholder of the value in help: "FILE". */
  readonly value?: string
  /** The value may be the empty text: `--password "$PASSWORD"`. */
  readonly mayBeEmpty?: boolean
  /** May be given several times; the values come as the lines of one text. */
  readonly repeats?: boolean
  readonly text: string
}

export type FlagValues = Readonly<Record<string, string | boolean | undefined>>

/** One word of the command line. */
export interface Command {
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  /** What it does and its exit codes, for its own --help. */
  readonly details: string
  readonly flags: Readonly<Record<string, Flag>>
  /** What may stand beside the flags, for the usage line: "list|show ID". Such words reach `run` as `args`; without it there are none. */
  readonly words?: string
  /** It reads its own arguments, --help included. */
  readonly takesArguments?: boolean
  /** Resolves with the exit code; a Failure it rejects with is shown with its advice. */
  run(values: FlagValues, terminal: Terminal, args: readonly string[]): Promise<number>
}

/** Exit codes that are not a Failure's. */
export const EXIT = { ok: 0, finding: 1, usage: 2 } as const

export const CONFIG_FLAG = {
  config: { type: 'string', short: 'c', value: 'FILE', text: 'Configuration file (default: sync.toml).' },
} as const satisfies Record<string, Flag>

export const HELP_FLAG = {
  help: { type: 'boolean', short: 'h', text: 'Shows this text.' },
} as const satisfies Record<string, Flag>

/** A mistake on the command line: shown with a pointer to --help, exit code 2. */
export class UsageError extends Error {}

/** The value of a flag that takes a number, or its default. Throws UsageError for anything else. */
export function numberFlag(
  values: FlagValues,
  name: string,
  fallback: number,
  bounds: { min: number; max: number },
): number {
  const value = values[name]
  if (value === undefined) return fallback
  const number = Number(value)
  if (typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) && number >= bounds.min && number <= bounds.max)
    return number
  throw new UsageError(`--${name} must be a number from ${bounds.min} to ${bounds.max}`)
}

export function textFlag(values: FlagValues, name: string, fallback: string): string {
  const value = values[name]
  return typeof value === 'string' ? value : fallback
}
