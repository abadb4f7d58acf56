import { readFileSync, writeFileSync } from 'node:fs'
import { renderConfigPage, renderFailuresPage, renderMetricsPage, renderReadme } from './docs-pages.js'
import { renderExpressionsPage } from './expressions-page.js'
import { renderTypesPage } from './types-page.js'

const top = new URL('../../../', import.meta.url)
const readme = new URL('README.md', top)
writeFileSync(new URL('docs/config.md', top), renderConfigPage())
writeFileSync(new URL('docs/metrics.md', top), renderMetricsPage())
writeFileSync(new URL('docs/failures.md', top), renderFailuresPage())
writeFileSync(new URL('docs/types.md', top), renderTypesPage())
writeFileSync(new URL('docs/expressions.md', top), renderExpressionsPage())
writeFileSync(readme, renderReadme(readFileSync(readme, 'utf8')))
