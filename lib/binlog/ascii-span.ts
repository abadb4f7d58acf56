/**
 * Where a text of ASCII characters stands in the buffer of its image, as one number, so that nothing is made for it:
 * `at + bytes * 2^32`.
 */
const BYTES = 4_294_967_296

/** Where it begins. */
export function spanAt(span: number): number {
  return span >>> 0
}

/** How long it is. */
export function spanBytes(span: number): number {
  return Math.floor(span / BYTES)
}
