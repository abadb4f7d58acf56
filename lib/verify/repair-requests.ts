import type { KeyBound } from '../model/chunk.js'
import { writtenText } from '../starrocks/compared-text.js'
import type { ComparedSource, ComparedTable } from './compared-table.js'
import type { Difference } from './settle.js'
import type { KeyTexts } from './side-queries.js'
import { quoteName, sourceLiteral } from './source-literal.js'
import type { Ask } from './table-side.js'

export interface RepairRequest {
  readonly schema: string
  readonly table: string
  readonly keys: readonly KeyBound[]
}

const KEYS_PER_QUERY = 200

/** For each source table the keys that are to be read from it again: those of its rows, and those of no table's that may be its. */
export async function repairRequests(
  ask: Ask,
  table: ComparedTable,
  differences: readonly Difference[],
): Promise<RepairRequest[]> {
  const requests: RepairRequest[] = []
  for (const [n, source] of table.sources.entries()) {
    const { ownKey } = source
    const mine = differences.filter(({ key, kind, source: found }) =>
      kind === 'extra' ? table.sources.findIndex(one => one.isOwner(key)) === n : found === n,
    )
    const wanted = mine.map(({ key }) => key)
    const keys = ownKey === null ? await foundKeys(ask, source, wanted) : wanted.map(ownKey)
    if (keys.length > 0) requests.push({ schema: source.table.schema, table: source.table.table, keys })
  }
  return requests
}

/** The table's own keys of the rows that it has for keys of the target that are made of other columns. */
async function foundKeys(ask: Ask, source: ComparedSource, wanted: readonly KeyTexts[]): Promise<KeyBound[]> {
  const { table, from, keyNames, keyLiterals } = source
  if (keyLiterals === null) return []
  const own = table.key.map(name => table.columns.find(column => column.name === name)!)
  const list = own.map((column, n) => `${writtenText(column, quoteName(column.name))} AS k${n}`)
  const keys: KeyBound[] = []
  for (let at = 0; at < wanted.length; at += KEYS_PER_QUERY) {
    const conditions = wanted.slice(at, at + KEYS_PER_QUERY).map(key => {
      const literals = keyLiterals(key)
      return `(${keyNames.map((name, n) => `${name} = ${literals[n]}`).join(' AND ')})`
    })
    const rows = await ask(`SELECT ${list.join(', ')} FROM ${from} WHERE ${conditions.join(' OR ')}`)
    keys.push(...rows.map(row => own.map((column, n) => sourceLiteral(column, row[`k${n}`] ?? ''))))
  }
  return keys
}
