import { type Config, TOP_KEYS } from './options.js'

const HIDDEN = '***'

/** The configuration as plain data for display, with every secret that is set replaced. */
export function redactConfig(config: Config): Record<string, unknown> {
  const shown: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(config)) {
    shown[name] = isSecret(name) && value !== '' ? HIDDEN : plain(value)
  }
  return shown
}

/** The secrets of a configuration, for a filter that keeps them out of texts. */
export function secretsOf(config: Config): string[] {
  return Object.entries(config)
    .filter(([name, value]) => isSecret(name) && value !== '')
    .map(([, value]) => String(value))
}

function isSecret(name: string): boolean {
  return Object.hasOwn(TOP_KEYS, name) && TOP_KEYS[name as keyof typeof TOP_KEYS].secret
}

function plain(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]))
}
