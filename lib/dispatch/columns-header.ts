/** The names at the head of a `columns` header that stand for fields of the body, in order. */
export function columnNames(columns: string): string[] {
  const names: string[] = []
  const pattern = /\s*(?:`((?:[^`]|``)*)`|([^`,=\s]+))\s*(,|$)/y
  for (let match = pattern.exec(columns); match !== null; match = pattern.exec(columns)) {
    names.push(match[1]?.replaceAll('``', '`') ?? match[2]!)
    if (match[3] === '') break
  }
  return names
}
