import type { Body } from './body.js'
import type { Collapsed, OpenBody } from './epoch.js'
import { keyComparison } from './key-fields.js'
import type { Route } from './route.js'
import { RowMarks } from './row-marks.js'

/** A body is collapsed when at least one of so many rows is replaced by a later one: see docs/decisions/0014-collapse.md. */
const ROWS_PER_REPEAT = 5
/** In smaller bodies there is nothing to be saved: a load costs far more than its rows there. */
export const COLLAPSE_FROM = 64
/** Entries of the table that is kept from body to body. */
const KEPT_ENTRIES = 65_536

/**
 * Notes for the rows of a new body, when a later row of a key there leaves nothing of an earlier one. Not so where each
 * change is a row or adds to sums, and where a load's own condition decides which row of a key wins.
 * `fewest`: see `RowMarks`; Infinity: no body is ever collapsed.
 */
export function marksFor(route: Route, fewest: number): RowMarks | null {
  const { mode, target, semantics } = route
  const lastWins = mode === 'upsert' && target.model === 'primary' && (semantics?.mergeCondition ?? null) === null
  return lastWins && fewest < Number.POSITIVE_INFINITY ? new RowMarks(fewest) : null
}

/**
 * The body without the rows that later ones of their keys replace, in the same order; the body itself where too few are. Equal
 * rows give equal bodies, behind a crash too: nothing is decided by what was seen before. Keys are equal when their bytes in
 * the body are. To be called once, when no more rows come.
 */
export function collapse(open: OpenBody): OpenBody {
  const { body, marks, partial, trace } = open
  if (marks === null || body.rows < marks.fewest) return open
  const later = laterRows(marks, body.rows)
  const sameKey = later === null ? null : keyComparison(open.json, open.columns, open.route)
  if (later === null || sameKey === null) return open
  const rows = new RowBounds(body, marks)
  const dropped = new Uint8Array(marks.rows)
  let drops = 0
  for (let row = 0; row < marks.rows; row++) {
    const other = later[row]! - 1
    // A partial row does not bring back what a delete before it took away.
    const replaces = other >= 0 && !(partial && marks.deletes(row) && !marks.deletes(other))
    if (!replaces) continue
    const [one, two] = [rows.bytesOf(row), rows.bytesOf(other)]
    if (!sameKey(one, rows.start(row), rows.end(row), two, rows.start(other), rows.end(other))) continue
    dropped[row] = 1
    drops++
  }
  if (drops === 0) return open
  const before = body.rows - marks.rows
  const kept = keepOthers(body, before, rows, dropped)
  const collapsed: Collapsed = {
    bySource: marks.countBySource(dropped),
    rows: body.rows,
    rowBytes: body.rowBytes,
    whole: trace === null ? null : { body, kept: ordinalsOf(before, dropped) },
  }
  if (trace === null) body.release()
  return { ...open, body: kept, marks: null, collapsed }
}

const table = new Int32Array(KEPT_ENTRIES)
const laterOnes = new Int32Array(KEPT_ENTRIES / 2)

/**
 * For each noted row one plus the ordinal of the last row with its hash, 0 for that one itself; null when so few of `all` rows
 * have a later one that leaving them out does not pay. Valid until the next call.
 */
function laterRows(marks: RowMarks, all: number): Int32Array | null {
  const { rows } = marks
  if (rows * ROWS_PER_REPEAT < all) return null
  const bits = 32 - Math.clz32(2 * rows - 1)
  const entries = 2 ** bits
  const last = entries <= KEPT_ENTRIES ? table.fill(0, 0, entries) : new Int32Array(entries)
  const later = rows <= laterOnes.length ? laterOnes : new Int32Array(rows)
  const mask = entries - 1
  let repeats = 0
  for (let row = rows - 1; row >= 0; row--) {
    const hash = marks.hash(row)
    // The rows of a lane have hashes with something in common, so not their lowest bits alone say where to look.
    let at = Math.imul(hash, 0x9e3779b1) >>> (32 - bits)
    let found = last[at]!
    while (found !== 0 && marks.hash(found - 1) !== hash) {
      at = (at + 1) & mask
      found = last[at]!
    }
    if (found === 0) last[at] = row + 1
    else repeats++
    later[row] = found
  }
  return repeats * ROWS_PER_REPEAT < all ? null : later
}

/** Where the noted rows stand in the pieces of their body. */
class RowBounds {
  readonly pieces: readonly Buffer[]
  readonly #marks: RowMarks
  readonly #pieceOf: Int32Array

  constructor(body: Body, marks: RowMarks) {
    this.pieces = body.filled
    this.#marks = marks
    this.#pieceOf = new Int32Array(marks.rows)
    let piece = this.pieces.length
    for (let row = marks.rows - 1; row >= 0; row--) {
      if (row === marks.rows - 1 || marks.start(row + 1) === 0) piece--
      this.#pieceOf[row] = piece
    }
  }

  pieceOf(row: number): number {
    return this.#pieceOf[row]!
  }

  bytesOf(row: number): Buffer {
    return this.pieces[this.#pieceOf[row]!]!
  }

  start(row: number): number {
    return this.#marks.start(row)
  }

  end(row: number): number {
    const next = row + 1 < this.#marks.rows ? this.#marks.start(row + 1) : 0
    return next === 0 ? this.bytesOf(row).length : next
  }
}

/** Rows that stand side by side are copied at once; the `before` of which there are no notes stay. */
function keepOthers(body: Body, before: number, rows: RowBounds, dropped: Uint8Array): Body {
  const kept = body.another()
  if (before > 0) {
    const last = rows.pieceOf(0)
    for (let piece = 0; piece <= last; piece++) {
      const end = piece < last ? rows.pieces[piece]!.length : rows.start(0)
      // All are counted with the first piece.
      if (end > 0) kept.addRows(rows.pieces[piece]!, 0, end, piece === 0 ? before : 0)
    }
  }
  for (let row = 0; row < dropped.length; ) {
    if (dropped[row] !== 0) {
      row++
      continue
    }
    const first = row
    const piece = rows.pieceOf(first)
    while (++row < dropped.length && dropped[row] === 0 && rows.pieceOf(row) === piece);
    kept.addRows(rows.pieces[piece]!, rows.start(first), rows.end(row - 1), row - first)
  }
  return kept
}

function ordinalsOf(before: number, dropped: Uint8Array): number[] {
  const kept = Array.from({ length: before }, (_, row) => row)
  for (let row = 0; row < dropped.length; row++) if (dropped[row] === 0) kept.push(before + row)
  return kept
}
