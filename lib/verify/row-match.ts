import { GEOMETRY_EXTRA, GEOMETRY_RATIO, writeGeometry } from '../binlog/write-geometry.js'
import { VECTOR_EXTRA, VECTOR_RATIO, writeVector } from '../binlog/write-vector.js'
import { asFailure } from '../model/failure.js'
import { canonicalValue } from './canonical-value.js'
import type { ComparedColumn } from './compared-columns.js'
import type { ComparedTable } from './compared-table.js'
import type { KeyTexts } from './side-queries.js'
import type { RowTexts } from './table-side.js'
import type { SuspectKind } from './verdict.js'

/** A key whose row is not the same on both sides, when it was looked at. */
export interface Suspect {
  readonly key: KeyTexts
  readonly kind: SuspectKind
}

/** One text for a key, to find it again among others. */
export function keyId(key: KeyTexts): string {
  return JSON.stringify(key)
}

/** The keys that one side alone has, or whose rows differ. A key that several source tables have is compared with the last of them. */
export function matchRows(table: ComparedTable, source: readonly RowTexts[], target: readonly RowTexts[]): Suspect[] {
  const suspects: Suspect[] = []
  const theirs = new Map(target.map(row => [keyId(row.key), row]))
  const ours = new Map(source.map(row => [keyId(row.key), row]))
  for (const [id, row] of ours) {
    const other = theirs.get(id)
    if (other === undefined) suspects.push({ key: row.key, kind: 'missing' })
    else if (!isSameRow(table, row, other)) suspects.push({ key: row.key, kind: 'changed' })
  }
  for (const [id, row] of theirs) if (!ours.has(id)) suspects.push({ key: row.key, kind: 'extra' })
  return suspects
}

function isSameRow(table: ComparedTable, source: RowTexts, target: RowTexts): boolean {
  return (
    source.digest !== null &&
    source.digest === target.digest &&
    differingColumns(table, source, target, true).length === 0
  )
}

/** Target names of the columns whose texts do not mean the same value; `fetched`: only of those that a digest says nothing of. */
export function differingColumns(table: ComparedTable, source: RowTexts, target: RowTexts, fetched = false): string[] {
  return table.columns.flatMap((column, n) => {
    if ((fetched && !column.fetched) || source.uncertain?.has(n) === true) return []
    const [ours, theirs] = [source.texts.get(n) ?? null, target.texts.get(n) ?? null]
    return isSameValue(column, ours, theirs) ? [] : [column.name]
  })
}

function isSameValue(column: ComparedColumn, source: string | null, target: string | null): boolean {
  // A document that is nothing but null becomes NULL in a load.
  if (column.kind === 'json' && source === 'null' && target === null) return true
  if (source === null || target === null) return source === target
  if (column.hash !== undefined) return column.hash.hash(Buffer.from(source, 'hex')) === target
  switch (column.kind) {
    case 'geometry':
      return written(source, writeGeometry, GEOMETRY_RATIO, GEOMETRY_EXTRA) === target
    case 'vector':
      return written(source, writeVector, VECTOR_RATIO, VECTOR_EXTRA) === target
    default:
      return source === target || canonicalValue(column.kind, source) === canonicalValue(column.kind, target)
  }
}

/** The text that the stream writes for the bytes of a shape or vector, which come in base64. */
function written(base64: string, write: typeof writeGeometry, ratio: number, extra: number): string {
  const bytes = Buffer.from(base64, 'base64')
  const room = Buffer.allocUnsafe(bytes.length * ratio + extra)
  try {
    return room.toString('utf8', 0, write(bytes, 0, bytes.length, room, 0))
  } catch (error) {
    // Bytes that are no shape stop the stream; here they are a value that equals none.
    return `\u0000${asFailure(error).message}`
  }
}
