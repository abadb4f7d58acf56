import { LoadTrace, RowTrace, TracedEvent } from '../../lib/dispatch/row-trace.js'
import type { Load } from '../../lib/dispatch/sink.js'
import type { TargetTable } from '../../lib/model/schema.js'

export interface TracedChange {
  readonly key: string
  readonly value: string
  /** Offset of the transaction the change is in. */
  readonly binPos: number
  readonly deletes?: boolean
  readonly source?: string
}

export const TARGET: TargetTable = { database: 'd', table: 't', model: 'primary', columns: [], key: ['k'] }

/** Key hashes of these loads: few, so that keys share them. */
const hashOf = (key: string): number => key.length % 3

/** A load of one row per change with its trace, in two bodies where there are enough; images are one byte, the value's length. */
export function tracedLoad(changes: readonly TracedChange[], format: 'csv' | 'json' = 'csv') {
  const rows = changes.map(({ key, value, deletes }) => {
    const op = deletes ? '1' : '0'
    return format === 'csv' ? `${key}\x01${value}\x01${op}\x02` : JSON.stringify({ k: key, v: value, __op: op })
  })
  const body = [Buffer.from(format === 'csv' ? rows.join('') : `[${rows.join(',')}]`)]
  const traces = [new RowTrace(), new RowTrace()]
  changes.forEach(({ key, value, binPos, deletes, source }, i) => {
    const op = deletes ? 'delete' : 'insert'
    const images = { op, buffer: Buffer.from([value.length]), at: 0, end: 1 } as const
    const place = { binName: 'b.000001', binPos, event: 0 }
    const event = new TracedEvent(images, place, binPos, source ?? 's.t', (buffer, at) => `{"length":${buffer[at]}}`)
    const trace = traces[i < changes.length / 2 ? 0 : 1]!
    // The same however the changes are cut into loads.
    const row = changes.slice(0, i).filter(earlier => earlier.binPos === binPos).length
    trace.note(event, 'rule', row, deletes === true, deletes ? 0 : -1, deletes ? -1 : 0, hashOf(key))
    event.release()
  })
  const load: Load = {
    label: 'l',
    target: TARGET,
    format,
    columns: format === 'csv' ? '`k`,`v`,__op' : '`k`,`v`',
    body,
    bytes: body[0]!.length,
    rows: rows.length,
    columnSeparator: '\\x01',
    rowDelimiter: '\\x02',
  }
  return { load, trace: new LoadTrace(traces), mode: 'upsert' as const }
}

/** The rows of a body as text: key, value, op. */
export function readRows({ format, body }: Pick<Load, 'format' | 'body'>): [key: string, value: string, op: string][] {
  const text = Buffer.concat(body).toString()
  if (format === 'json')
    return (JSON.parse(text) as { k: string; v: string; __op: string }[]).map(row => [row.k, row.v, row.__op])
  return text
    .split('\x02')
    .slice(0, -1)
    .map(row => row.split('\x01') as [string, string, string])
}
