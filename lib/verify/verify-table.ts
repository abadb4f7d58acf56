import type { KeyBound } from '../model/chunk.js'
import { asFailure, Failure } from '../model/failure.js'
import { type TargetTable, tableName, targetName } from '../model/schema.js'
import type { PlannedTarget } from '../schema-plan.js'
import { sourceNames } from './compared-table.js'
import { type Comparison, openComparison } from './comparison.js'
import { isOwnKey } from './fused-parts.js'
import { type RepairRequest, repairRequests } from './repair-requests.js'
import type { Suspect } from './row-match.js'
import { type Difference, type SettleParts, settle } from './settle.js'
import { walkTable } from './table-walk.js'
import { TooManyUnmade } from './unmade-rows.js'
import { stateOf, type TableVerdict, verdictOf } from './verdict.js'
import type { VerifyParts, VerifyTableOptions } from './verify-parts.js'

/** Has rows read again through the stream's ordered path; resolves when they have been admitted. `keys`: literals of the source. */
export type Repair = (request: RepairRequest) => Promise<void>

/** Suspects that are settled together. */
const SETTLED_TOGETHER = 20_000
/** A table with more differences is not a table with damages: it is copied again as a whole. */
const MAX_DIFFERENCES = 100_000
const SHOWN_KEYS = 20

/** Compares one target with its source tables while both move; with `repair`, mends what differs and looks again. */
export async function verifyTable(
  parts: VerifyParts,
  planned: PlannedTarget,
  existing: TargetTable,
  options: VerifyTableOptions,
  repair: Repair | null = null,
): Promise<TableVerdict> {
  const [source, target] = [sourceNames(planned), targetName(existing)]
  const comparison = await openComparison(parts, planned, existing, options)
  if ('reason' in comparison) return { ...verdictOf(source, target, comparison.state), reason: comparison.reason }
  try {
    return await verdictBy(comparison, parts, planned, { ...verdictOf(source, target, 'ok') }, options, repair)
  } finally {
    await comparison.close()
  }
}

async function verdictBy(
  comparison: Comparison,
  parts: VerifyParts,
  planned: PlannedTarget,
  empty: TableVerdict,
  options: VerifyTableOptions,
  repair: Repair | null,
): Promise<TableVerdict> {
  const { table } = comparison
  const found = await findDifferences(parts, comparison, options).catch(error => {
    const failure = asFailure(error)
    // A row of which an expression makes no value ends the SELECT, and has stopped the stream or waits among the dead letters.
    if (failure.kind !== 'sourceUnfit' || !computes(planned)) throw error
    return failure
  })
  if (found instanceof Failure)
    return {
      ...empty,
      state: 'pending',
      reason: `not compared, since the source cannot compute what the rule does: ${hidesValues(planned) ? 'its message may show masked values' : found.message}`,
    }
  const { differences } = found
  const count = (kind: Difference['kind']) => differences.filter(difference => difference.kind === kind).length
  const repaired =
    repair === null || differences.length === 0 ? null : await mend(parts, comparison, options, differences, repair)
  const left = repaired?.left ?? differences.length
  return {
    ...empty,
    state: stateOf(left, found.pending, found.isWhole),
    reason:
      [
        found.why,
        repaired?.why ?? null,
        repaired?.left ? (comparison.unaskable === null ? unmendable(planned) : null) : null,
      ]
        .filter(why => why !== null)
        .join('; ') || null,
    rows: found.rows,
    differs: count('changed'),
    missing: count('missing'),
    extra: count('extra'),
    repaired: differences.length - left,
    pending: found.pending,
    tolerated: found.tolerated,
    keys: differences.slice(0, SHOWN_KEYS).map(({ key, kind, columns }) => ({
      kind,
      key: Object.fromEntries(key.map((text, n) => [table.columns[table.key[n]!]!.name, text])),
      columns,
    })),
    ignored_columns: { ...table.ignored, ...comparison.unsure() },
  }
}

/**
 * Keys that the target has and no source table does, as literals of the source table with this name. Keys whose rows differ
 * otherwise are passed over. `why`: some could not be judged, since the stream did not get far enough.
 */
export async function findDeadKeys(
  parts: VerifyParts,
  planned: PlannedTarget,
  existing: TargetTable,
  options: VerifyTableOptions,
  source: string,
): Promise<{ readonly keys: readonly KeyBound[]; readonly why: string | null }> {
  const comparison = await openComparison(parts, planned, existing, options)
  // Where rows have keys, it must not go unsaid that some of them cannot be looked for.
  if ('reason' in comparison)
    return { keys: [], why: planned.sources[0].matched.rule.mode === 'upsert' ? comparison.reason : null }
  try {
    const own = comparison.table.sources.find(one => tableName(one.table) === source)
    if (own === undefined || own.keyLiterals === null) return { keys: [], why: null }
    const { ownKey } = own
    if (ownKey === null) return { keys: [], why: 'their key in the target is not the key of the table' }
    const { differences, why } = await findDifferences(parts, comparison, options, ({ kind }) => kind === 'extra')
    const gone = differences.filter(({ kind }) => kind === 'extra')
    return { keys: gone.flatMap(({ key }) => (own.isOwner(key) ? [ownKey(key)] : [])), why }
  } finally {
    await comparison.close()
  }
}

interface Found {
  readonly differences: readonly Difference[]
  readonly pending: number
  readonly tolerated: number
  readonly rows: number
  readonly why: string | null
  /** There were not too many differences: all of it was looked at. */
  readonly isWhole: boolean
}

class Enough extends Error {}

async function findDifferences(
  parts: VerifyParts,
  comparison: Comparison,
  options: VerifyTableOptions,
  wanted: (suspect: Suspect) => boolean = () => true,
): Promise<Found> {
  const { table, unmade } = comparison
  const settling = settleParts(parts, comparison, options)
  const differences: Difference[] = []
  let suspects: Suspect[] = []
  let [pending, passed, rows] = [0, 0, 0]
  const isTolerated = ({ kind }: Pick<Suspect, 'kind'>) => table.tolerated.has(kind)
  let why: string | null = null
  let isWhole = true
  // A row of which nothing is known may have made it.
  const isDoubtful = ({ kind }: Pick<Suspect, 'kind'>) => kind === 'extra' && unmade.size > 0
  const judge = async (): Promise<void> => {
    const settled = await settle(settling, suspects)
    suspects = []
    pending += settled.pending.length + settled.differences.filter(isDoubtful).length
    why = settled.why ?? why
    differences.push(...settled.differences.filter(difference => !isTolerated(difference) && !isDoubtful(difference)))
    passed += settled.differences.filter(isTolerated).length
    if (differences.length >= MAX_DIFFERENCES) throw new Enough()
  }
  try {
    await walkTable(table, settling.sides, options, async step => {
      rows += step.rows
      passed += step.suspects.filter(isTolerated).length
      const open = step.suspects.filter(suspect => wanted(suspect) && !isTolerated(suspect))
      pending += open.filter(isDoubtful).length
      suspects.push(...open.filter(suspect => !isDoubtful(suspect)))
      if (suspects.length >= SETTLED_TOGETHER) await judge()
      options.compared?.(step.rows)
      if (comparison.isPaced) await options.read?.(step.rows)
    })
    await judge()
    await comparison.lookAgain()
  } catch (error) {
    if (error instanceof TooManyUnmade) why = `looked at no further after ${unmade.size} such rows`
    else if (error instanceof Enough)
      why = `looked at no further after ${differences.length} differences: copy the table again, or look again behind a repair`
    else throw error
    isWhole = false
  }
  pending += unmade.size
  why = [unmade.reason, why].filter(said => said !== null).join('; ') || null
  return { differences, pending, tolerated: passed, rows, why, isWhole }
}

function settleParts(parts: VerifyParts, { table, sides }: Comparison, options: VerifyTableOptions): SettleParts {
  const { head, place } = parts
  const { waitMs, signal } = options
  return { table, sides, head, place, waitMs, signal }
}

/** How many still differ after they were read again, and why no more could be done. */
async function mend(
  parts: VerifyParts,
  comparison: Comparison,
  options: VerifyTableOptions,
  differences: readonly Difference[],
  repair: Repair,
): Promise<{ readonly left: number; readonly why: string | null }> {
  const { table, unaskable } = comparison
  if (unaskable !== null) return { left: differences.length, why: unaskable }
  if (table.sources.some(({ keyLiterals }) => keyLiterals === null))
    return { left: differences.length, why: 'sums and counts cannot be mended by their keys: copy the table again' }
  for (const request of await repairRequests(parts.source, table, differences)) await repair(request)
  try {
    const again = await settle(settleParts(parts, comparison, options), differences)
    return { left: again.differences.length + again.pending.length, why: again.why }
  } catch (error) {
    if (!(error instanceof TooManyUnmade)) throw error
    return { left: differences.length, why: comparison.unmade.reason }
  }
}

function computes({ sources }: PlannedTarget): boolean {
  return sources.some(
    ({ matched: { rule } }) => rule.shape.where !== null || rule.shape.computed.size > 0 || rule.mode === 'aggregate',
  )
}

/** An error of the server names the value that it stumbles over. */
function hidesValues({ sources }: PlannedTarget): boolean {
  return sources.some(({ matched: { rule } }) => rule.shape.mask.size > 0)
}

/** Why rows may stay as they are when they are read again. */
function unmendable({ sources }: PlannedTarget): string | null {
  const shapes = sources.map(({ matched }) => matched.rule.shape)
  if (shapes.some(({ operations }) => !operations.includes('insert')))
    return 'rows that are read again count as inserts, which the rule passes over'
  if (sources.some(source => !isOwnKey(source)))
    return 'a row that the source has no more is not asked for by the key that it has in the target: set its columns to NULL by hand'
  if (shapes.some(({ onDelete }) => onDelete === 'soft'))
    return 'what a row was that the source has no more is not known, so it is not marked as deleted'
  return null
}
