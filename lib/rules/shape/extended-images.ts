import { textColumn } from '../../binlog/text-columns.js'
import type { RouteImages } from '../route-images.js'
import type { ShapedTable } from './shaped-table.js'

/**
 * The images that a route reads behind its shaping: those of the table, each with the added values behind it. Without any
 * they are the table's own.
 */
export function extendImages(images: RouteImages, { schema, added }: ShapedTable): RouteImages {
  if (added.length === 0) return images
  const own = images.columns.length
  const replaced = new Map(added.flatMap(({ replaces }, k) => (replaces === null ? [] : [[replaces, own + k]])))
  const first = schema.columns.length - (added.length - replaced.size)
  const further = added.flatMap(({ replaces }, k) => (replaces === null ? [own + k] : []))
  return {
    kind: images.kind,
    columns: [...images.columns, ...added.map(({ column }) => textColumn(schema, column, 'text'))],
    // Of a column that is replaced only what stands in its place is to be seen.
    shown: [
      ...images.shown.map((shown, i) => shown && !replaced.has(images.sources[i]!)),
      ...added.map(({ replaces }) => replaces !== null),
    ],
    sources: [...images.sources, ...added.map(({ replaces }) => replaces ?? -1)],
    added: added.length,
    place: (i, use) => replaced.get(i) ?? (i < first ? images.place(i, use) : further[i - first]!),
  }
}
