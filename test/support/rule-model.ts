import { createHmac } from 'node:crypto'
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { type RandomRule, SALT } from './random-rules.js'

/** Rows of a target that are to be there, and those that are, each as one text. */
export interface Judged {
  readonly wanted: readonly string[]
  readonly found: readonly string[]
}

type Cells = readonly (string | null)[]

/** What a SELECT on the source says that the target of a rule over `orders` is to hold, and what it holds; both in order. */
export async function judge(
  rule: RandomRule,
  source: Connection,
  target: Connection,
  database: string,
): Promise<Judged> {
  const wanted = (await ask(source, modelOf(rule))).map(cells => shown(rule, cells, true))
  const found = (await rowsOf(rule, target, database)).map(cells => shown(rule, cells, false))
  return { wanted: wanted.sort(), found: found.sort() }
}

/** Rows of a soft rule that are marked as deleted, by id. */
export async function markedRows(rule: RandomRule, target: Connection, database: string): Promise<Set<string | null>> {
  const marked = `gone = 1 and gone_at is not null`
  return new Set((await ask(target, `select id from ${database}.${rule.target} where ${marked}`)).map(([id]) => id!))
}

/** All values come as text. */
export async function ask(connection: Connection, sql: string): Promise<Cells[]> {
  const [rows] = await connection.query<RowDataPacket[]>({
    sql,
    rowsAsArray: true,
    typeCast: field => field.string(),
  })
  return rows as unknown as Cells[]
}

/** The SELECT on the source that a rule stands for. */
export function modelOf({ columns, where, groups }: RandomRule): string {
  const list = columns.map(({ sql }, n) => `${sql} as c${n}`).join(', ')
  const grouped = columns.slice(0, groups).map(({ sql }) => `cast(${sql} as binary)`)
  return `select ${list} from orders${where === null ? '' : ` where ${where}`}${groups === 0 ? '' : ` group by ${grouped.join(', ')}`}`
}

async function rowsOf(rule: RandomRule, target: Connection, database: string): Promise<Cells[]> {
  const list = rule.columns.map(({ name }) => `\`${name}\``).join(', ')
  const from = `from ${database}.${rule.target}`
  switch (rule.mode) {
    case 'upsert':
      return ask(target, `select ${list} ${from}${rule.isSoft ? ' where gone = 0 and gone_at is null' : ''}`)
    case 'aggregate':
      // A group whose last row is gone stays, with nothing in it.
      return ask(target, `select ${list} ${from} where n <> 0`)
    case 'append': {
      const log = await ask(target, `select _op, ${list} ${from} order by _bin_name, _bin_pos, _event, _row`)
      const id = 1 + rule.columns.findIndex(({ name }) => name === 'id')
      const rows = new Map<string | null, Cells>()
      for (const [op, ...cells] of log) {
        const key = cells[id - 1]!
        if ((op === 'insert') === rows.has(key)) throw new Error(`${rule.target}: ${op} of row ${key} out of order`)
        if (op === 'delete') rows.delete(key)
        else rows.set(key, cells)
      }
      return [...rows.values()]
    }
  }
}

function shown({ columns }: RandomRule, cells: Cells, isModel: boolean): string {
  return columns
    .map(({ name, isHashed }, n) => {
      const text = cells[n]!
      if (text === null) return `${name}=NULL`
      return `${name}=${isModel && isHashed ? createHmac('sha256', SALT).update(text).digest('hex') : plain(text)}`
    })
    .join(' | ')
}

/** Zeros at the end say nothing: a DECIMAL has those of its type, and a moment none in StarRocks. */
function plain(text: string): string {
  return /^-?\d+\.\d+$/.test(text) || /:\d\d\.\d+$/.test(text) ? text.replace(/\.?0+$/, '') : text
}
