import { compileKeyReader, type KeyReader } from '../binlog/key-reader.js'
import type { TextUse } from '../binlog/text-columns.js'
import type { KeyBound } from '../model/chunk.js'
import type { TableSchema } from '../model/schema.js'
import type { CompiledRoute } from './compiled-route.js'
import { deletedImage } from './deleted-image.js'
import { compileRoute, type RouteOptions, type Way } from './route-compiler.js'
import { textImages } from './route-images.js'

/** How the rows of a table that a SELECT gives (`TextRows`) are written; they come out as the stream writes them. */
export interface CopyRoutes extends KeyReader {
  /** SELECT list, one for each column of the text images, in order; for sessions in utf8mb4 and the stream's time zone. */
  readonly expressions: readonly string[]
  /** Their encoders read text images; target, bodies and fingerprint are those of the stream's routes. Empty: the table is passed over. */
  readonly routes: readonly CompiledRoute[]
  /**
   * A text image from which `upsert` routes write the delete of a key (`KeyBound`: one literal for each key column): all other
   * columns are NULL or, where they may not be, the least value.
   * @throws Failure internal when the key has other columns than the table's
   */
  deleteImage(key: KeyBound): Buffer
}

/**
 * Compiles the copy routes of a table's ways. Only columns that some way needs are read, and the table's key.
 * @throws Failure sourceUnfit, naming the column, for one whose values no SELECT tells exactly
 */
export function compileCopyRoutes(options: RouteOptions, schema: TableSchema, ways: readonly Way[]): CopyRoutes {
  const uses: (readonly [number, TextUse])[] = []
  for (const { fit, shaped } of ways) {
    const isRead = (i: number) => i < schema.columns.length && !shaped.added.some(({ replaces }) => replaces === i)
    fit.fields.forEach((field, i) => {
      if (field !== null && isRead(i)) uses.push([i, field.form === 'base64' ? 'bytes' : 'text'])
    })
    for (const { column } of fit.measures) if (column !== null && isRead(column)) uses.push([column, 'text'])
    for (const { column } of shaped.slots.reads) uses.push([column, 'text'])
    // A module is shown the value, whatever the target takes.
    for (const { index } of shaped.transform?.shown ?? []) if (isRead(index)) uses.push([index, 'text'])
  }
  const key = schema.key.map(name => schema.columns.findIndex(column => column.name === name))
  for (const i of key) uses.push([i, 'key'])
  const images = textImages(schema, uses)
  const parts = key.map(i => ({ index: images.place(i, 'key'), column: schema.columns[i]! }))
  return {
    expressions: images.expressions,
    routes: ways.map(way => compileRoute(options, way, images)),
    ...compileKeyReader('text', images.columns, parts, options.zone),
    deleteImage: literals => deletedImage(schema, images, key, literals),
  }
}
