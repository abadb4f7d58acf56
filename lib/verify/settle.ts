import { setTimeout as sleep } from 'node:timers/promises'
import type { Position } from '../model/position.js'
import type { ComparedTable } from './compared-table.js'
import { differingColumns, keyId, type Suspect } from './row-match.js'
import type { KeyTexts } from './side-queries.js'
import { type VisibleUpTo, waitForVisible } from './stream-place.js'
import type { RowTexts } from './table-side.js'
import type { WalkSides } from './table-walk.js'
import type { SuspectKind } from './verdict.js'

/** A key whose row is not the same although the stream has passed what the source had. */
export interface Difference {
  readonly key: KeyTexts
  readonly kind: SuspectKind
  /** Target names of the columns that differ, for `changed`. */
  readonly columns: readonly string[]
  /** Which source table has the row; the first one where none has it. */
  readonly source: number
}

export interface Settled {
  readonly differences: readonly Difference[]
  readonly pending: readonly Suspect[]
  /** Why they could not be settled; null when none is pending. */
  readonly why: string | null
}

export interface SettleParts {
  readonly table: ComparedTable
  readonly sides: WalkSides
  /** The end of the source's binlog now. */
  readonly head: () => Promise<Position>
  readonly place: VisibleUpTo
  /** Longest wait for the stream to get there. */
  readonly waitMs: number
  readonly signal: AbortSignal
}

const ROUNDS = 12
const FIRST_PAUSE_MS = 25
const MAX_PAUSE_MS = 2_000

/**
 * Looks at suspects again until each is the same on both sides, or differs for good. The source's row is read, then the end
 * of its binlog, then, when the stream has made all of that visible, the target's row, then the source's once more: the
 * target's row is to be one of these two, and one that is neither, while they are the same, differs. Two rounds must say so, with the same rows on both sides:
 * a value that came back in between deceives one round, and so does a commit that the stream sees before a SELECT does.
 */
export async function settle(parts: SettleParts, suspects: readonly Suspect[]): Promise<Settled> {
  const { table, sides, signal } = parts
  const differences: Difference[] = []
  const seen = new Map<string, string>()
  let open = suspects
  for (let round = 0; round < ROUNDS && open.length > 0; round++) {
    const before = await look(sides.source, open)
    const why = await waitForVisible(parts.place, await parts.head(), parts.waitMs, signal)
    if (why !== null) return { differences, pending: open, why }
    const theirs = await look(sides.target, open)
    const unequal = open.filter(({ key }) => !isEqual(table, before.get(keyId(key)), theirs.get(keyId(key))))
    const after = await look(sides.source, unequal)
    let moved = false
    open = unequal.flatMap(({ key }) => {
      const id = keyId(key)
      const [first, second, other] = [before.get(id), after.get(id), theirs.get(id)]
      if (isEqual(table, second, other)) return []
      const kind: SuspectKind = first === undefined ? 'extra' : other === undefined ? 'missing' : 'changed'
      const rows = signature(first, other)
      if (signature(second, other) === rows && seen.get(id) === rows) {
        const columns = first !== undefined && other !== undefined ? differingColumns(table, first, other) : []
        differences.push({ key, kind, columns, source: first?.source ?? 0 })
        return []
      }
      if (seen.has(id)) moved = true
      seen.set(id, rows)
      return [{ key, kind }]
    })
    if (moved) await sleep(Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** round), undefined, { signal })
  }
  return {
    differences,
    pending: open,
    why: open.length === 0 ? null : 'these rows kept changing while they were looked at',
  }
}

/** Rows by key, with the texts of all columns. A case-insensitive source may give a row of another key: it is no match. */
async function look(side: WalkSides['source'], suspects: readonly Suspect[]): Promise<Map<string, RowTexts>> {
  const rows = new Map<string, RowTexts>()
  for (let at = 0; at < suspects.length; at += side.keysAtOnce) {
    const keys = suspects.slice(at, at + side.keysAtOnce).map(({ key }) => key)
    for (const row of await side.rows({ by: 'keys', keys }, true)) rows.set(keyId(row.key), row)
  }
  return rows
}

/** By the meaning of every column: digests may differ where two versions print one value in two ways. */
function isEqual(table: ComparedTable, source: RowTexts | undefined, target: RowTexts | undefined): boolean {
  if (source === undefined || target === undefined) return source === target
  return differingColumns(table, source, target).length === 0
}

function signature(source: RowTexts | undefined, target: RowTexts | undefined): string {
  return JSON.stringify([source && [...source.texts], target && [...target.texts]])
}
