import { type Config, SECTIONS } from './options.js'

const HIDDEN = '***'

/** The configuration as plain data for display, with every secret that is set replaced. */
export function redactConfig(config: Config): Record<string, unknown> {
  const shown = Object.fromEntries(Object.entries(config).map(([name, value]) => [name, plain(value)]))
  for (const { section, name } of setSecrets(config)) Object(section === '' ? shown : shown[section])[name] = HIDDEN
  return shown
}

/** The secrets of a configuration, for a filter that keeps them out of texts. */
export function secretsOf(config: Config): string[] {
  return setSecrets(config).map(({ value }) => value)
}

function setSecrets(config: Config): { readonly section: string; readonly name: string; readonly value: string }[] {
  const values = config as unknown as Readonly<Record<string, unknown>>
  return SECTIONS.filter(({ form }) => form !== 'blocks').flatMap(({ name: section, keys }) =>
    Object.entries(keys)
      .filter(([, key]) => key.secret)
      .map(([name]) => ({ section, name, value: Object(section === '' ? values : values[section])[name] }))
      .filter(({ value }) => value !== undefined && value !== '')
      .map(secret => ({ ...secret, value: String(secret.value) })),
  )
}

function plain(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]))
}
