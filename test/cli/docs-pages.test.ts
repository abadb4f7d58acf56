import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { renderConfigPage, renderFailuresPage, renderMetricsPage, renderReadme } from '../../lib/cli/docs-pages.js'
import { renderExpressionsPage } from '../../lib/cli/expressions-page.js'
import { renderTypesPage } from '../../lib/cli/types-page.js'
import { loadConfig } from '../../lib/config/load.js'
import { SECTIONS } from '../../lib/config/options.js'
import { FAILURES } from '../../lib/model/failure.js'
import { METRICS } from '../../lib/observe/metrics.js'
import { SOURCE_TYPES, typeNotes } from '../../lib/starrocks/type-map.js'

const file = (name: string) => readFileSync(fileURLToPath(new URL(`../../../${name}`, import.meta.url)), 'utf8')

test('docs/ is what the tables say; else run `npm run docs`', () => {
  expect(file('docs/config.md')).toBe(renderConfigPage())
  expect(file('README.md')).toBe(renderReadme(file('README.md')))
  expect(file('docs/metrics.md')).toBe(renderMetricsPage())
  expect(file('docs/failures.md')).toBe(renderFailuresPage())
  expect(file('docs/types.md')).toBe(renderTypesPage())
  expect(file('docs/expressions.md')).toBe(renderExpressionsPage())
})

test.each(SOURCE_TYPES)('type %s is documented', type => {
  const notes = typeNotes(type)!
  expect(notes.text).toMatch(/^\S/)
  for (const option of notes.options ?? [])
    expect(SECTIONS.some(section => Object.hasOwn(section.keys, option))).toBe(true)
})

test('sync.toml is valid as it comes', () => {
  const main = { file: 'sync.toml', text: file('sync.toml') }
  expect(loadConfig({ main, rules: [], environment: new Map(), dotEnv: null })).toMatchObject({ ok: true })
})

describe('the table of keys', () => {
  const rows = SECTIONS.flatMap(section =>
    Object.entries(section.keys).map(([name, key]) => [`${section.name}.${name}`, name, key] as const),
  )

  test.each(rows)('%s has a text, a fitting default and a plain name', (_, name, key) => {
    expect(key.text).toMatch(/^\S.*[.\]]$/s)
    expect(name).toMatch(/^[a-z][a-z0-9_]*$/)
    if (key.presence === 'default') expect(key.kind.parse(key.fallback)).toMatchObject({ ok: true })
  })
})

test.each(Object.entries(METRICS))('metric %s has a text', (_, { text }) => {
  expect(text).toMatch(/\.$/)
})

test.each(Object.entries(FAILURES))(
  'failure %s says what to do, and has an exit code that docs/operations.md explains',
  (_, row) => {
    expect(row.advice).toMatch(/^\S.{20,}\.$/s)
    expect(file('docs/operations.md')).toContain(`\n| ${row.exitCode} | `)
  },
)
