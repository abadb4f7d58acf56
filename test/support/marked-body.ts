import { Body } from '../../lib/dispatch/body.js'
import { ChunkPool } from '../../lib/dispatch/chunk-pool.js'
import { collapse } from '../../lib/dispatch/collapse.js'
import type { OpenBody } from '../../lib/dispatch/epoch.js'
import { RowMarks } from '../../lib/dispatch/row-marks.js'
import { toyRoute } from './toy-route.js'

/** A row as its fields stand in a body: texts by column, `__op` among them. */
export type BodyRow = Readonly<Record<string, string>>

export interface BodyForm {
  readonly columns: readonly string[]
  readonly key: readonly string[]
  readonly json?: boolean
  readonly partial?: boolean
  readonly separator?: string
  readonly delimiter?: string
  /** Hash of the key texts; absent: one that tells all keys apart that a test has. */
  readonly hash?: (key: readonly string[]) => number
  readonly sources?: (row: number) => string
  /** Bytes that each row is said to need at most. */
  readonly room?: number
  /** The first row that is noted; 0 when absent. */
  readonly notedFrom?: number
  /** The header, where it is more than the columns. */
  readonly header?: string
}

const US_ASCII = { separator: '\x01', delimiter: '\x02' }

/** What a body of these rows becomes; its text comes back with it. */
export function collapsed(
  rows: readonly BodyRow[],
  form: BodyForm,
): { readonly open: OpenBody; readonly rows: BodyRow[] } {
  const open = collapse(markedBody(rows, form))
  return { open, rows: readBody(open.body, form) }
}

export function markedBody(rows: readonly BodyRow[], form: BodyForm): OpenBody {
  const { columns, key, json = false, separator = US_ASCII.separator, delimiter = US_ASCII.delimiter } = form
  const body = new Body(new ChunkPool(), json)
  const marks = new RowMarks(2)
  rows.forEach((row, i) => {
    const fields = columns.map(name => row[name]!)
    const text = json
      ? `{${columns.map((name, c) => `${JSON.stringify(name)}:${fields[c]}`).join(',')}}`
      : fields.join(separator) + delimiter
    body.reserve(Math.max(form.room ?? 0, Buffer.byteLength(text) + 1))
    const at = body.rowStart()
    const hash = (form.hash ?? hashOf)(key.map(name => row[name]!))
    if (i >= (form.notedFrom ?? 0)) marks.add(hash, body.at, unquoted(row.__op) === '1', form.sources?.(i) ?? 's.t')
    body.addRow(at + body.chunk.write(text, at))
  })
  const target = { database: 'd', table: 't', model: 'primary', columns: [], key } as const
  const route = { ...toyRoute(target), columnSeparator: hex(separator), rowDelimiter: hex(delimiter) }
  const header = form.header ?? columns.map(name => `\`${name}\``).join(',')
  const partial = form.partial ?? false
  return { body, json, columns: header, partial, route, trace: null, marks, next: null, keys: null }
}

/** The rows of a body; throws where it is no whole body. */
export function readBody(body: Body, { columns, json = false, separator, delimiter }: BodyForm): BodyRow[] {
  const text = Buffer.concat(body.pieces()).toString()
  if (Buffer.byteLength(text) !== body.bytes) throw new Error(`${body.bytes} bytes were promised`)
  const rows: BodyRow[] = json ? jsonRows(text) : csvRows(text)
  if (rows.length !== body.rows) throw new Error(`${body.rows} rows were promised`)
  return rows

  function csvRows(all: string): BodyRow[] {
    const lines = all.split(delimiter ?? US_ASCII.delimiter)
    if (lines.pop() !== '') throw new Error('no delimiter at the end')
    return lines.map(line =>
      Object.fromEntries(line.split(separator ?? US_ASCII.separator).map((f, i) => [columns[i]!, f])),
    )
  }

  function jsonRows(all: string): BodyRow[] {
    return (JSON.parse(all) as Record<string, unknown>[]).map(row =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, JSON.stringify(value)])),
    )
  }
}

/** What the target holds behind these rows: later ones replace or delete earlier ones; keys by their texts. */
export function targetBehind(rows: readonly BodyRow[], key: readonly string[]): Map<string, BodyRow> {
  const target = new Map<string, BodyRow>()
  for (const row of rows) {
    const name = JSON.stringify(key.map(column => row[column]))
    if (unquoted(row.__op) === '1') target.delete(name)
    else target.set(name, row)
  }
  return target
}

function hashOf(key: readonly string[]): number {
  let hash = 0
  for (const c of JSON.stringify(key)) hash = (Math.imul(hash, 31) + c.codePointAt(0)!) >>> 0
  return hash
}

function unquoted(text: string | undefined): string | undefined {
  return text?.replaceAll('"', '')
}

function hex(text: string): string {
  return `\\x${Buffer.from(text).toString('hex')}`
}
