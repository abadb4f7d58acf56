import { columnOf, isKeyColumn, type SandboxColumn, type SandboxTable } from './catalog.js'
import type { LoadExpression } from './load-columns.js'
import { LoadError } from './load-error.js'
import type { LoadRequest } from './load-request.js'

/** Where a loaded column's value comes from. `direct` fields are parsed as the column's own type. */
export type ValueSource =
  | { readonly kind: 'direct'; readonly field: number }
  | { readonly kind: 'copied'; readonly field: number }
  | { readonly kind: 'toBinary'; readonly field: number; readonly encoding: 'encode64' | 'hex' | 'utf8' }
  | { readonly kind: 'parseJson'; readonly field: number }
  | { readonly kind: 'constant'; readonly text: string | null }
  | { readonly kind: 'now' }

export interface PlannedColumn {
  readonly column: SandboxColumn
  readonly isKey: boolean
  readonly source: ValueSource
}

/** How the rows of one load become rows of one table. */
export interface LoadPlan {
  readonly table: SandboxTable
  /** Names of the body's fields: by position in CSV, keys in JSON. */
  readonly fields: readonly string[]
  /** Columns the load gives a value. */
  readonly loaded: readonly PlannedColumn[]
  /** Columns it does not: they get their default, or keep their value in a partial update. */
  readonly omitted: readonly SandboxColumn[]
  /** Field or constant that holds `__op` on a primary key table; null: every row is an upsert. */
  readonly operation: ValueSource | null
  readonly partialUpdate: boolean
  /** A row applies only where it has at least the stored value of this column; null: always. */
  readonly condition: SandboxColumn | null
}

const OPERATION = '__op'

/**
 * Binds the headers of a load to a table (Load.java#initColumns): which field feeds which column. Throws a LoadError with
 * StarRocks' text when they do not fit, and one of the sandbox's own for what it does not build.
 */
export function planLoad(request: LoadRequest, table: SandboxTable): LoadPlan {
  const isPrimary = table.model === 'primary'
  if (request.partialUpdate && !isPrimary) throw new LoadError('Only primary key table support partial update')
  const items =
    request.columns ??
    table.columns
      .filter(c => c.generated === null && !c.autoIncrement)
      .map(c => ({ kind: 'source', name: c.name }) as const)
  const fields = items.filter(i => i.kind === 'source').map(i => i.name)
  checkDuplicates(items.map(i => i.name))

  const fieldOf = (name: string): number => {
    const at = fields.findIndex(f => f.toLowerCase() === name.toLowerCase())
    if (at < 0) throw new LoadError(`Column '${name}' cannot be resolved`)
    return at
  }
  const loaded: PlannedColumn[] = []
  let operation: ValueSource | null = null
  for (const item of items) {
    const source: ValueSource =
      item.kind === 'source' ? { kind: 'direct', field: fieldOf(item.name) } : bind(item.expression, fieldOf)
    if (item.name === OPERATION) {
      if (isPrimary) operation = operationSource(source)
      continue
    }
    const column = columnOf(table, item.name)
    if (column === undefined) {
      if (item.kind === 'derived') throw new LoadError(`Mapping column is not in table. column: ${item.name}`)
      continue
    }
    if (column.generated !== null) throw new LoadError(`generated column: ${column.name} can not be specified`)
    refuseType(column)
    loaded.push({ column, isKey: isKeyColumn(table, column.name), source })
  }
  if (request.format === 'json' && isPrimary && operation === null) {
    fields.push(OPERATION)
    operation = { kind: 'direct', field: fields.length - 1 }
  }
  const omitted = table.columns.filter(c => c.generated === null && !loaded.some(l => l.column === c))
  checkOmitted(request, table, omitted)
  const condition = request.mergeCondition === null ? null : conditionOf(request.mergeCondition, table, loaded)
  return { table, fields, loaded, omitted, operation, partialUpdate: request.partialUpdate, condition }
}

const UNCOMPARED = new Set(['char', 'varchar', 'json', 'varbinary', 'bitmap', 'hll'])

/** The column of a conditional update (4.5 of the loading reference). */
function conditionOf(name: string, table: SandboxTable, loaded: readonly PlannedColumn[]): SandboxColumn {
  if (table.model !== 'primary') throw new LoadError('Conditional update only support primary key table')
  const found = loaded.find(({ column }) => column.name.toLowerCase() === name.toLowerCase())
  if (found === undefined) throw new LoadError(`Merge condition column ${name} does not exist`)
  if (found.isKey) throw new LoadError(`Merge condition column ${name} should not be primary key!`)
  if (UNCOMPARED.has(found.column.type.base))
    throw new LoadError('Merge condition column has invalid type maybe bitmap/hll/percentile/json/varchar!')
  return found.column
}

function bind(expression: LoadExpression, fieldOf: (name: string) => number): ValueSource {
  switch (expression.kind) {
    case 'literal':
      return { kind: 'constant', text: expression.text }
    case 'now':
      return { kind: 'now' }
    case 'field':
      return { kind: 'copied', field: fieldOf(expression.name) }
    case 'toBinary':
      return { kind: 'toBinary', field: fieldOf(expression.name), encoding: expression.encoding }
    case 'parseJson':
      return { kind: 'parseJson', field: fieldOf(expression.name) }
  }
}

/** A constant `__op` may be 'upsert' or 'delete' (any case) besides a number. */
function operationSource(source: ValueSource): ValueSource {
  if (source.kind === 'direct' || source.kind === 'copied') return source
  if (source.kind !== 'constant') throw new LoadError('The sandbox takes __op from a field or a constant only')
  const word = source.text?.toLowerCase()
  if (word === 'upsert') return { kind: 'constant', text: '0' }
  if (word === 'delete') return { kind: 'constant', text: '1' }
  if (!/^-?\d{1,3}$/.test(source.text ?? '')) throw new LoadError(`Unexpected value for __op: ${source.text ?? 'NULL'}`)
  return source
}

function checkDuplicates(names: readonly string[]): void {
  const seen = new Set<string>()
  for (const name of names) {
    const lower = name.toLowerCase()
    if (seen.has(lower)) throw new LoadError(`Duplicate column: ${name}`)
    seen.add(lower)
  }
}

function refuseType(column: SandboxColumn): void {
  switch (column.type.base) {
    case 'array':
    case 'map':
    case 'struct':
    case 'bitmap':
    case 'hll':
      throw new LoadError(`The sandbox cannot load column '${column.name}' of type ${column.type.text}`)
    default:
  }
}

function checkOmitted(request: LoadRequest, table: SandboxTable, omitted: readonly SandboxColumn[]): void {
  for (const column of omitted) {
    if (request.partialUpdate) {
      if (isKeyColumn(table, column.name)) {
        throw new LoadError(`key column ${column.name} not in partial update columns`)
      }
    } else if (!column.nullable && column.default === null && !column.autoIncrement) {
      throw new LoadError(`Column has no default value. column: ${column.name}`)
    }
  }
}
