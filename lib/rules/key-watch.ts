import type { BoundColumn } from '../binlog/bound-column.js'
import type { ImageKind } from '../binlog/image-form.js'
import { literalValue } from '../binlog/key-literal.js'
import { compileKeyReader } from '../binlog/key-reader.js'
import type { KeyBound } from '../model/chunk.js'
import type { KeyWatch } from '../model/key-watch.js'
import type { SourceColumn } from '../model/schema.js'
import { isUtf8 } from '../model/source-sql.js'
import type { Zone } from '../model/zone.js'

/** A key as both sides know it. */
export interface WatchedKey {
  /** Texts of its columns as the stream writes them into the target. */
  readonly texts: readonly string[]
  /** SQL literals of the source. */
  readonly literals: KeyBound
}

/** Where a row is written. */
export interface WatchedPlace {
  /** Ordinal of its epoch. */
  readonly epoch: number
  /** The epoch is read again, so an earlier run may have loaded the row, and what came behind it; or the row is asked for because the target has it wrong. */
  readonly again: boolean
}

/** Hears of keys that come and go in a target of several tables that nothing in the key tells apart. */
export interface KeyListener {
  /** False for now: keys need not be read. */
  readonly active: boolean
  /** @throws Failure keyCollision where another table has the key */
  appears(key: WatchedKey, place: WatchedPlace): void
  vanishes(key: WatchedKey, place: WatchedPlace): void
}

/** A key column as images hold it, and whether the target has its bytes in Base64. */
export interface WatchedColumn {
  readonly column: SourceColumn
  /** Index in the image; -1: it is not there. */
  readonly index: number
  readonly base64: boolean
}

/** Why keys with this column cannot be looked for in the target, as the end of a sentence; null: they can. */
export function unwatchable({ dataType, charset, name }: SourceColumn): string | null {
  if (dataType === 'float' || dataType === 'double') return `${name} is ${dataType.toUpperCase()}`
  const isNumbered = dataType === 'enum' || dataType === 'set'
  return charset === null || isNumbered || isUtf8(charset) || charset === 'latin1' || charset === 'ascii'
    ? null
    : `${name} is text in ${charset}`
}

/**
 * Reads the keys of images for a listener. `skip`: bytes in front of each image; `added`: values behind it. Null where these images do not hold the key.
 * @throws Failure notDecodable for columns whose values cannot be read
 */
export function watchKeys(
  listener: KeyListener,
  images: {
    readonly kind: ImageKind
    readonly columns: readonly BoundColumn[]
    readonly skip: number
    readonly added: number
  },
  key: readonly WatchedColumn[],
  zone: Zone,
): KeyWatch | null {
  if (key.length === 0 || key.some(({ index }) => index === -1)) return null
  const { skip } = images
  const reader = compileKeyReader(images.kind, images.columns, key, zone, images.added)
  const keyAt = (buffer: Buffer, at: number, limit: number): WatchedKey => {
    const literals = reader.keyBound(buffer, at + skip, limit)
    return { literals, texts: literals.map((literal, n) => keyText(key[n]!, literal)) }
  }
  return {
    appears(buffer, at, limit, epoch, again) {
      if (listener.active) listener.appears(keyAt(buffer, at, limit), { epoch, again })
    },
    vanishes(buffer, at, limit, epoch, again) {
      if (listener.active) listener.vanishes(keyAt(buffer, at, limit), { epoch, again })
    },
  }
}

/** MySQL's latin1 is this one. */
const LATIN1 = new TextDecoder('windows-1252')

function keyText({ column, base64 }: WatchedColumn, literal: string): string {
  const value = literalValue(literal)
  if (base64) return value.toString('base64')
  const { dataType, members, charset } = column
  if (dataType === 'enum') return members[Number(literal) - 1] ?? ''
  if (dataType === 'set') return members.filter((_, n) => ((BigInt(literal) >> BigInt(n)) & 1n) === 1n).join(',')
  return charset === 'latin1' ? LATIN1.decode(value) : value.toString('utf8')
}
