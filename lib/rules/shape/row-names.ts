import { valueTypeOf } from '../../binlog/value-type.js'
import type { ExpressionScope, NamedValue, ScopeName } from '../../expression/scope.js'
import type { SourceColumn, TableSchema } from '../../model/schema.js'
import type { ValueType } from '../../model/value.js'
import { CHANGE_VARIABLES, type ChangeVariable, COMMIT_TIME, type RowSlots } from './row-slots.js'

/** What an expression may ask for. `row`: the columns of one row, schema and table; `change`: both rows of a change, and all that is known of it. */
export type Reach = 'row' | 'change'

/** What the names in the expressions of a rule mean. */
export interface RowNames extends ExpressionScope {
  /** Why this use has no such name, as a clause; null: it is not for this to say. */
  refuses(name: ScopeName): string | null
}

const TEXT: ValueType = { kind: 'text', maxLength: null }
const VARIABLES: Readonly<Record<ChangeVariable, ValueType>> = {
  operation: { kind: 'text', maxLength: 6 },
  schema: { kind: 'text', maxLength: 64 },
  table: { kind: 'text', maxLength: 64 },
  bin_name: { kind: 'text', maxLength: 255 },
  bin_pos: { kind: 'integer', bits: 64, unsigned: true },
  commit_time: COMMIT_TIME,
}
/** They are the same for every row of a table. */
const CONSTANT: readonly ChangeVariable[] = ['schema', 'table']

/** `why`: what follows the words "is not known here: ", where the reach is `row`. */
export function rowNames(schema: TableSchema, slots: RowSlots, reach: Reach, why: string): RowNames {
  return {
    resolve: name => ('variable' in name ? variable(name.variable, slots) : column(name, schema, slots, reach)),
    refuses: name => {
      if (reach === 'change') return null
      if ('variable' in name) {
        const isOfChange = !CONSTANT.includes(name.variable as ChangeVariable)
        return isOfChange ? `$${name.variable} is not known here: ${why}` : null
      }
      return name.row === 'old' ? `OLD.${name.column} is not known here: ${why}` : null
    },
  }
}

/** Index of a column by a name in any case, as the server finds it; -1: there is none. Columns that are summed only have no name. */
export function findColumn({ columns }: TableSchema, name: string): number {
  const exact = columns.findIndex(column => column.summed !== true && column.name === name)
  if (exact >= 0) return exact
  const folded = name.toLowerCase()
  return columns.findIndex(column => column.summed !== true && column.name.toLowerCase() === folded)
}

function variable(name: string, slots: RowSlots): NamedValue | null {
  const known = CHANGE_VARIABLES.find(one => one === name)
  if (known === undefined) return null
  return { slot: slots.variable(known), type: VARIABLES[known] ?? TEXT, nullable: false, caseSensitive: true }
}

/** What rules add, and types that are text in rules alone, have no collation at the source. */
function collationFact({ added, charset, collation }: SourceColumn): Pick<NamedValue, 'collation'> {
  return added === true || charset === null ? {} : { collation: collation ?? null }
}

function column(
  { row, column: name }: Extract<ScopeName, { column: string }>,
  schema: TableSchema,
  slots: RowSlots,
  reach: Reach,
): NamedValue | null {
  const index = findColumn(schema, name)
  const found = schema.columns[index]
  if (found === undefined) return null
  const type = valueTypeOf(found)
  // Where a row is judged by itself it is the new one of nothing.
  const of = row === null || reach === 'row' ? 'row' : row
  const slot = slots.column({ column: index, of, type })
  return { slot, type, nullable: found.nullable || of !== 'row', charset: found.charset, ...collationFact(found) }
}
