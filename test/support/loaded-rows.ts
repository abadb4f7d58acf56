import type { Load } from '../../lib/dispatch/sink.js'
import { type Rig, turn } from './dispatcher-rig.js'

/** A row of a CSV body by target column; NULL is null. */
export type LoadedRow = Readonly<Record<string, string | null>>

/** The rows of a CSV body of `shapedRouter`. */
function rowsOf({ body, columns, format }: Load): LoadedRow[] {
  if (format !== 'csv') throw new Error(`a body of ${format}`)
  const names = columns.replaceAll('`', '').split(',')
  const lines = Buffer.concat(body).toString().split('\x02').slice(0, -1)
  return lines.map(line => {
    const values = line.split('\x01')
    if (values.length !== names.length) throw new Error(`${values.length} fields for ${columns}`)
    return Object.fromEntries(names.map((name, i) => [name, values[i] === '\\N' ? null : values[i]!]))
  })
}

/** Lets all loads end and gives their rows, in the order in which the loads came. */
export async function takeLoaded(rig: Rig): Promise<LoadedRow[]> {
  const rows: LoadedRow[] = []
  for (await turn(); rig.sink.held.length > 0; await turn())
    for (const held of [...rig.sink.held]) {
      rows.push(...rowsOf(held.load))
      held.finish()
    }
  return rows
}
