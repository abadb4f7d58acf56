import { compileRowEncoder, type RowEncoder } from '../binlog/row-encoder.js'
import type { RowLayout } from '../binlog/row-layout.js'
import type { OnDelete } from '../model/rule-shape.js'
import type { CompiledRoute } from './compiled-route.js'
import type { RouteImages } from './route-images.js'

/** How rows of a table leave a target in which other rules own the other columns. */
export interface GoneRows {
  readonly route: CompiledRoute
  /** As what their images, of the rows before, are given to the route. */
  readonly op: 'insert' | 'delete'
  /** Compares the target's key in images of the table as they are. */
  readonly keys: Pick<RowEncoder, 'sameKey'>
}

export interface GoneParts {
  /** Writes the columns of rows that are there. */
  readonly route: CompiledRoute
  readonly csv: RowLayout | null
  readonly json: RowLayout
  readonly onDelete: OnDelete
  /** Constants that are part of the target's key. */
  readonly keyConstants: readonly string[]
  /** The header of a body of key columns and `__op`. */
  readonly deleteHeader: (format: 'csv' | 'json') => string
  /** Images of the table, and where the key stands in them. */
  readonly images: RouteImages
  readonly key: readonly number[]
}

/**
 * `on_delete` = "delete": the row of the target is deleted, by a load of its own that names the key alone; else the rule's
 * columns become NULL in a body with those that are written.
 */
export function goneRows(parts: GoneParts): GoneRows {
  const { route, csv, json, onDelete, keyConstants, images, key } = parts
  const isDeleted = onDelete === 'delete'
  const encoderOf = (layout: RowLayout) =>
    compileRowEncoder(isDeleted ? keyLayout(layout, keyConstants) : emptyLayout(layout, keyConstants))
  const columnsOf = (format: 'csv' | 'json', own: string) => (isDeleted ? parts.deleteHeader(format) : own)
  let lateJson: CompiledRoute['json'] | null = null
  return {
    op: isDeleted ? 'delete' : 'insert',
    keys: compileRowEncoder({
      ...json,
      images: images.kind,
      columns: images.columns,
      added: 0,
      fields: images.columns.map(() => null),
      key,
      identity: key,
      constants: [],
    }),
    route: {
      ...route,
      partial: !isDeleted,
      csv: csv === null ? null : { encoder: encoderOf(csv), columns: columnsOf('csv', route.csv!.columns) },
      // Few rows are ever written as JSON where CSV is asked for.
      get json() {
        lateJson ??= { encoder: encoderOf(json), columns: columnsOf('json', route.json.columns) }
        return lateJson
      },
    },
  }
}

/** Rows of the key and `__op`. */
function keyLayout(layout: RowLayout, keyConstants: readonly string[]): RowLayout {
  return {
    ...layout,
    fields: layout.fields.map((field, i) => (layout.key.includes(i) ? field : null)),
    constants: layout.constants.filter(({ name }) => keyConstants.includes(name)),
    op: true,
  }
}

/** Rows of the same fields, of which all but the key are NULL. */
function emptyLayout(layout: RowLayout, keyConstants: readonly string[]): RowLayout {
  return {
    ...keyLayout(layout, keyConstants),
    literals: layout.fields.flatMap((field, i) =>
      field === null || layout.key.includes(i) ? [] : [{ name: field.name, text: null, before: i }],
    ),
    constants: layout.constants.map(constant =>
      keyConstants.includes(constant.name) ? constant : { ...constant, text: null },
    ),
    op: false,
  }
}
