import { convertJson, convertText, decodeBase64 } from './column-value.js'
import type { BodyRow } from './csv-rows.js'
import { printDelimiter } from './delimiter.js'
import type { RejectedRows } from './error-log.js'
import type { JsonToken } from './json-scan.js'
import { LoadError } from './load-error.js'
import type { LoadPlan, PlannedColumn, ValueSource } from './load-plan.js'
import type { LoadRequest } from './load-request.js'
import { MAX_PRIMARY_KEY_BYTES, primaryKeyBytes } from './primary-key-size.js'

export interface RowCounts {
  total: number
  filtered: number
}

/** Longest text a field that is no column of the table may have. */
const MAX_TEMPORARY_BYTES = 1_048_576

/** One cell per loaded column, and behind them the operation when the plan has one; in the texts of `convertText`. */
export type Cells = (string | null)[]

/**
 * Turns body rows into the cells of a plan by the rules of 5.3: what happens to bad values, NULL in NOT NULL columns (also
 * of deletes), rows with too many or too few fields.
 */
export class RowConverter {
  readonly #counts: RowCounts
  readonly #plan: LoadPlan
  readonly #request: LoadRequest
  readonly #rejected: RejectedRows
  readonly #keyCells: readonly number[]
  readonly #keyBytes: (texts: readonly string[]) => number
  readonly #now = new Date().toISOString().slice(0, 19).replace('T', ' ')
  #reason = ''

  constructor(plan: LoadPlan, request: LoadRequest, counts: RowCounts, rejected: RejectedRows) {
    this.#counts = counts
    this.#plan = plan
    this.#request = request
    this.#rejected = rejected
    this.#keyCells =
      plan.table.model === 'primary'
        ? plan.table.key.map(key => plan.loaded.findIndex(l => l.column.name.toLowerCase() === key.toLowerCase()))
        : []
    this.#keyBytes = primaryKeyBytes(plan.table)
  }

  /** The row's cells, or null when it was filtered. Throws a LoadError when the whole load fails by it. */
  convert(row: BodyRow<string> | BodyRow<JsonToken>): Cells | null {
    this.#counts.total++
    this.#reason = ''
    const cells = 'reason' in row ? this.#reject(row.reason) : this.#cells(row.fields)
    if (cells === null) {
      this.#counts.filtered++
      this.#rejected.add(this.#reason, row.raw())
      return null
    }
    this.#checkKey(cells)
    return cells
  }

  #cells(fields: readonly (string | JsonToken | null)[]): Cells | null {
    const { fields: names, loaded, operation } = this.#plan
    if (fields.length !== names.length) {
      const { columnSeparator, rowDelimiter } = this.#request
      return this.#reject(
        `Target column count: ${names.length} doesn't match source value column count: ${fields.length}. Column separator: '${printDelimiter(columnSeparator)}', Row delimiter: '${printDelimiter(rowDelimiter)}'`,
      )
    }
    const cells: Cells = []
    for (const planned of loaded) {
      const cell = this.#cell(planned, fields)
      if (cell === undefined) return null
      cells.push(cell)
    }
    if (operation !== null) {
      const op = this.#operation(operation, fields)
      if (op === null) return null
      cells.push(op)
    }
    return cells
  }

  #cell(planned: PlannedColumn, fields: readonly (string | JsonToken | null)[]): string | null | undefined {
    const { column, source } = planned
    const cell =
      source.kind === 'direct'
        ? this.#direct(planned, source.field, fields[source.field]!)
        : this.#derived(planned, fields)
    if (cell === undefined) return undefined
    if (cell === null && column.autoIncrement) {
      return this.#undefined(`NULL value in auto increment column '${column.name}'`)
    }
    if (cell === null && (!column.nullable || (planned.isKey && this.#keyCells.length > 0))) {
      return this.#undefined(`NULL value in non-nullable column '${column.name}'`)
    }
    return cell
  }

  #direct(planned: PlannedColumn, field: number, value: string | JsonToken | null): string | null | undefined {
    if (value === null) return null
    const { name, type } = planned.column
    const cell = typeof value === 'string' ? convertText(type, value, 'csv') : convertJson(type, value)
    if (cell !== undefined) return cell
    if (!this.#request.strictMode) return null
    const typeName = type.text.toUpperCase()
    return this.#undefined(
      typeof value === 'string'
        ? `The field (name = ${name}, pos = ${field}) is out of range. Type: ${typeName}, Value length: ${Buffer.byteLength(value)}, Value: ${value}`
        : `Value '${value.text}' is out of range. The type of '${name}' is ${typeName}`,
    )
  }

  /** A derived value that cannot be computed is NULL in both modes; only the length is checked again in the sink. */
  #derived(planned: PlannedColumn, fields: readonly (string | JsonToken | null)[]): string | null | undefined {
    const { name, type } = planned.column
    const text = this.#sourceText(planned.source, fields)
    if (text === undefined) return undefined
    if (text === null) return null
    const bytes = planned.source.kind === 'toBinary' ? decode(text, planned.source.encoding) : undefined
    if (planned.source.kind === 'toBinary' && type.base === 'varbinary') {
      if (bytes === undefined) return null
      if (bytes.length > (type.length ?? 0))
        return this.#tooLong(bytes.toString('hex'), bytes.length, name, type.length)
      return bytes.toString('hex')
    }
    if (planned.source.kind === 'toBinary')
      throw new LoadError(`to_binary() needs a VARBINARY column, '${name}' is none`)
    const length = Buffer.byteLength(text)
    if ((type.base === 'varchar' || type.base === 'char' || type.base === 'varbinary') && length > (type.length ?? 0)) {
      return this.#tooLong(text, length, name, type.length)
    }
    return convertText(type, text, 'cast') ?? null
  }

  #sourceText(source: ValueSource, fields: readonly (string | JsonToken | null)[]): string | null | undefined {
    if (source.kind === 'constant') return source.text
    if (source.kind === 'now') return this.#now
    const value = fields[source.field]!
    const text = value === null || typeof value === 'string' ? value : value.text
    if (text === null || Buffer.byteLength(text) <= MAX_TEMPORARY_BYTES) return text
    if (!this.#request.strictMode) return null
    const name = this.#plan.fields[source.field]!
    return this.#undefined(
      `The field (name = ${name}, pos = ${source.field}) is out of range. Type: VARCHAR(${MAX_TEMPORARY_BYTES}), Value length: ${Buffer.byteLength(text)}, Value: ${text.slice(0, 100)}`,
    )
  }

  #operation(source: ValueSource, fields: readonly (string | JsonToken | null)[]): string | null {
    if (source.kind === 'constant') return source.text
    if (source.kind === 'now') return this.#reject("NULL value in non-nullable column '__op'")
    const value = fields[source.field]!
    const text = value === null || typeof value === 'string' ? value : value.text
    const op = text === null ? undefined : convertText(OPERATION_TYPE, text, 'csv')
    if (op !== undefined) return op
    return this.#reject(
      text === null || !this.#request.strictMode
        ? "NULL value in non-nullable column '__op'"
        : `The field (name = __op, pos = ${source.field}) is out of range. Type: TINYINT, Value length: ${Buffer.byteLength(text)}, Value: ${text}`,
    )
  }

  #checkKey(cells: Cells): void {
    if (this.#keyCells.length === 0) return
    const size = this.#keyBytes(this.#keyCells.map(at => cells[at] ?? ''))
    if (size > MAX_PRIMARY_KEY_BYTES) throw new LoadError('primary key size exceed the limit.')
  }

  #tooLong(text: string, length: number, name: string, max: number | null): undefined {
    return this.#undefined(`String '${text}'(length=${length}) is too long. The max length of '${name}' is ${max}`)
  }

  #reject(reason: string): null {
    this.#reason = reason
    return null
  }

  #undefined(reason: string): undefined {
    this.#reason = reason
    return undefined
  }
}

const OPERATION_TYPE = {
  base: 'tinyint',
  text: 'tinyint',
  length: null,
  precision: null,
  scale: null,
  children: [],
} as const

function decode(text: string, encoding: 'encode64' | 'hex' | 'utf8'): Buffer | undefined {
  switch (encoding) {
    case 'encode64':
      return decodeBase64(text)
    case 'hex':
      return /^([0-9a-f]{2})*$/i.test(text) ? Buffer.from(text, 'hex') : undefined
    case 'utf8':
      return Buffer.from(text, 'utf8')
  }
}
