/** Value types of MySQL's binary JSON (sql-common/json_binary.h). */
export const JSONB = {
  SMALL_OBJECT: 0,
  LARGE_OBJECT: 1,
  SMALL_ARRAY: 2,
  LARGE_ARRAY: 3,
  LITERAL: 4,
  INT16: 5,
  UINT16: 6,
  INT32: 7,
  UINT32: 8,
  INT64: 9,
  UINT64: 10,
  DOUBLE: 11,
  STRING: 12,
  OPAQUE: 15,
} as const

/** The server refuses deeper documents (sql-common/json_syntax_check.h JSON_DOCUMENT_MAX_DEPTH). */
export const MAX_JSON_DEPTH = 100

/** Whether a container whose offsets have `width` bytes holds values of this type in place of their offset. */
export function isInline(type: number, width: 2 | 4): boolean {
  if (type === JSONB.LITERAL || type === JSONB.INT16 || type === JSONB.UINT16) return true
  return width === 4 && (type === JSONB.INT32 || type === JSONB.UINT32)
}
