import { writeFileSync } from 'node:fs'
import { renderConfigPage, renderMetricsPage } from './docs-pages.js'

const docs = new URL('../../../docs/', import.meta.url)
writeFileSync(new URL('config.md', docs), renderConfigPage())
writeFileSync(new URL('metrics.md', docs), renderMetricsPage())
