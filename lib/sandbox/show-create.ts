import type { SandboxColumn, SandboxTable } from './catalog.js'
import { renderTypeWithWidth } from './column-type.js'

const MODEL_WORD = { primary: 'PRIMARY', duplicate: 'DUPLICATE', aggregate: 'AGGREGATE', unique: 'UNIQUE' } as const

/** The statement SHOW CREATE TABLE prints (StarRocks' AstToStringBuilder). */
export function renderCreateTable(table: SandboxTable): string {
  const columns = table.columns.map(column => `  ${renderColumn(column)}`).join(',\n')
  const lines = [
    `CREATE TABLE ${quote(table.name)} (\n${columns}\n) ENGINE=OLAP `,
    `${MODEL_WORD[table.model]} KEY(${table.key.map(quote).join(', ')})`,
  ]
  if (table.comment !== '') lines.push(`COMMENT "${escapeText(table.comment)}"`)
  if (table.partitionBy !== null) lines.push(`PARTITION BY ${table.partitionBy}`)
  lines.push(`DISTRIBUTED BY ${table.distribution}${table.distribution.endsWith(')') ? ' ' : ''}`)
  if (table.orderBy.length > 0) lines.push(`ORDER BY(${table.orderBy.map(quote).join(', ')})`)
  const properties = Object.entries(table.properties).sort(([a], [b]) => (a < b ? -1 : 1))
  const listed = properties.map(([name, value]) => `"${name}" = "${escapeText(value)}"`)
  lines.push(`PROPERTIES (\n${listed.join(',\n')}\n);`)
  return lines.join('\n')
}

function renderColumn(column: SandboxColumn): string {
  const parts = [quote(column.name), renderTypeWithWidth(column.type)]
  if (column.aggregate !== null) parts.push(column.aggregate.toUpperCase())
  parts.push(column.nullable ? 'NULL' : 'NOT NULL')
  if (column.autoIncrement) parts.push('AUTO_INCREMENT')
  if (column.default?.kind === 'literal') parts.push(`DEFAULT "${escapeText(column.default.text)}"`)
  if (column.default?.kind === 'now') parts.push('DEFAULT CURRENT_TIMESTAMP')
  if (column.default?.kind === 'uuid') parts.push('DEFAULT (uuid())')
  if (column.generated !== null) parts.push(`AS ${column.generated}`)
  parts.push(`COMMENT "${escapeText(column.comment)}"`)
  return parts.join(' ')
}

function quote(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

function escapeText(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
