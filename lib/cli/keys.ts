import { SECTIONS, type Section } from '../config/options.js'
import { type Command, EXIT } from './command.js'

export const keys: Command = {
  name: 'keys',
  summary: 'Lists every key of sync.toml with its type, default and meaning.',
  details: 'The same as docs/config.md.',
  flags: {},
  async run(_values, terminal) {
    terminal.out(SECTIONS.map(renderSection).join('\n\n'))
    return EXIT.ok
  },
}

function renderSection(section: Section): string {
  const title = sectionTitle(section)
  const rows = Object.entries(section.keys).map(([name, key]) => {
    const rest =
      key.presence === 'required'
        ? 'required'
        : key.presence === 'optional'
          ? 'optional'
          : `default ${defaultText(key.fallback)}`
    return `  ${name} (${key.kind.type}; ${rest})\n      ${key.text}`
  })
  return [`${title === '' ? '' : `${title}  `}${section.text}`, ...rows].join('\n')
}

/** "[schema]", "[[rule]]", "" for the top. */
export function sectionTitle({ form, name }: Section): string {
  return form === 'top' ? '' : form === 'table' ? `[${name}]` : `[[${name}]]`
}

/** A default as it would be written in TOML. */
export function defaultText(fallback: unknown): string {
  if (typeof fallback !== 'string') return String(fallback)
  return fallback.includes('\\') ? `'${fallback}'` : `"${fallback}"`
}
