import type { Promised } from './rule-example.js'
import type { SyncBench } from './sync-bench.js'

/** What of this target database is not as promised, in sentences; nothing may change meanwhile. */
export async function promisedDifferences(
  bench: SyncBench,
  database: string,
  promised: readonly Promised[],
): Promise<string[]> {
  const connection = await bench.server.connect({ dateStrings: true, supportBigNumbers: true })
  try {
    const found: string[] = []
    for (const { target, source } of promised) {
      const [told] = await connection.query({ sql: source, rowsAsArray: true })
      const wanted = (told as unknown[][]).map(rowText).sort()
      const rows = (await bench.targetRows(`use ${database}`, target)).map(rowText).sort()
      if (wanted.length === 0) found.push(`${source}: there is nothing to compare`)
      const [missing] = wanted.filter(row => !rows.includes(row))
      const [extra] = rows.filter(row => !wanted.includes(row))
      if (missing !== undefined || extra !== undefined || rows.length !== wanted.length)
        found.push(`${target}: ${rows.length} rows of ${wanted.length}; missing ${missing}; extra ${extra}`)
    }
    return found
  } finally {
    await connection.end()
  }
}

/** Decimals and moments without the zeros at their end. */
function rowText(row: readonly unknown[]): string {
  return row
    .map(value =>
      value === null
        ? 'NULL'
        : String(value)
            .replace(/^(-?\d+\.\d*?|.*:\d\d\.\d*?)0+$/, '$1')
            .replace(/\.$/, ''),
    )
    .join(' | ')
}
