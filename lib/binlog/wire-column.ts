/** One column as a table map describes it; null = the table map does not say. */
export interface WireColumn {
  /** One of WIRE; ENUM and SET are told apart from STRING. */
  readonly type: number
  /**
   * VARCHAR, STRING: most bytes of a value. BLOB, JSON, GEOMETRY, VECTOR: bytes of the length in front of a value.
   * ENUM, SET, FLOAT, DOUBLE: bytes of a value. BIT: bits. TIME2, DATETIME2, TIMESTAMP2: fraction digits.
   * NEWDECIMAL: precision. 0 for all others.
   */
  readonly length: number
  /** NEWDECIMAL: fraction digits. 0 for all others. */
  readonly scale: number
  readonly nullable: boolean
  readonly unsigned: boolean | null
  /** Collation of a string, ENUM or SET column; 63 is binary. */
  readonly collationId: number | null
  readonly name: string | null
  /** Labels of an ENUM or SET in order; null also when their charset cannot be decoded here. */
  readonly members: readonly string[] | null
  /** How many labels, known even where `members` is null for their charset. */
  readonly memberCount: number | null
  readonly geometryType: number | null
  readonly visible: boolean | null
  readonly dimensions: number | null
}

/** A column of which a table map tells its wire type and the given facts, and nothing else. */
export function wireColumn(type: number, facts: Partial<WireColumn> = {}): WireColumn {
  return {
    type,
    length: 0,
    scale: 0,
    nullable: false,
    unsigned: null,
    collationId: null,
    name: null,
    members: null,
    memberCount: null,
    geometryType: null,
    visible: null,
    dimensions: null,
    ...facts,
  }
}

/** A column while its table map is being decoded. */
export type MutableColumn = { -readonly [K in keyof WireColumn]: WireColumn[K] }
