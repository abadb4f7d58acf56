import type { TargetRequest } from '../dispatch/sink.js'
import { Failure } from '../model/failure.js'
import { isSameName } from '../model/same-name.js'
import { targetName } from '../model/schema.js'
import { parseTargetType, renderTargetType } from './target-type.js'
import { widestType } from './widest-type.js'

type Column = TargetRequest['columns'][number]

/** What one source table asks of a target that several tables are written into. */
export interface SourceRequest {
  /** "schema.table", for messages. */
  readonly source: string
  readonly request: TargetRequest
}

/**
 * The one target that suits all tables written into it: the union of their columns in the order in which they come, each in
 * the narrowest type that holds the values of all, nullable where a table has NULLs or lacks the column. Failures
 * (`targetUnfit`) name the two tables that cannot meet: other keys, another model, columns without a common type, another
 * sort key or partitioning.
 */
export function mergeRequests(requests: readonly [SourceRequest, ...SourceRequest[]]): TargetRequest {
  const [first, ...others] = requests
  return others.reduce(
    (merged, other) => mergeTwo(merged, other, `${first.source}${others.length > 1 ? ' and the like' : ''}`),
    first.request,
  )
}

function mergeTwo(merged: TargetRequest, { source, request }: SourceRequest, earlier: string): TargetRequest {
  const apart = (what: string): Failure =>
    new Failure('targetUnfit', `${source} and ${earlier} cannot both be written into ${targetName(merged)}: ${what}`, {
      advice: 'Give one of them a rule with another sr_table, or leave the columns out with exclude = [...].',
    })
  if (merged.model !== request.model) throw apart(`one needs a ${request.model} table, the other a ${merged.model} one`)
  if (folded(merged.key) !== folded(request.key))
    throw apart(`their keys are (${request.key.join(', ')}) and (${merged.key.join(', ')})`)
  for (const [name, a, b] of [
    ['order_by', merged.orderBy?.join(', '), request.orderBy?.join(', ')],
    ['partition_by', merged.partitionBy, request.partitionBy],
    ['distributed_by', merged.distributedBy?.join(', '), request.distributedBy?.join(', ')],
    ['buckets', merged.buckets?.toString(), request.buckets?.toString()],
    ['properties', JSON.stringify(merged.properties), JSON.stringify(request.properties)],
  ] as const)
    if ((a ?? '') !== (b ?? '')) throw apart(`their rules give ${name} as "${b ?? ''}" and "${a ?? ''}"`)
  const find = (columns: readonly Column[], name: string) => columns.find(column => isSameName(column.name, name))
  const isKey = (name: string) => merged.key.some(key => isSameName(key, name))
  const shared = merged.columns.map(column => {
    const other = find(request.columns, column.name)
    if (other === undefined) return { ...column, nullable: true }
    const type = commonType(column, other)
    if (type === null)
      throw apart(`no type holds the values of both ${other.type} and ${column.type}, column "${column.name}"`)
    return {
      ...column,
      type,
      nullable: column.nullable || other.nullable,
      comment: column.comment === '' ? other.comment : column.comment,
    }
  })
  const added = request.columns
    .filter(column => find(merged.columns, column.name) === undefined)
    .map(column => ({ ...column, nullable: column.nullable || !isKey(column.name) }))
  const comment = merged.comment === '' ? request.comment : merged.comment
  return { ...merged, columns: [...shared, ...added], comment }
}

/** Sums stay numbers: a text adds up to nothing. */
function commonType(a: Column, b: Column): string | null {
  const type = widestType(a.type, b.type)
  if (a.aggregate !== b.aggregate) return null
  return type !== null && a.aggregate !== undefined && parseTargetType(type).base === 'varchar'
    ? null
    : type === null
      ? null
      : renderTargetType(parseTargetType(type))
}

function folded(names: readonly string[]): string {
  return names.map(name => name.toLowerCase()).join('\0')
}
