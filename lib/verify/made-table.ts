import { asFailure, type FailureKind } from '../model/failure.js'
import { type TargetTable, tableName } from '../model/schema.js'
import { keyObjection } from '../mysql/snapshot/key-range.js'
import type { CopyRoutes } from '../rules/copy-routes.js'
import type { PlannedSource, PlannedTarget } from '../schema-plan.js'
import { parseTargetType } from '../starrocks/target-type.js'
import { AskedRow } from './asked-row.js'
import { type ComparedTable, plainRows, unkeyedReason } from './compared-table.js'
import { planMadeColumns } from './made-columns.js'
import { MadeRows } from './made-rows.js'
import { MadeSide } from './made-side.js'
import { tolerated } from './rule-promise.js'
import { sourceText } from './source-literal.js'
import { TableSide } from './table-side.js'
import type { MadeReader, VerifyParts, VerifyTableOptions } from './verify-parts.js'
import type { WrittenColumn } from './written-column.js'

/** A target whose rows no SQL of the source tells. */
export interface MadeTable {
  readonly table: ComparedTable
  readonly side: MadeSide
  /** Why its rows cannot be asked for again by their keys; null: they can. */
  readonly unaskable: string | null
}

/** Why a target is not compared. */
export interface Uncompared {
  readonly state: 'ignored' | 'pending'
  readonly reason: string
}

/** What a rule that cannot be carried out fails with; `check` and a start tell the same. */
const UNFIT: ReadonlySet<FailureKind> = new Set(['ruleInvalid', 'sourceUnfit', 'targetUnfit', 'notDecodable'])
const PAGE_ROWS = 5_000

/** A module makes rows of this target. */
export function isMade({ sources }: PlannedTarget): boolean {
  return sources.some(({ matched }) => matched.rule.shape.transform !== null)
}

/** Reads the source's rows here and makes of them what the stream would; nothing is read yet but the first rows. */
export async function openMade(
  parts: VerifyParts,
  planned: PlannedTarget,
  existing: TargetTable,
  options: VerifyTableOptions,
): Promise<MadeTable | Uncompared> {
  const passed = tolerated(planned)
  if (typeof passed === 'string') return { state: 'ignored', reason: passed }
  const uncut = planned.sources.find(({ table }) => keyObjection(table) !== null)
  if (uncut !== undefined)
    return {
      state: 'ignored',
      reason: `${tableName(uncut.table)} is read in the order of its key, and ${keyObjection(uncut.table)}`,
    }
  const { columns, ignored } = planMadeColumns(planned.sources, existing)
  const unkeyed = planned.sources[0].plan.key.find(
    name => !columns.some(({ column }) => column.name === name && !column.fetched),
  )
  if (unkeyed !== undefined)
    return {
      state: 'ignored',
      reason: unkeyedReason(
        unkeyed,
        columns.map(({ column }) => column),
        ignored,
      ),
    }
  const routes: CopyRoutes[] = []
  try {
    for (const source of planned.sources) routes.push(await parts.routes(source, existing))
  } catch (error) {
    const failure = asFailure(error)
    if (!UNFIT.has(failure.kind)) throw error
    return { state: 'pending', reason: failure.message }
  }
  const readers = planned.sources.map(({ table }, n) => parts.reader(table, routes[n]!.expressions, options.signal))
  const assembly = new Assembly(parts, planned, existing, options, { routes, readers, tolerated: passed })
  try {
    const whole = assembly.with(columns, ignored)
    const unsure = await whole.side.uncertain()
    if (unsure.size === 0) return whole
    const kept = columns.filter((_, n) => !unsure.has(n))
    return assembly.with(kept, { ...ignored, ...unsureReasons(columns, unsure) })
  } catch (error) {
    for (const reader of readers) await reader.close()
    throw error
  }
}

/** Columns that say nothing, by name, with the reason. */
export function unsureReasons(
  columns: readonly Pick<WrittenColumn, 'column'>[],
  unsure: ReadonlySet<number>,
): Record<string, string> {
  const names = [...unsure].map(n => columns[n]!.column.name)
  return Object.fromEntries(
    names.map(name => [name, 'its values are of a change (its time, place or kind), not of the row']),
  )
}

interface AssemblyParts {
  readonly routes: readonly CopyRoutes[]
  readonly readers: readonly MadeReader[]
  readonly tolerated: ComparedTable['tolerated']
}

class Assembly {
  readonly #now = Date.now()

  constructor(
    readonly parts: VerifyParts,
    readonly planned: PlannedTarget,
    readonly existing: TargetTable,
    readonly options: VerifyTableOptions,
    readonly made: AssemblyParts,
  ) {}

  with(columns: readonly WrittenColumn[], ignored: Readonly<Record<string, string>>): MadeTable {
    const { parts, planned, existing, options, made } = this
    const compared = columns.map(({ column }) => column)
    const key = planned.sources[0].plan.key.map(name => compared.findIndex(column => column.name === name))
    const table = this.#table({ columns: compared, key, ignored, tolerated: made.tolerated })
    const ranges = new TableSide(table, 'source', parts.source)
    const isDocument = ({ type }: TargetTable['columns'][number]) => parseTargetType(type).base === 'json'
    const documents = new Set(existing.columns.filter(isDocument).map(({ name }) => name.toLowerCase()))
    const sources = planned.sources.map((_, n) => {
      const { routes } = made.routes[n]!
      return {
        reader: made.readers[n]!,
        keys: made.routes[n]!,
        rows: new MadeRows({ columns, key }, new AskedRow(routes[0]!, documents, this.#now)),
        ownKey: table.sources[n]!.ownKey,
        isOwner: table.sources[n]!.isOwner,
      }
    })
    const side = new MadeSide(sources, {
      pageRows: Math.min(PAGE_ROWS, options.chunkRows),
      read: async rows => options.read?.(rows),
      bound: (range, offset) => ranges.bound(range, offset),
      signal: options.signal,
    })
    return { table, side, unaskable: unaskable(planned) }
  }

  #table(table: Omit<ComparedTable, 'sources' | 'target'>): ComparedTable {
    const { planned, existing } = this
    const texts = planned.sources.map(({ plan }) =>
      table.columns.map(({ name }) => {
        const constant = plan.constants.find(one => one.name === name)
        return constant === undefined ? 'NULL' : sourceText(constant.text)
      }),
    )
    const rows = plainRows(
      planned,
      existing,
      table,
      texts,
      planned.sources.map(() => null),
    )
    const isRanged = planned.sources.every(keepsKey)
    const sources = rows.sources.map((source, n) => ({
      ...source,
      ranged: isRanged ? source.ranged : [],
      ownKey: keepsKey(planned.sources[n]!) ? source.ownKey : null,
    }))
    return { ...table, sources, target: { ...rows.target, ranged: isRanged ? rows.target.ranged : [] } }
  }
}

/** A row of the target has the key of the row that it is made of. */
function keepsKey({ table, plan, matched }: PlannedSource): boolean {
  const { transformKey, mask } = matched.rule.shape
  const targetOf = (name: string) => plan.targets[table.columns.findIndex(column => column.name === name)]
  return transformKey.length === 0 && table.key.every((name, n) => !mask.has(name) && targetOf(name) === plan.key[n])
}

function unaskable({ sources }: PlannedTarget): string | null {
  const [other] = sources.filter(source => !keepsKey(source))
  if (other === undefined) return null
  const why =
    other.matched.rule.shape.transformKey.length > 0
      ? 'rows with a transform_key cannot be asked for by their keys'
      : 'a masked key does not tell which row of the source it is'
  return `${why}: copy the table again (mysql-sr-sync recopy ${tableName(other.table)} --truncate)`
}
