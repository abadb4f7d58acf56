/** The four sizes of TEXT and BLOB, by the prefix of their names: most bytes of a value. */
export const LOB_SIZES = [
  ['tiny', 255],
  ['', 65_535],
  ['medium', 16_777_215],
  ['long', 4_294_967_295],
] as const
