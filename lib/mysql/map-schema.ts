import { charsetOfCollation, maxBytesPerCharacter } from '../binlog/charset.js'
import type { TableMap } from '../binlog/table-map.js'
import type { WireColumn } from '../binlog/wire-column.js'
import { WIRE } from '../binlog/wire-type.js'
import type { SourceColumn, TableSchema } from '../model/schema.js'
import { LOB_SIZES } from './lob-sizes.js'

/** Whether a table map tells names, signs, character sets and labels by itself (binlog_row_metadata=FULL). */
export function hasFullMetadata({ columns }: TableMap): boolean {
  return columns.length > 0 && columns.every(column => column.name !== null)
}

/** The table as a map with FULL metadata describes it. Comments, and lengths that the map does not tell, are missing; a unique key is not known. `collations`: names by id. */
export function schemaOfMap(map: TableMap, mariadb: boolean, collations: CollationNames): TableSchema {
  const { schema, table } = map
  const columns = map.columns.map(wire => withCollation(sourceColumn(wire, mariadb), wire, collations))
  return { schema, table, columns, key: (map.primaryKey ?? []).map(i => columns[i]!.name), comment: '' }
}

type CollationNames = ReadonlyMap<number, string> | undefined

/** The known table with the collations of its rows' map, which tells them where binlog_row_metadata is not NO_LOG. */
export function withCollations(known: TableSchema, map: TableMap, collations: CollationNames): TableSchema {
  let isOther = false
  const columns = known.columns.map((column, i) => {
    const wire = map.columns[i]
    const told = wire === undefined ? column : withCollation(column, wire, collations)
    isOther ||= told.collation !== column.collation
    return told
  })
  return isOther ? { ...known, columns } : known
}

function withCollation(column: SourceColumn, wire: WireColumn, collations: CollationNames): SourceColumn {
  const collation = wire.collationId === null ? undefined : collations?.get(wire.collationId)
  return column.charset === null || collation === undefined ? column : { ...column, collation }
}

const PLAIN = { maxLength: null, precision: null, scale: null, fractionDigits: null, members: [] as readonly string[] }

function sourceColumn(wire: WireColumn, mariadb: boolean): SourceColumn {
  const unsigned = wire.unsigned ?? false
  const charset = charsetOf(wire)
  const common = { ...PLAIN, name: wire.name ?? '', unsigned, nullable: wire.nullable, charset, comment: '' }
  const of = (dataType: string, columnType = dataType): SourceColumn => ({ ...common, dataType, columnType })
  const number = (dataType: string, precision: number): SourceColumn => ({
    ...of(dataType, `${dataType}${unsigned ? ' unsigned' : ''}`),
    precision,
    scale: 0,
  })
  switch (wire.type) {
    case WIRE.TINY:
      return number('tinyint', 3)
    case WIRE.SHORT:
      return number('smallint', 5)
    case WIRE.INT24:
      return number('mediumint', 7)
    case WIRE.LONG:
      return number('int', 10)
    case WIRE.LONGLONG:
      return number('bigint', unsigned ? 20 : 19)
    case WIRE.NEWDECIMAL: {
      const columnType = `decimal(${wire.length},${wire.scale})${unsigned ? ' unsigned' : ''}`
      return { ...of('decimal', columnType), precision: wire.length, scale: wire.scale }
    }
    case WIRE.FLOAT:
      return { ...of('float'), precision: 12 }
    case WIRE.DOUBLE:
      return { ...of('double'), precision: 22 }
    case WIRE.BIT:
      return { ...of('bit', `bit(${wire.length})`), precision: wire.length }
    case WIRE.YEAR:
      return { ...of('year'), unsigned: false }
    case WIRE.DATE:
      return of('date')
    case WIRE.TIME:
    case WIRE.TIME2:
      return temporal(of('time'), wire)
    case WIRE.DATETIME:
    case WIRE.DATETIME2:
      return temporal(of('datetime'), wire)
    case WIRE.TIMESTAMP:
    case WIRE.TIMESTAMP2:
      return temporal(of('timestamp'), wire)
    case WIRE.ENUM:
    case WIRE.SET: {
      const members = wire.members ?? []
      const dataType = wire.type === WIRE.ENUM ? 'enum' : 'set'
      const labels = members.map(member => `'${member.replaceAll("'", "''")}'`).join(',')
      return { ...of(dataType, `${dataType}(${labels})`), members, maxLength: longestText(dataType, members) }
    }
    case WIRE.JSON:
      return of('json')
    case WIRE.GEOMETRY:
      return of('geometry')
    case WIRE.VECTOR:
      return of('vector', `vector(${wire.dimensions ?? ''})`)
    case WIRE.BLOB:
    case WIRE.BLOB_COMPRESSED:
      return blob(of, wire, charset)
    case WIRE.STRING:
      return text(of, wire, charset === null ? 'binary' : 'char', charset, mariadb)
    default:
      return text(of, wire, charset === null ? 'varbinary' : 'varchar', charset, mariadb)
  }
}

function charsetOf(wire: WireColumn): string | null {
  const charset = wire.collationId === null ? null : charsetOfCollation(wire.collationId)
  if (charset !== 'binary') return charset
  return wire.type === WIRE.ENUM || wire.type === WIRE.SET ? charset : null
}

function temporal(column: SourceColumn, wire: WireColumn): SourceColumn {
  const digits = wire.length
  return {
    ...column,
    columnType: digits > 0 ? `${column.dataType}(${digits})` : column.dataType,
    fractionDigits: digits,
  }
}

function longestText(dataType: string, members: readonly string[]): number {
  const lengths = members.map(member => [...member].length)
  return dataType === 'enum' ? Math.max(0, ...lengths) : lengths.reduce((sum, n) => sum + n, 0) + members.length - 1
}

function blob(of: (dataType: string) => SourceColumn, wire: WireColumn, charset: string | null): SourceColumn {
  const [size, maxLength] = LOB_SIZES[wire.length - 1] ?? LOB_SIZES[3]
  return { ...of(`${size}${charset === null ? 'blob' : 'text'}`), maxLength }
}

/** A map with FULL metadata counts bytes. */
function text(
  of: (dataType: string, columnType?: string) => SourceColumn,
  wire: WireColumn,
  dataType: string,
  charset: string | null,
  mariadb: boolean,
): SourceColumn {
  const perCharacter = charset === null ? 1 : (maxBytesPerCharacter(charset) ?? 1)
  const maxLength = Math.floor(wire.length / perCharacter)
  // MariaDB's UUID, INET4 and INET6 look like BINARY.
  const columnType =
    mariadb && dataType === 'binary' ? `binary(${maxLength}), uuid or inet` : `${dataType}(${maxLength})`
  return { ...of(dataType, columnType), maxLength }
}
