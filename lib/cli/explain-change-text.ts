import { renderKeyChange } from '../config-change.js'
import type { ChangeReport, ColumnReport, RowWay, WayChange } from '../explain/report.js'
import { renderTableChange, type TableChange } from '../table-changes.js'
import { originText, renderTarget, wayText } from './explain-text.js'
import { renderFinding } from './finding-text.js'
import { renderRow, writtenLines } from './sample-text.js'

const WAYS: Readonly<Record<RowWay, string>> = {
  bytes: 'byte path',
  pieces: 'pieces of the event',
  extended: 'extended images',
  module: 'module',
}

/** What would change, for people: keys, tables, then column by column and row by row. */
export function renderChange({ keys, tables, ways, targets, findings }: ChangeReport): string {
  if (keys.length === 0 && tables.length === 0) return 'nothing would change'
  const blocks = [
    keys
      .map(key => `${renderKeyChange(key)}${key.restart === null ? '' : `   (with a restart only: ${key.restart})`}`)
      .join('\n'),
    tables.map(tableLines).join('\n'),
    ...ways.map(renderWay),
    ...targets.filter(({ state, differences }) => state !== 'exists' || differences.length > 0).map(renderTarget),
    findings
      .filter(({ level }) => level !== 'ok')
      .map(renderFinding)
      .join('\n'),
  ]
  return blocks.filter(block => block !== '').join('\n\n')
}

function tableLines(change: TableChange): string {
  const line = renderTableChange(change)
  if (change.kind !== 'changes' || !change.stale) return line
  return `${line}\n  rows that are in the target stay as they are: recopy ${change.schema}.${change.table} mends them`
}

function renderWay({ sources, target, before, after, columns, samples }: WayChange): string {
  const more = sources.length > 1 ? ` and ${sources.length - 1} more` : ''
  const way = before === after || before === null || after === null ? [] : [`  ${WAYS[before]} -> ${WAYS[after]}`]
  const kind = before === null ? ' (new)' : after === null ? ' (no more)' : ''
  return [
    `${sources[0]}${more} -> ${target}${kind}`,
    ...way,
    ...columns.flatMap(({ before: old, after: next }) => [
      ...(old === null ? [] : [`  - ${columnText(old)}`]),
      ...(next === null ? [] : [`  + ${columnText(next)}`]),
    ]),
    ...samples.flatMap(renderSample),
  ].join('\n')
}

function columnText(column: ColumnReport): string {
  const { name, type, isKey, origin } = column
  return `${name}${isKey ? ' *' : ''}  ${type}  ${originText(origin)}  ${wayText(column)}`
}

/** A row of the source is shown once: both sides see the same. */
function renderSample({ before, after }: WayChange['samples'][number]): string[] {
  const [old, next] = [before, after].map(sample => (sample === null ? [] : writtenLines(sample)))
  const source = (after ?? before)!.source
  const isSame = before !== null && after !== null && String(old) === String(next)
  return [
    `    ${renderRow(source)}`,
    ...(isSame ? [] : old!.map(line => `      - ${line}`)),
    ...next!.map(line => `      ${isSame ? '=' : '+'} ${line}`),
  ]
}
