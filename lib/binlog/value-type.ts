import type { SourceColumn } from '../model/schema.js'
import type { ValueType } from '../model/value.js'

/**
 * What values a column has, as rules see them: TIMESTAMP as `datetime`; FLOAT as the double of the same value; ENUM, SET, UUID,
 * INET4, INET6, geometries and VECTOR as the text that the stream writes for them, and so do types that are not known.
 */
export function valueTypeOf(column: SourceColumn): ValueType {
  switch (column.dataType) {
    case 'tinyint':
      return { kind: 'integer', bits: 8, unsigned: column.unsigned }
    case 'smallint':
      return { kind: 'integer', bits: 16, unsigned: column.unsigned }
    case 'mediumint':
      return { kind: 'integer', bits: 24, unsigned: column.unsigned }
    case 'int':
      return { kind: 'integer', bits: 32, unsigned: column.unsigned }
    case 'bigint':
      return { kind: 'integer', bits: 64, unsigned: column.unsigned }
    case 'bit':
      return { kind: 'bit', bits: column.precision ?? 1 }
    case 'decimal':
      return { kind: 'decimal', precision: column.precision ?? 10, scale: column.scale ?? 0 }
    case 'float':
    case 'double':
      return { kind: 'double' }
    case 'year':
    case 'date':
    case 'json':
      return { kind: column.dataType }
    case 'datetime':
    case 'timestamp':
      return { kind: 'datetime', fractionDigits: column.fractionDigits ?? 0 }
    case 'time':
      return { kind: 'time', fractionDigits: column.fractionDigits ?? 0 }
    case 'binary':
    case 'varbinary':
    case 'tinyblob':
    case 'blob':
    case 'mediumblob':
    case 'longblob':
      return { kind: 'bytes', maxLength: column.maxLength }
    default:
      return { kind: 'text', maxLength: longestText(column) }
  }
}

/** A text of this many characters at most; null: not known. The limits of TEXT types count bytes, of which a character has one at least. */
function longestText({ dataType, maxLength, members }: SourceColumn): number | null {
  switch (dataType) {
    case 'enum':
      return Math.max(0, ...members.map(characters))
    case 'set':
      return Math.max(
        0,
        members.reduce((sum, label) => sum + characters(label) + 1, -1),
      )
    case 'uuid':
      return 36
    case 'inet4':
      return 15
    case 'inet6':
      return 45
    default:
      return maxLength
  }
}

function characters(label: string): number {
  return [...label].length
}

/** LONGTEXT and LONGBLOB hold so many bytes. */
const LONGEST = 4_294_967_295
/** Texts beyond these are LONGTEXT: in UTF-8 they may be longer than any column of StarRocks. */
const MOST_CHARACTERS = 262_144
const MOST_BYTES = 1_048_576

const INTEGERS = { 8: 'tinyint', 16: 'smallint', 24: 'mediumint', 32: 'int', 64: 'bigint' } as const

/**
 * A column of a source table that holds values of a type: what `valueTypeOf` gives for it holds all of them. Its values stand
 * behind an image as `TextValueWriter` writes them, read by `textColumn(…, 'text')`. May be NULL.
 */
export function sourceColumnOf(name: string, type: ValueType, comment: string): SourceColumn {
  const none = {
    name,
    unsigned: false,
    nullable: true,
    charset: null,
    maxLength: null,
    precision: null,
    scale: null,
    fractionDigits: null,
    members: [],
    comment,
  }
  const column = (columnType: string, facts: Partial<SourceColumn> = {}): SourceColumn => ({
    ...none,
    dataType: /^[a-z]+/.exec(columnType)![0],
    columnType,
    ...facts,
  })
  switch (type.kind) {
    case 'integer': {
      const { unsigned } = type
      return column(`${INTEGERS[type.bits]}${unsigned ? ' unsigned' : ''}`, { unsigned })
    }
    case 'bit':
      return column(`bit(${type.bits})`, { precision: type.bits })
    case 'decimal': {
      const { precision, scale } = type
      return column(`decimal(${precision},${scale})`, { precision, scale })
    }
    case 'text': {
      const maxLength = type.maxLength ?? LONGEST
      const charset = 'utf8mb4'
      if (maxLength > MOST_CHARACTERS) return column('longtext', { maxLength: LONGEST, charset })
      return column(`varchar(${maxLength})`, { maxLength, charset })
    }
    case 'bytes': {
      const maxLength = type.maxLength ?? LONGEST
      if (maxLength > MOST_BYTES) return column('longblob', { maxLength: LONGEST })
      return column(`varbinary(${maxLength})`, { maxLength })
    }
    case 'datetime':
    case 'time': {
      const { kind, fractionDigits } = type
      return column(fractionDigits === 0 ? kind : `${kind}(${fractionDigits})`, { fractionDigits })
    }
    default:
      return column(type.kind)
  }
}
