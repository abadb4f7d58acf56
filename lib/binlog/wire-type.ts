/** Column types as table maps name them (MySQL include/field_types.h; MariaDB sql/field.h adds the compressed ones). */
export const WIRE = {
  DECIMAL: 0,
  TINY: 1,
  SHORT: 2,
  LONG: 3,
  FLOAT: 4,
  DOUBLE: 5,
  NULL: 6,
  TIMESTAMP: 7,
  LONGLONG: 8,
  INT24: 9,
  DATE: 10,
  TIME: 11,
  DATETIME: 12,
  YEAR: 13,
  NEWDATE: 14,
  VARCHAR: 15,
  BIT: 16,
  TIMESTAMP2: 17,
  DATETIME2: 18,
  TIME2: 19,
  BLOB_COMPRESSED: 140,
  VARCHAR_COMPRESSED: 141,
  VECTOR: 242,
  JSON: 245,
  NEWDECIMAL: 246,
  ENUM: 247,
  SET: 248,
  TINY_BLOB: 249,
  MEDIUM_BLOB: 250,
  LONG_BLOB: 251,
  BLOB: 252,
  VAR_STRING: 253,
  STRING: 254,
  GEOMETRY: 255,
} as const

const NAMES = new Map<number, string>(Object.entries(WIRE).map(([name, code]) => [code, name]))

/** "VARCHAR", or "type 99" for a code that is not known. */
export function wireTypeName(type: number): string {
  return NAMES.get(type) ?? `type ${type}`
}

/** MariaDB's COMPRESSED columns. */
export function isCompressed(type: number): boolean {
  return type === WIRE.BLOB_COMPRESSED || type === WIRE.VARCHAR_COMPRESSED
}

/** Types that the SIGNEDNESS bitmap of a table map covers. */
export function hasSignedness(type: number): boolean {
  switch (type) {
    case WIRE.TINY:
    case WIRE.SHORT:
    case WIRE.INT24:
    case WIRE.LONG:
    case WIRE.LONGLONG:
    case WIRE.NEWDECIMAL:
    case WIRE.FLOAT:
    case WIRE.DOUBLE:
    case WIRE.YEAR:
      return true
    default:
      return false
  }
}

/** Types whose values are numbers that can be added up, as text of which the sign can be turned. */
export function isSummable({ type }: { readonly type: number }): boolean {
  return hasSignedness(type) && type !== WIRE.YEAR
}

/** Types that the charset fields of a table map cover (ENUM and SET have fields of their own; VECTOR counts as binary). */
export function hasCharset(type: number): boolean {
  switch (type) {
    case WIRE.STRING:
    case WIRE.VAR_STRING:
    case WIRE.VARCHAR:
    case WIRE.BLOB:
    case WIRE.TINY_BLOB:
    case WIRE.MEDIUM_BLOB:
    case WIRE.LONG_BLOB:
    case WIRE.BLOB_COMPRESSED:
    case WIRE.VARCHAR_COMPRESSED:
    case WIRE.VECTOR:
      return true
    default:
      return false
  }
}

const DIGIT_BYTES = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4]

/** Bytes of a DECIMAL(precision, scale): nine digits in four bytes, the rest in as few as hold them. */
export function decimalBytes(precision: number, scale: number): number {
  const whole = precision - scale
  return Math.floor(whole / 9) * 4 + DIGIT_BYTES[whole % 9]! + Math.floor(scale / 9) * 4 + DIGIT_BYTES[scale % 9]!
}
