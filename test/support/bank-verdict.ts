import { createConnection, type RowDataPacket } from 'mysql2/promise'
import type { ServerAddress } from '../../lib/servers/test-server.js'
import type { BankTraffic } from './bank-traffic.js'
import { comparison } from './equal-tables.js'

/** Rows looked at in the target, and what is wrong with them in sentences. */
export interface Verdict {
  readonly rows: number
  readonly differences: readonly string[]
}

/** [[source]] and [[rule]] blocks: the three tables as they are, every change of items, sums of items and accounts_b. */
export function bankRules(schema: string): string {
  const rule = (table: string, more = '') => `[[rule]]\nschema = "${schema}"\ntable = "${table}"\n${more}\n`
  return [
    `[[source]]\nschema = "${schema}"\ntables = ["accounts_a", "accounts_b", "items"]\n`,
    rule('accounts_a'),
    rule('accounts_b'),
    rule('items'),
    rule('items', 'sr_table = "items_log"\nmode = "append"'),
    rule('items', 'sr_table = "items_sums"\ngroup_by = ["grp"]\nmeasures = { n = "count(*)", total = "sum(amount)" }'),
    rule(
      'accounts_b',
      'sr_table = "branches"\ngroup_by = ["branch"]\nmeasures = { n = "count(*)", total = "sum(balance)" }',
    ),
  ].join('\n')
}

/** Compares all targets with the source; nothing may change meanwhile. */
export async function judgeBank(
  server: ServerAddress,
  targetPort: number,
  schema: string,
  traffic: BankTraffic,
): Promise<Verdict> {
  const tables = ['accounts_a', 'accounts_b', 'items'].map(table => ({
    source: { schema, table },
    target: { database: schema, table },
    key: ['id'],
  }))
  const compared = await comparison(server, targetPort, tables)
  const differences = compared
    .filter(c => c.differs > 0)
    .map(c => `${c.table}: ${c.missing} missing, ${c.extra} extra, ${c.changed} changed: ${JSON.stringify(c.examples)}`)
  const source = (sql: string) => server.sql(sql) as Promise<RowDataPacket[]>
  const connection = await createConnection({
    host: '127.0.0.1',
    port: targetPort,
    user: 'root',
    dateStrings: true,
    supportBigNumbers: true,
  })
  try {
    const target = async (sql: string) => (await connection.query<RowDataPacket[]>(sql))[0]
    const log = await target(`select * from ${schema}.items_log order by _bin_name, _bin_pos, _event, _row`)
    differences.push(...judgeLog(log, await source(`select * from ${schema}.items`), traffic.itemChanges))
    let groups = 0
    for (const [name, key, table, sum] of [
      ['items_sums', 'grp', 'items', 'amount'],
      ['branches', 'branch', 'accounts_b', 'balance'],
    ] as const) {
      const wanted = await source(
        `select ${key} as k, count(*) as n, sum(${sum}) as total from ${schema}.${table} group by ${key}`,
      )
      const found = await target(`select ${key} as k, n, total from ${schema}.${name}`)
      groups += found.length
      differences.push(...judgeSums(name, found, wanted))
    }
    return { rows: compared.reduce((sum, c) => sum + c.target, 0) + log.length + groups, differences }
  } finally {
    await connection.end()
  }
}

type Row = Readonly<Record<string, unknown>>

/** Every change once, and all of them one after the other make the source's rows. */
export function judgeLog(log: readonly Row[], items: readonly Row[], changes: number): string[] {
  const wrong: string[] = []
  const places = new Map<string, number>()
  const rows = new Map<unknown, string>()
  for (const change of log) {
    const place = [change._bin_name, change._bin_pos, change._event, change._row].join(' ')
    places.set(place, (places.get(place) ?? 0) + 1)
    if (change._op === 'delete') rows.delete(change.id)
    else rows.set(change.id, itemText(change))
  }
  const twice = [...places].filter(([, times]) => times > 1)
  if (log.length !== changes) wrong.push(`items_log: ${log.length} rows for ${changes} changes`)
  if (twice.length > 0) wrong.push(`items_log: ${twice.length} changes stand there more than once, first ${twice[0]}`)
  const lost = items.filter(item => rows.get(item.id) !== itemText(item))
  if (lost.length > 0) wrong.push(`items_log: replayed, ${lost.length} rows differ, first ${JSON.stringify(lost[0])}`)
  if (rows.size !== items.length) wrong.push(`items_log: replayed, ${rows.size} rows for ${items.length}`)
  return wrong
}

function itemText({ grp, amount, note }: Row): string {
  return JSON.stringify([grp, Number(amount), note])
}

/** Equal to GROUP BY; a group whose count is 0 has a total of 0. */
export function judgeSums(name: string, found: readonly Row[], wanted: readonly Row[]): string[] {
  const group = ({ n, total }: Row) => `count ${Number(n)}, total ${Number(total)}`
  const left = new Map(found.map(row => [Number(row.k), group(row)]))
  const wrong: string[] = []
  if (left.size !== found.length) wrong.push(`${name}: ${found.length} rows for ${left.size} groups`)
  for (const row of wanted) {
    const key = Number(row.k)
    if (left.get(key) !== group(row)) wrong.push(`${name} ${key}: ${left.get(key)}; at the source ${group(row)}`)
    left.delete(key)
  }
  for (const [key, text] of left)
    if (text !== 'count 0, total 0') wrong.push(`${name} ${key}: ${text}; not at the source`)
  return wrong
}
