import type {
  ColumnOrigin,
  ColumnReport,
  ExplainReport,
  LoadReport,
  RowWay,
  RuleReport,
  TablesReport,
  TargetReport,
} from '../explain/report.js'
import { renderFinding } from './finding-text.js'
import { renderBytes } from './progress-bar.js'
import { renderSamples } from './sample-text.js'
import { renderTextTable } from './text-table.js'

const MODES: Readonly<Record<RuleReport['mode'], string>> = {
  upsert: 'a row per key',
  partial: 'some columns of a row per key',
  append: 'every change as a row',
  aggregate: 'counts and sums per group',
}
const WAYS: Readonly<Record<RowWay, string>> = {
  bytes: 'byte path: rows are written from the bytes of their event',
  pieces: 'pieces of the event: its rows are written from their bytes, but for those that the rule leaves out',
  extended: 'extended images: what the rule makes stands behind the bytes of each row',
  module: 'module: rows are read as values, and written as the module gives them back',
}
const DELETES: Readonly<Record<string, string>> = {
  delete: 'deletes the row',
  soft: 'marks the row, which stays',
  ignore: 'does nothing: the row stays',
  nullify: "makes the rule's columns NULL",
}
const READERS: Readonly<Record<string, string>> = {
  transform: 'the module',
  transform_reads: 'the module, as transform_reads says',
}
const MOST_SOURCES = 4
/** Of an expression in a table. */
const MOST_CHARACTERS = 60

/** The report for people, rule by rule. A target's statement stands with the first rule that writes it. */
export function renderExplained({ rules, targets, findings }: ExplainReport): string {
  const untold = new Map(targets.map(target => [target.target, target]))
  const isUnfit = findings.some(({ level }) => level === 'error')
  const told = rules.map(rule => {
    const own = [...new Set(rule.tables.map(({ target }) => target))]
    const statements = own.flatMap(name => untold.get(name) ?? [])
    for (const name of own) untold.delete(name)
    return renderRule(rule, statements, isUnfit)
  })
  return [...told, ...(findings.length === 0 ? [] : [findings.map(renderFinding).join('\n')])].join('\n\n')
}

function renderRule(rule: RuleReport, targets: readonly TargetReport[], isUnfit: boolean): string {
  const head = [
    `rule ${rule.number}: ${rule.source}   (${rule.place})`,
    `  target   ${MODES[rule.mode]}`,
    `  rows     ${rule.where === null ? 'all' : `where ${rule.where}`}`,
    ...(rule.module === null ? [] : [`  module   ${rule.module}`]),
    `  changes  ${changes(rule)}`,
    `  loads    ${loads(rule.load)}`,
  ]
  if (rule.tables.length === 0)
    head.push(`  tables   none${isUnfit ? ' that can be written; why is told below' : ' of the source'}`)
  return [
    head.join('\n'),
    ...rule.tables.map(renderTables),
    ...targets.map(renderTarget),
    ...rule.tables.flatMap(tables => renderSamples(tables)),
  ].join('\n\n')
}

function changes({ operations, onDelete, mode }: RuleReport): string {
  const hasKeys = mode === 'upsert' || mode === 'partial'
  const deletes = operations.includes('DELETE') && hasKeys ? `; a DELETE ${DELETES[onDelete]}` : ''
  return `${operations.join(', ')}${deletes}`
}

function loads({ delivery, format, flushIntervalMs, flushRows, flushBytes, others }: LoadReport): string {
  const size = `after ${flushIntervalMs} ms, ${flushRows} rows or ${renderBytes(flushBytes)}`
  return [`${format.toUpperCase()}, ${size}`, `delivery = "${delivery}"`, ...others].join('; ')
}

function renderTables({ sources, target, way, columns, leftOut }: TablesReport): string {
  const shown =
    sources.length > MOST_SOURCES
      ? [...sources.slice(0, MOST_SOURCES - 1), `… ${sources.at(-1)} (${sources.length} tables)`]
      : sources
  const rows = columns.map(column => [
    `${column.name}${column.isKey ? ' *' : ''}`,
    column.type,
    shortened(originText(column.origin)),
    wayText(column),
  ])
  const out = leftOut.map(({ column, readBy }) =>
    readBy.length === 0 ? column : `${column} (read by ${readers(readBy)})`,
  )
  return [
    `  ${shown.join(', ')} -> ${target}`,
    `  ${WAYS[way]}`,
    '',
    indented(renderTextTable([['column', 'type', 'from', 'way'], ...rows]), 4),
    ...(out.length === 0 ? [] : ['', `    not in the target: ${out.join(', ')}`]),
  ].join('\n')
}

function shortened(text: string): string {
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text
}

/** Where a column's values come from, in a few words. */
export function originText(origin: ColumnOrigin): string {
  switch (origin.kind) {
    case 'column':
      return origin.cast === null ? origin.column : `${origin.column}, cast`
    case 'mask':
      return `${origin.column}, masked by ${origin.mask}`
    case 'computed':
      return origin.expression
    case 'constant':
      return `constant "${origin.text}"`
    case 'measure':
      return origin.keeps === null ? origin.measure : `${origin.measure}, the ${origin.keeps}`
    case 'softDelete':
      return origin.says === 'flag' ? '1 when it is deleted at the source' : 'when it was deleted at the source'
    case 'change':
      return origin.says
    case 'before':
      return `${origin.column}, before the change${origin.mask === null ? '' : `, masked by ${origin.mask}`}`
    case 'added':
      return `added by ${origin.by}`
  }
}

/** How a column's values get into loads, and why. */
export function wayText({ way, origin, reads, readBy }: ColumnReport): string {
  if (way === 'fixed') return 'the same in every row'
  if (way === 'bytes') {
    if (origin.kind === 'change') return 'position of the change'
    if (origin.kind === 'measure') return reads.length === 0 ? 'rows are counted' : 'summed from bytes'
    return readBy.length === 0 ? 'copied as bytes' : `copied as bytes; decoded for ${readBy.join(', ')}`
  }
  if (origin.kind === 'added') return 'made by it'
  const isShown = readBy.includes('transform')
  if (isShown && origin.kind === 'column') return `read by ${readers(readBy)}`
  const read = reads.length === 0 ? 'nothing is read' : `decoded: ${reads.join(', ')}`
  const isMasked = origin.kind === 'mask' || (origin.kind === 'before' && origin.mask !== null)
  const decoded = isMasked && reads.length > 0 ? 'decoded: masked' : read
  return isShown ? `${decoded}; read by the module` : decoded
}

/** Keys of a rule as what they stand for. */
function readers(keys: readonly string[]): string {
  return keys.map(key => READERS[key] ?? key).join(', ')
}

/** A target with the statement that makes it, or what mends it. */
export function renderTarget({ target, state, statement, differences }: TargetReport): string {
  const says = {
    missing: 'is not there; it is made by:',
    exists: differences.length === 0 ? 'is there, and fits.' : 'is there, and differs:',
    unknown: 'was not looked at; where it is missing it is made by:',
  }[state ?? 'unknown']
  const body =
    state === 'exists' ? differences.map(renderFinding).join('\n') : statement === null ? '' : `${statement};`
  return [`  ${target} ${says}`, ...(body === '' ? [] : [indented(body, 4)])].join('\n')
}

/** Each line of a text, further to the right; empty ones stay empty. */
export function indented(text: string, by: number): string {
  return text.replace(/^(?=.)/gm, ' '.repeat(by))
}
