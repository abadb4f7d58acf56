import { binaryColumns } from '../rules/columns-header.js'

/**
 * Reads a row of a JSON body by the target's column names in lower case: texts as they are, bytes as upper-case hexadecimal digits, documents as
 * they are written, digit for digit. `header`: the `columns` of the body. `documents`: columns, in lower case, whose texts are documents too.
 */
export function fieldReader(
  header: string,
  documents: ReadonlySet<string>,
): (row: string) => ReadonlyMap<string, string | null> {
  const binary = binaryColumns(header)
  return row => {
    const fields = new Map<string, string | null>()
    for (let at = 1; row[at] !== '}'; ) {
      const nameEnd = endOfValue(row, at)
      const name = JSON.parse(row.slice(at, nameEnd)) as string
      const end = endOfValue(row, nameEnd + 1)
      const value = row.slice(nameEnd + 1, end)
      const column = binary.get(name)
      if (column === undefined)
        fields.set(name.toLowerCase(), documents.has(name.toLowerCase()) ? orNull(value) : plain(value))
      else fields.set(column.toLowerCase(), hex(plain(value)))
      at = row[end] === ',' ? end + 1 : end
    }
    return fields
  }
}

function orNull(value: string): string | null {
  return value === 'null' ? null : value
}

function plain(value: string): string | null {
  return value.startsWith('"') ? (JSON.parse(value) as string) : orNull(value)
}

function hex(base64: string | null): string | null {
  return base64 === null ? null : Buffer.from(base64, 'base64').toString('hex').toUpperCase()
}

/** Where the value that begins at `at` ends: rows hold no space between names and values. */
function endOfValue(text: string, at: number): number {
  let depth = 0
  for (let p = at; ; p++) {
    const c = text[p]
    if (c === '"') {
      for (p++; text[p] !== '"'; p++) if (text[p] === '\\') p++
      if (depth === 0) return p + 1
    } else if (c === '{' || c === '[') depth++
    else if (c === '}' || c === ']') {
      if (depth === 0) return p
      if (--depth === 0) return p + 1
    } else if (depth === 0 && (c === ',' || c === ':' || c === undefined)) return p
  }
}
