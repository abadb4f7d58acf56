import type { Config } from '../config/options.js'
import { CHANGE_COLUMNS } from '../model/change-columns.js'
import { asFailure } from '../model/failure.js'
import type { Position } from '../model/position.js'
import { type SourceColumn, type TableSchema, type TargetTable, tableName } from '../model/schema.js'
import type { Zone } from '../model/zone.js'
import type { SourceAddress } from '../mysql/session.js'
import { decodedValue, type EncodedValue, readFirstRows } from '../mysql/snapshot/first-rows.js'
import { quoteName } from '../mysql/snapshot/key-range.js'
import { ruleRoutes } from '../rule-routes.js'
import { loadDirectly } from '../rule-test/direct-load.js'
import { rowsOf } from '../rule-test/target-rows.js'
import type { CopyRoutes } from '../rules/copy-routes.js'
import type { PlannedSource } from '../schema-plan.js'
import { snapshotExpression } from '../starrocks/type-map.js'
import type { SampleReport, ShownRow } from './report.js'

/** A table's way into a target, of which rows are to be shown. */
export interface SampledWay {
  readonly config: Config
  readonly planned: PlannedSource
  /** As it is, or as it would be made. */
  readonly target: TargetTable
  /** Columns of the source whose values are not shown, besides those that the rule masks. */
  readonly hidden: readonly string[]
  /** Columns of the target of which the same holds. */
  readonly hiddenInTarget: readonly string[]
}

export interface Samples {
  readonly samples: readonly SampleReport[]
  /** Why there are none; null where the table has been asked. */
  readonly problem: string | null
}

export interface SampleOptions {
  /** At most so many of each table. */
  readonly rows: number
  /** Where rows are read, with `time_zone` of sync.toml and the zone it stands for. */
  readonly address: SourceAddress
  readonly timeZone: string
  readonly zone: Zone
  readonly mariadb: boolean
  /** Where the binlog stands: rows are shown as if they were copied here. */
  readonly head: Position
}

const HIDDEN = '***'
const HIDDEN_WHY = 'it cannot be written; why is not shown, since a column is masked'
/** Columns of a table of changes that say nothing of a row. */
const UNSHOWN: ReadonlySet<string> = new Set(CHANGE_COLUMNS.map(({ name }) => name))

interface Prepared {
  readonly way: SampledWay
  readonly routes: CopyRoutes
}

/**
 * The first rows of the ways' tables, and what is written of each: by the routes of a copy, as JSON, into memory. Ways of one table
 * see the same rows. The result has one entry for each way. Rejects where the source cannot be read.
 */
export async function sampleRows(ways: readonly SampledWay[], options: SampleOptions): Promise<Samples[]> {
  const prepared = await Promise.all(ways.map(way => prepare(way, options)))
  const able = prepared.filter(one => 'routes' in one)
  const tables = new Map(able.map(({ way }) => [tableName(way.planned.table), way.planned.table]))
  const lists = [...tables].map(([name, table]) =>
    selectList(
      table,
      able.filter(({ way }) => tableName(way.planned.table) === name),
    ),
  )
  const read = await readFirstRows(
    options.address,
    options.timeZone,
    lists.map(({ schema, expressions }) => ({ schema, expressions, rows: options.rows })),
  )
  return prepared.map(one => {
    if (!('routes' in one)) return one
    const at = lists.findIndex(({ parts }) => parts.has(one))
    const list = lists[at]!
    return { samples: read[at]!.map(row => sample(one, row, list.parts.get(one)!, list, options)), problem: null }
  })
}

/** One SELECT for all ways of a table: the columns to show, then what the routes of each way read. */
interface SelectList {
  readonly schema: TableSchema
  readonly expressions: readonly string[]
  readonly shown: readonly SourceColumn[]
  /** Where the images of a way begin. */
  readonly parts: ReadonlyMap<Prepared, number>
}

function selectList(schema: TableSchema, ways: readonly Prepared[]): SelectList {
  const shown = schema.columns.filter(column => shownExpression(column) !== null)
  const expressions = shown.map(column => shownExpression(column)!)
  const parts = new Map<Prepared, number>()
  for (const one of ways) {
    parts.set(one, expressions.length)
    expressions.push(...one.routes.expressions)
  }
  return { schema, expressions, shown, parts }
}

/** The text of a FLOAT that a copy reads has more digits than the value. */
function shownExpression(column: SourceColumn): string | null {
  return column.dataType === 'float' ? `CONCAT(${quoteName(column.name)})` : snapshotExpression(column)
}

/** The routes of this rule alone, aimed at this target. */
async function prepare(way: SampledWay, { zone, mariadb }: SampleOptions): Promise<Prepared | Samples> {
  const { config, planned, target } = way
  const rule = { ...planned.matched.rule, loadFormat: 'json' as const }
  // What is to be warned of is among the findings.
  const options = { rule, target, zone, mariadb, observer: () => undefined }
  try {
    return { way, routes: await ruleRoutes(config, planned, options) }
  } catch (error) {
    return { samples: [], problem: told(error) }
  }
}

function sample(
  { way, routes }: Prepared,
  row: readonly EncodedValue[],
  from: number,
  list: SelectList,
  { head }: SampleOptions,
): SampleReport {
  const { mask } = way.planned.matched.rule.shape
  const isHidden = ({ name }: SourceColumn) => mask.has(name) || way.hidden.includes(name)
  const source = Object.fromEntries(
    list.shown.map((column, i) => [column.name, isHidden(column) ? HIDDEN : shownValue(column, row[i]!)]),
  )
  try {
    const image = Buffer.concat(row.slice(from, from + routes.expressions.length))
    const written = write(routes, image, head).map(values => shownTargetRow(values, way))
    return { source, written, why: written.length > 0 ? null : whyNothing(way.planned) }
  } catch (error) {
    return { source, written: [], why: way.hidden.length > 0 ? told(error, HIDDEN_WHY) : told(error) }
  }
}

/** As an INSERT of the row would be written here and now. */
function write({ routes }: CopyRoutes, image: Buffer, { binName, binPos }: Position): ShownRow[] {
  const written: ShownRow[] = []
  const rows = {
    images: { op: 'insert' as const, buffer: image, at: 0, end: image.length },
    routes,
    commitMs: Date.now(),
    place: { binName, binPos, event: 0 },
    copied: false as const,
  }
  loadDirectly(rows, (_, open) => {
    for (const row of rowsOf(open))
      written.push(Object.fromEntries([...row].filter(([name]) => name !== '__op' && !UNSHOWN.has(name))))
  })
  return written
}

function shownTargetRow(row: ShownRow, { target, hiddenInTarget }: SampledWay): ShownRow {
  const names = target.columns.map(({ name }) => name).filter(name => Object.hasOwn(row, name))
  return Object.fromEntries(names.map(name => [name, hiddenInTarget.includes(name) ? HIDDEN : row[name]!]))
}

function whyNothing({ matched: { rule } }: PlannedSource): string {
  const { operations, where, transform } = rule.shape
  if (!operations.includes('insert')) return 'passed over: operations has no INSERT'
  if (transform !== null) return `left out by ${where === null ? '' : 'where or '}the module`
  return where === null ? 'left out by the rule' : 'left out: where is not true'
}

function shownValue({ charset, dataType }: SourceColumn, value: EncodedValue): string | null {
  const bytes = decodedValue(value)
  if (bytes === null) return null
  return charset === null && BYTES.test(dataType) ? `0x${bytes.toString('hex')}` : bytes.toString()
}

const BYTES = /binary|blob|geometry|point|linestring|polygon|vector/

/** What a failure says, or `instead`. Internal errors are defects, and no matter of a rule. */
function told(error: unknown, instead?: string): string {
  const failure = asFailure(error)
  if (failure.kind === 'internal') throw error
  return instead ?? failure.message
}
