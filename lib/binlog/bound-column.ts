import { WIRE } from './wire-type.js'

/** How the bytes of a value become text. */
export type ColumnForm =
  | 'number'
  | 'utf8'
  | 'latin1'
  | 'transcoded'
  | 'binary'
  | 'labels'
  | 'json'
  | 'geometry'
  | 'vector'
  | 'inet4'
  | 'inet6'
  | 'uuid'

/** All that is needed to decode one column's values: a table map and a table schema that agree. */
export interface BoundColumn {
  /** "schema.table", for messages. */
  readonly table: string
  readonly name: string
  /** One of WIRE. */
  readonly type: number
  /** As in WireColumn; and for TIME, DATETIME and TIMESTAMP the fraction digits, which a known table tells. */
  readonly length: number
  readonly scale: number
  readonly nullable: boolean
  readonly unsigned: boolean
  /** `number` also stands for the temporal types. */
  readonly form: ColumnForm
  /** Charset of text of form `transcoded`; null for all others. */
  readonly charset: string | null
  /** UTF-8 bytes of the labels of an ENUM or SET, in order, null for one that is not known with certainty; empty for all others. */
  readonly members: readonly (Uint8Array | null)[]
  /** BINARY, VARBINARY, BLOB: bytes that are no text. */
  readonly isBinary: boolean
  /** Why values cannot be decoded with certainty, in words that follow the column's name; null = they can. */
  readonly undecodable: string | null
}

/** Can values be stepped over even if they cannot be decoded? If not, no row of the table can be walked. */
export function isSkippable(column: BoundColumn): boolean {
  switch (column.type) {
    case WIRE.DECIMAL:
    case WIRE.NULL:
      return false
    case WIRE.TIME:
    case WIRE.DATETIME:
    case WIRE.TIMESTAMP:
      return column.undecodable === null
    default:
      return true
  }
}
