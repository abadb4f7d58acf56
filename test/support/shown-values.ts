import type { TypeCase } from './type-cases.js'

/** What SELECT shows of column v, as the text that a load body holds; of a vector its bytes in hex. */
export function shown({ as }: TypeCase, kind: 'mysql' | 'mariadb'): string {
  switch (as) {
    case 'geometry': {
      // MySQL turns the axes of geographic systems around when it is not told.
      const text = kind === 'mysql' ? `st_astext(v, 'axis-order=long-lat')` : 'st_astext(v)'
      return `concat(if(st_srid(v) = 0, '', concat('SRID=', st_srid(v), ';')), ${text})`
    }
    case 'vector':
      // VECTOR_TO_STRING prints six digits of a float, too few to tell it from its neighbours.
      return 'hex(v)'
    case 'number':
      return 'cast(v as unsigned)'
    case 'bytes':
      return `replace(to_base64(v), '\\n', '')`
    case 'float':
      return 'cast(cast(v as double) as char)'
    default:
      return 'cast(v as char character set utf8mb4)'
  }
}

/** Those texts of rows of `id` and `v`, by id. */
export function textsById(rows: unknown, found: TypeCase): Map<string, string | null> {
  return new Map(
    (rows as { id: number; v: string | number | null }[]).map(row => [
      String(row.id),
      row.v === null ? null : found.as === 'geometry' ? partsInBrackets(String(row.v)) : shownText(row.v),
    ]),
  )
}

/** A number's text, the sign of a zero included. */
function shownText(value: string | number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

/** The floats of a vector. */
export function floatsOf(hex: string): number[] {
  const bytes = Buffer.from(hex, 'hex')
  return Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i))
}

/** MariaDB prints the points of a MULTIPOINT without brackets of their own. */
function partsInBrackets(text: string): string {
  return text.replace(
    /MULTIPOINT\(([^()]+)\)/g,
    (_, points: string) => `MULTIPOINT((${points.replaceAll(',', '),(')}))`,
  )
}
