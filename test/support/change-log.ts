type Change = Readonly<Record<string, unknown>>

/** What is wrong with a table of changes with the values before them, read in its order. */
export function judgeChanges(log: readonly Change[]): string[] {
  const wrong: string[] = []
  const ids = new Set<string>()
  const rows = new Map<string, Change>()
  const columns = Object.keys(log[0] ?? {}).filter(name => !name.startsWith('_') && `_before_${name}` in log[0]!)
  if (columns.length === 0) wrong.push('no column has a value before it')
  for (const change of log) {
    const id = [change._bin_name, change._bin_pos, change._event, change._row].join(' ')
    if (ids.has(id)) wrong.push(`${id} stands there twice`)
    ids.add(id)
    const key = String(change.id)
    const known = rows.get(key)
    if ((change._op === 'insert') !== (known === undefined))
      wrong.push(`${change._op} of ${key} at ${id}, which is ${known === undefined ? 'not ' : ''}there`)
    for (const name of columns) {
      const [before, was] = [change[`_before_${name}`], change._op === 'insert' ? null : known?.[name]]
      if (before !== was) wrong.push(`${change._op} of ${key} at ${id}: ${name} was ${before}, not ${was}`)
      if (change._op === 'delete' && change[name] !== was) wrong.push(`delete of ${key} at ${id}: ${name} is another`)
    }
    if (change._op === 'delete') rows.delete(key)
    else rows.set(key, change)
  }
  return wrong.slice(0, 20)
}
