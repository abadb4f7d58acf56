import { logsWholeRows } from '../model/row-image.js'
import { PLAIN_SHAPE } from '../model/rule-shape.js'
import { type SourceColumn, type TableSchema, tableName } from '../model/schema.js'
import type { ColumnPlan } from './column-plan.js'
import type { MatchedRule } from './rule-book.js'
import type { ShapedTable } from './shape/shaped-table.js'

/** What a rule has to expect of the row images that its source logs. */
export interface ImageFinding {
  readonly level: 'error' | 'warning'
  readonly message: string
  readonly remedy: string
}

export interface LoggedImages {
  /** The source's binlog_row_image; null: it does not know the variable. */
  readonly rowImage: string | null
  readonly mariadb: boolean
}

const FULL = 'SET GLOBAL binlog_row_image = FULL on the source.'

/** BLOB and TEXT to the server: what NOBLOB leaves out. */
const BLOBS = /blob|text|json|geometry|point|linestring|polygon|geomcollection|vector/

/**
 * Where rows of this table will stop the stream because their images leave columns out, as far as the server's global
 * settings tell: `error` where every update or delete does, `warning` where some statements do.
 */
export function imageFindings(
  shaped: Pick<ShapedTable, 'schema' | 'isPlain'>,
  plan: ColumnPlan,
  { rule }: MatchedRule,
  { rowImage, mariadb }: LoggedImages,
): ImageFinding[] {
  if (logsWholeRows(rowImage)) return []
  const { schema, isPlain } = shaped
  const image = `binlog_row_image = ${rowImage}`
  if (!isPlain)
    return [
      {
        level: 'error',
        message: `${rule.where}: ${reshapedBy(rule).join(', ')} need every column of each row of ${tableName(schema)}, and ${image} leaves columns out.`,
        remedy: FULL,
      },
    ]
  const summed = new Set(plan.measures.map(measure => measure.column))
  const taken = schema.columns.filter((_, i) => plan.targets[i] != null || summed.has(i))
  const left = rowImage?.toUpperCase() === 'NOBLOB' ? taken.filter(column => BLOBS.test(column.dataType)) : taken
  if (left.length === 0) return []
  if (rule.mode !== 'upsert')
    return [
      {
        level: 'error',
        message: `${rule.where}: mode = "${rule.mode}" needs every column of each row of ${tableName(schema)}, and ${image} leaves columns out.`,
        remedy: FULL,
      },
    ]
  const findings = left.flatMap(column => findingsOf(column, schema, image, mariadb))
  const [name] = left.map(column => column.name)
  if (mariadb)
    findings.push({
      level: 'warning',
      message: `${tableName(schema)}: with ${image} MariaDB logs of a REPLACE that meets an older row only the columns it names; the others (${name}, …) keep their old values in the target, as they do on replicas.`,
      remedy: FULL,
    })
  return findings
}

/** The keys by which a rule does not write rows as they are, as they stand in its block. */
function reshapedBy({ shape, measures }: MatchedRule['rule']): string[] {
  const { where, operations, computed, mask, transform, onDelete, before, partial } = shape
  const keys: readonly (readonly [string, boolean])[] = [
    ['where', where !== null],
    ['operations', PLAIN_SHAPE.operations.some(operation => !operations.includes(operation))],
    ['computed', computed.size > 0],
    ['mask', mask.size > 0],
    ['transform', transform !== null],
    ['mode = "partial"', partial],
    ['on_delete', onDelete !== (partial ? 'nullify' : 'delete')],
    ['before', before.length > 0],
    ['measures', measures.size > 0],
  ]
  return keys.flatMap(([key, isSet]) => (isSet ? [key] : []))
}

function findingsOf(column: SourceColumn, schema: TableSchema, image: string, mariadb: boolean): ImageFinding[] {
  const where = `${tableName(schema)}.${column.name}`
  const remedy = `${FULL} Or leave the column out with exclude = ["${column.name}"] in the rule.`
  if (column.generated === 'virtual' && mariadb)
    return [
      {
        level: 'error',
        message: `${where} is a virtual column: with ${image} MariaDB logs no value of it, so every INSERT and UPDATE stops the stream.`,
        remedy,
      },
    ]
  const fill = column.defaultValue
  if (fill?.kind !== 'unknown') return []
  return [
    {
      level: 'warning',
      message: `${where} ${fill.reason}: with ${image} an INSERT that names no value for it stops the stream.`,
      remedy,
    },
  ]
}
