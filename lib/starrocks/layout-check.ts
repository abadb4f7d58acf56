import { Failure } from '../model/failure.js'
import { type PartitionTerm, parsePartitionBy } from '../model/partition-by.js'
import { isSameName } from '../model/same-name.js'
import { type TargetModel, targetName } from '../model/schema.js'
import { KEY_TYPES, PRIMARY_KEY_TYPES } from './key-types.js'
import { parseTargetType } from './target-type.js'

/** A new table, as far as its sort key and partitions depend on it. */
interface LaidOutTable {
  readonly database: string
  readonly table: string
  readonly model: TargetModel
  readonly columns: readonly Column[]
  readonly key: readonly string[]
  readonly orderBy?: readonly string[] | null
  readonly partitionBy?: string | null
  readonly distributedBy?: readonly string[] | null
}

interface Column {
  readonly name: string
  readonly type: string
}

/**
 * The terms of a new table's PARTITION BY with its own spelling of the names, or null when none is asked for. Failures name
 * what StarRocks would refuse: a column that is not there, one that is no key column (`partition column must be key
 * column`), a type that cannot be cut into partitions.
 */
export function checkPartitions(request: LaidOutTable): readonly PartitionTerm[] | null {
  if (request.partitionBy == null) return null
  const terms = parsePartitionBy(request.partitionBy)
  if (typeof terms === 'string') throw unfit(request, `partition_by = ${JSON.stringify(request.partitionBy)} ${terms}`)
  return terms.map(term => checkTerm(request, term))
}

/**
 * The sort columns of a new table with its own spelling, or null when none are asked for. Failures: a column that is not
 * there, a type that cannot be sorted by, and columns beside the key where rows of one key are merged.
 */
export function checkSortColumns(request: LaidOutTable): readonly string[] | null {
  if (request.orderBy == null) return null
  const columns = request.orderBy.map(name => columnOf(request, name, 'order_by'))
  const legal = request.model === 'primary' ? PRIMARY_KEY_TYPES : KEY_TYPES
  const illegal = columns.find(column => !legal.has(parseTargetType(column.type).base))
  if (illegal !== undefined)
    throw unfit(request, `order_by names column "${illegal.name}", but StarRocks cannot sort by ${illegal.type}`)
  const merges = request.model === 'aggregate' || request.model === 'unique'
  const isWholeKey = columns.length === request.key.length && columns.every(column => isKey(request, column.name))
  if (merges && !isWholeKey)
    throw unfit(request, `order_by must name all key columns (${request.key.join(', ')}) and no other, in any order`)
  return columns.map(column => column.name)
}

/**
 * The columns whose hash gives a new table's buckets, with its own spelling, or null when none are asked for. Failures: a column
 * that is not there, one that is no key column (`Distribution column[c] is not key column`), a type without a hash.
 */
export function checkDistribution(request: LaidOutTable): readonly string[] | null {
  if (request.distributedBy == null) return null
  const columns = request.distributedBy.map(name => columnOf(request, name, 'distributed_by'))
  for (const { name, type } of columns) {
    if (request.model !== 'duplicate' && !isKey(request, name))
      throw unfit(request, `distributed_by names column "${name}", which is no key column (${request.key.join(', ')})`)
    if (!KEY_TYPES.has(parseTargetType(type).base))
      throw unfit(request, `distributed_by names column "${name}", but rows are not told apart by ${type}`)
  }
  return columns.map(({ name }) => name)
}

function checkTerm(request: LaidOutTable, term: PartitionTerm): PartitionTerm {
  const column = columnOf(request, term.column, 'partition_by')
  const says = `partition_by names column "${column.name}"`
  if (request.model !== 'duplicate' && !isKey(request, column.name))
    throw unfit(
      request,
      `${says}, which is no key column; the key is (${request.key.join(', ')}), and partitions of ${
        request.model === 'primary' ? 'a primary key' : `an ${request.model}`
      } table are cut by key columns only`,
    )
  const { base } = parseTargetType(column.type)
  if (term.slice === null) {
    if (!PRIMARY_KEY_TYPES.has(base)) throw unfit(request, `${says}, but ${column.type} makes no partitions`)
  } else if (base !== 'datetime' && (base !== 'date' || !takesDates(term.slice)))
    throw unfit(request, `${says}, but ${term.slice.function} by ${term.slice.unit} does not take ${column.type}`)
  return { ...term, column: column.name }
}

/** StarRocks, "Expression partitioning": time_slice and the unit hour are for DATETIME alone. */
function takesDates(slice: NonNullable<PartitionTerm['slice']>): boolean {
  return slice.function === 'date_trunc' && slice.unit !== 'hour'
}

function columnOf(request: LaidOutTable, name: string, key: string): Column {
  const found = request.columns.find(column => isSameName(column.name, name))
  if (found !== undefined) return found
  const names = request.columns.map(column => column.name).join(', ')
  throw unfit(request, `${key} names column "${name}", which it would not have (it has ${names})`)
}

function isKey(request: LaidOutTable, name: string): boolean {
  return request.key.some(key => isSameName(key, name))
}

function unfit(request: LaidOutTable, message: string): Failure {
  return new Failure('targetUnfit', `${targetName(request)}: ${message}`, {
    advice: 'Correct order_by, partition_by or distributed_by in the [[rule]]; they name columns of the target.',
  })
}
