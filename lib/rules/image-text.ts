import type { BoundColumn } from '../binlog/bound-column.js'
import type { ImageKind } from '../binlog/image-form.js'
import { compileRowEncoder } from '../binlog/row-encoder.js'
import type { Zone } from '../model/zone.js'

interface ShownImages {
  /** Default: binlog. */
  readonly kind?: ImageKind
  /** Per column whether it is one to show; default: all. */
  readonly shown?: readonly boolean[]
  /** As in `RowLayout`. */
  readonly added?: number
}

/**
 * Writes a row image of a table as the text of a JSON object: every column that can be decoded, by source name, rules
 * aside; bytes in base64. Compiled when it is first asked for, since few tables ever need it.
 */
export function imageText(
  columns: readonly BoundColumn[],
  zone: Zone,
  images: ShownImages = {},
): (buffer: Buffer, at: number, limit: number) => string {
  let write: ReturnType<typeof compileImage> | null = null
  return (buffer, at, limit) => {
    write ??= compileImage(columns, zone, images)
    return write(buffer, at, limit)
  }
}

function compileImage(columns: readonly BoundColumn[], zone: Zone, { kind = 'binlog', shown, added = 0 }: ShownImages) {
  const none = new Uint8Array(0)
  const encoder = compileRowEncoder({
    images: kind,
    columns,
    added,
    fields: columns.map((column, i) =>
      column.undecodable === null && shown?.[i] !== false
        ? { name: column.name, form: column.isBinary ? 'base64' : 'text' }
        : null,
    ),
    key: [],
    constants: [],
    op: false,
    change: false,
    measures: [],
    format: 'json',
    columnSeparator: none,
    rowDelimiter: none,
    zone,
  })
  return (buffer: Buffer, at: number, limit: number): string => {
    const bytes = encoder.skip(buffer, at, limit) - at + encoder.inflated(buffer, at, limit)
    const out = Buffer.allocUnsafe(encoder.bound(bytes))
    return out.toString('utf8', 0, encoder.encode(buffer, at, limit, out, 0, 0))
  }
}
