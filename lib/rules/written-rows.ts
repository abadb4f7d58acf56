import type { RowLayout } from '../binlog/row-layout.js'
import type { TableSchema, TargetTable } from '../model/schema.js'
import type { Zone } from '../model/zone.js'
import type { ColumnPlan } from './column-plan.js'
import { base64Name, renderColumnsHeader } from './columns-header.js'
import type { RouteImages } from './route-images.js'
import type { TargetFit } from './target-fit.js'

export interface WrittenRowsParts {
  readonly schema: TableSchema
  readonly target: TargetTable
  readonly fit: TargetFit
  readonly constants: ColumnPlan['constants']
  /** What the rows are read from. */
  readonly images: RouteImages
  /** Each row tells a change: its id, operation and time stand in front. */
  readonly change: boolean
  /** Rows hold some columns of the target's and delete nothing. */
  readonly partial: boolean
  readonly columnSeparator: Uint8Array
  readonly rowDelimiter: Uint8Array
  readonly zone: Zone
}

/** How the rows of a route stand in load bodies: where each field comes from, and in what order they are named. */
export class WrittenRows {
  readonly #parts: WrittenRowsParts
  /** Rows say by `__op` whether they are upserts or deletes. */
  readonly #op: boolean

  constructor(parts: WrittenRowsParts) {
    this.#parts = parts
    // In tables of other models it would be an ignored field, and a delete an insert.
    this.#op = parts.target.model === 'primary' && !parts.partial
  }

  layout(format: 'csv' | 'json'): RowLayout {
    const { fit, constants, images, change, columnSeparator, rowDelimiter, zone } = this.#parts
    const { kind, columns, added } = images
    return {
      images: kind,
      columns,
      ...(added === 0 ? {} : { added }),
      fields: this.#placedFields(format),
      key: fit.key.map(i => this.#place(i)),
      identity: this.#identity(),
      change,
      measures: fit.measures.map(({ name, column }) => ({
        name,
        column: column === null ? null : images.place(column, 'text'),
      })),
      constants,
      op: this.#op,
      format,
      columnSeparator,
      rowDelimiter,
      zone,
    }
  }

  /** The `columns` header of a body in this format. */
  header(format: 'csv' | 'json'): string {
    const { fit, constants, change } = this.#parts
    const { fields, measures } = fit
    return renderColumnsHeader(fields, { change, measures, constants, op: this.#op }, format, this.order)
  }

  /** The `columns` header of rows that delete a key: its columns, the constants in it, and `__op`. */
  deleteHeader(format: 'csv' | 'json', constants: ColumnPlan['constants']): string {
    const { fit, change } = this.#parts
    const key = fit.fields.map((field, i) => (fit.key.includes(i) ? field : null))
    return renderColumnsHeader(key, { change, measures: [], constants, op: true }, format, this.order)
  }

  #placedFields(format: 'csv' | 'json'): RowLayout['fields'] {
    const { fit, images } = this.#parts
    const placed: RowLayout['fields'][number][] = images.columns.map(() => null)
    fit.fields.forEach((field, i) => {
      if (field === null) return
      const name = format === 'json' && field.toBinary ? base64Name(i) : field.name
      placed[this.#place(i)] = { ...field, name }
    })
    return placed
  }

  /** The key of the source: where each of its columns is to be had. */
  #identity(): number[] {
    const { schema, images } = this.#parts
    return schema.key
      .map(name => schema.columns.findIndex(column => column.name === name))
      .map(i => Math.max(images.place(i, 'text'), this.#place(i), images.place(i, 'key')))
  }

  /**
   * Indexes of the fields as they stand in the body: what stands in place of a column's value stands behind the image, and so does
   * its field.
   */
  get order(): readonly number[] {
    const { fit, images } = this.#parts
    const placeOf = fit.fields.map((field, i) => (field == null ? images.place(i, 'text') : this.#place(i)))
    return fit.fields.map((_, i) => i).sort((i, k) => placeOf[i]! - placeOf[k]! || i - k)
  }

  #place(i: number): number {
    const { fit, images } = this.#parts
    return images.place(i, useOf(fit, i))
  }
}

/** As what the target's field for column `i` is read. */
export function useOf({ fields }: TargetFit, i: number): 'bytes' | 'text' {
  return fields[i]?.form === 'base64' ? 'bytes' : 'text'
}
