import { type Kind, text } from './value-kinds.js'

const emptyableText = text({ allowEmpty: true })

/** One key of the language. `fallback` is the default as it would be written in TOML. */
export interface Key<T, P extends 'required' | 'optional' | 'default' = 'required' | 'optional' | 'default'> {
  readonly kind: Kind<T>
  readonly presence: P
  readonly fallback: unknown
  readonly text: string
  /** Its value is shown nowhere. */
  readonly secret: boolean
}

/** Must stand in the file. */
export function required<T>(kind: Kind<T>, text: string): Key<T, 'required'> {
  return { kind, presence: 'required', fallback: undefined, text, secret: false }
}

/** May be left out, and then has no value. */
export function optional<T>(kind: Kind<T>, text: string): Key<T, 'optional'> {
  return { kind, presence: 'optional', fallback: undefined, text, secret: false }
}

/** May be left out; `fallback`, written as in TOML, counts then. */
export function preset<T>(kind: Kind<T>, fallback: unknown, text: string): Key<T, 'default'> {
  return { kind, presence: 'default', fallback, text, secret: false }
}

/** A text that is shown nowhere; empty when left out. */
export function secret(text: string): Key<string, 'default'> {
  return { kind: emptyableText, presence: 'default', fallback: '', text, secret: true }
}

/** The same, without a value when left out. */
export function optionalSecret(text: string): Key<string, 'optional'> {
  return { kind: emptyableText, presence: 'optional', fallback: undefined, text, secret: true }
}
