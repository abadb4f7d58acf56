import type { TargetRequest } from '../dispatch/sink.js'
import { isSameName } from '../model/same-name.js'
import { type TargetColumn, type TargetTable, targetName } from '../model/schema.js'
import { modifyRefusal } from './alter-types.js'
import { anKey, quoteIdentifier, quoteTable, renderAddColumns } from './ddl.js'
import { layoutDifferences } from './layout-differences.js'
import type { TableText } from './table-text.js'
import { KEPT, missingColumns, missingFault } from './target-check.js'
import type { TargetDifference } from './target-difference.js'
import { typeFit } from './target-type.js'
import { widestType } from './widest-type.js'

type RequestedColumn = TargetRequest['columns'][number]

/**
 * Compares a table with what is asked of it. Every difference that matters to the rows, or to a sort key or partitioning the
 * rule gives, is named with the one statement that mends it or with the reason why none does. Comments and properties are
 * left as they are.
 */
export function compareTarget(request: TargetRequest, table: TargetTable, text: TableText): TargetDifference[] {
  return new Comparison(request, table, text).run()
}

class Comparison {
  readonly #request: TargetRequest
  readonly #table: TargetTable
  readonly #text: TableText
  readonly #name: string
  /** What there is to do where no statement helps. */
  readonly #anew: string

  constructor(request: TargetRequest, table: TargetTable, text: TableText) {
    this.#request = request
    this.#table = table
    this.#text = text
    this.#name = targetName(table)
    this.#anew = `Give ${quoteTable(table)} another name with ALTER TABLE … RENAME, run the CREATE TABLE of this report and load the rows again, or give the rule another sr_table.`
  }

  run(): TargetDifference[] {
    const [request, table] = [this.#request, this.#table]
    if (table.model !== request.model) {
      const message = `${this.#name} is ${anKey(table.model)} table where ${anKey(request.model)} table is wanted; the model of a table cannot be changed`
      return [this.#lasting('model', null, message)]
    }
    return [
      ...this.#keys(),
      ...missingColumns(request, table).map(column => this.#missing(column)),
      ...table.columns.flatMap(column => {
        const wanted = request.columns.find(candidate => isSameName(candidate.name, column.name))
        return wanted === undefined ? this.#unfilled(column) : this.#column(wanted, column)
      }),
      ...layoutDifferences(request, table, this.#text, this.#anew),
    ]
  }

  #keys(): TargetDifference[] {
    const { key } = this.#request
    const existing = this.#table.key
    const isSame = key.length === existing.length && key.every((name, at) => isSameName(name, existing[at]!))
    if (isSame || this.#request.model === 'duplicate') return []
    const message = `${this.#name} has the key (${existing.join(', ')}) where (${key.join(', ')}) is wanted; the key of a table cannot be changed`
    // Rows keep apart by a longer key too, and by the same columns in another order.
    const suits =
      this.#request.model === 'primary' && key.every(name => existing.some(other => isSameName(name, other)))
    return [{ ...this.#lasting('key', null, message), level: suits ? 'ok' : 'error' }]
  }

  #missing(column: RequestedColumn): TargetDifference {
    const message = `${this.#name} lacks the column ${column.name} (${column.type})`
    const lasting = missingFault(this.#request, this.#table, [column])
    if (lasting !== null)
      return this.#lasting('missingColumn', column.name, `${message}, which cannot be added: ${lasting.message}`)
    const statement = renderAddColumns(this.#table, [column])
    return { kind: 'missingColumn', level: 'error', column: column.name, message, statement, otherwise: '' }
  }

  #column(wanted: RequestedColumn, existing: TargetColumn): TargetDifference[] {
    const says = `${this.#name}.${existing.name}`
    if (wanted.aggregate !== undefined && existing.aggregate !== wanted.aggregate) {
      const is =
        existing.aggregate === undefined ? 'a key column' : `a column of ${existing.aggregate.toUpperCase()} values`
      return [this.#lasting('sum', existing.name, `${says} is ${is} where ${KEPT[wanted.aggregate]} are wanted`)]
    }
    const isPrimaryKey = this.#request.model === 'primary' && this.#isKey(existing)
    const fit = typeFit(wanted.type, existing.type)
    const mustTakeNull = wanted.nullable && !existing.nullable && !isPrimaryKey
    if (fit.kind === 'fits' && !mustTakeNull) return []
    const reasons = [
      ...(fit.kind === 'fits' ? [] : [`is ${existing.type} where ${wanted.type} is wanted: ${fit.reason}`]),
      ...(mustTakeNull ? ['is NOT NULL, its source may be NULL'] : []),
    ]
    const type = fit.kind === 'fits' ? existing.type : (widestType(existing.type, wanted.type) ?? wanted.type)
    const refusal = modifyRefusal(existing.type, type, { isPrimaryKey })
    return [
      {
        kind: fit.kind === 'fits' ? 'notNull' : 'type',
        level: fit.kind === 'lossy' ? 'error' : 'warning',
        column: existing.name,
        message: `${says} ${reasons.join(', and ')}`,
        statement: refusal === null ? this.#modify({ ...existing, type, nullable: wanted.nullable }, existing) : null,
        otherwise: refusal === null ? '' : `${refusal}. ${this.#anew}`,
      },
    ]
  }

  /** A column of the table that the rules give no value. */
  #unfilled(column: TargetColumn): TargetDifference[] {
    const base = { column: column.name, statement: null, otherwise: '' }
    const says = `${this.#name}.${column.name} gets no value`
    if (this.#request.model === 'aggregate' && column.aggregate === 'replace') {
      const message = `${says}, and being a REPLACE column it becomes NULL with every load`
      return [this.#lasting('noValue', column.name, message)]
    }
    if (column.nullable || column.hasDefault)
      return [{ ...base, kind: 'extraColumn', level: 'ok', message: `${says}: it keeps its default` }]
    const message = `${says} and is NOT NULL without a default`
    if (this.#isKey(column)) return [this.#lasting('noValue', column.name, message)]
    const statement = this.#modify({ ...column, nullable: true }, column)
    return [{ ...base, kind: 'noValue', level: 'error', message, statement }]
  }

  #isKey(column: TargetColumn): boolean {
    return this.#table.key.some(key => isSameName(key, column.name))
  }

  /** MODIFY COLUMN states the whole column again: a default that is left out counts as changed, and is refused. */
  #modify(column: TargetColumn, existing: TargetColumn): string {
    const parts = [
      `ALTER TABLE ${quoteTable(this.#table)} MODIFY COLUMN ${quoteIdentifier(column.name)} ${column.type.toUpperCase()}`,
      ...(column.aggregate === undefined ? [] : [column.aggregate.toUpperCase()]),
      column.nullable || existing.nullable ? 'NULL' : 'NOT NULL',
      this.#text.attributes.get(column.name) ?? '',
    ]
    return parts.join(' ').trimEnd()
  }

  #lasting(kind: TargetDifference['kind'], column: string | null, message: string): TargetDifference {
    return { kind, level: 'error', column, message, statement: null, otherwise: this.#anew }
  }
}
