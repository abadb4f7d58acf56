/** A place in the order of a table's key: for each key column, in key order, its value as a SQL literal of the source ("17", "_utf8mb4 x'6162'"). */
export type KeyBound = readonly string[]

/** The rows of a table whose key lies behind `after` and not behind `upTo`, in the source's order of keys; null: no bound. */
export interface ChunkRange {
  readonly after: KeyBound | null
  readonly upTo: KeyBound | null
}

/**
 * Rows as MySQL's text protocol carries them, one behind the other without packet headers: per selected column a
 * length-encoded string (first byte below 0xfb: the length; 0xfb: NULL; 0xfc, 0xfd, 0xfe: 2, 3, 8 length bytes follow, little-endian).
 */
export interface TextRows {
  readonly buffer: Buffer
  readonly at: number
  readonly end: number
  readonly rows: number
}
