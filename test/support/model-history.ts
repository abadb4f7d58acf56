import type { Route, RowImages } from '../../lib/dispatch/route.js'
import { targetName } from '../../lib/model/schema.js'
import type { Random } from './random.js'
import { deleteOf, insertOf, type ToyRow, toyRoute, toyTarget, updateOf } from './toy-route.js'

/** What a target holds: row or group -> value. */
export type Rows = Map<string, number>

/** A change of one row: the value before, and the one after it; null where there is no row. */
interface Change {
  readonly before: readonly [number, number] | null
  readonly after: readonly [number, number] | null
}

export interface SourceEvent {
  readonly table: string
  readonly op: RowImages['op']
  readonly changes: readonly Change[]
}

export type Modes = Readonly<Record<string, Route['mode']>>

const ALL: Modes = { 'd1.a': 'upsert', 'd1.log': 'append', 'd2.b': 'upsert', 'd2.sums': 'aggregate' }
/** Source table -> its targets. */
const WAYS: Readonly<Record<string, readonly string[]>> = { a: ['d1.a', 'd1.log', 'd2.sums'], b: ['d2.b', 'd1.log'] }

/** Offset in the binlog of the boundary behind `n` transactions. */
export const offsetOf = (n: number): number => 4 + 10 * n
export const boundaryOf = (offset: number): number => (offset - 4) / 10

/** What the source did, and what each target must hold behind each of its transactions. */
export class History {
  readonly modes: Modes
  readonly transactions: readonly (readonly SourceEvent[])[]
  readonly #states: ReadonlyMap<string, Rows>[] = []
  /** Rows of the source's tables behind each transaction. */
  readonly #sources: ReadonlyMap<string, ReadonlyMap<number, number>>[] = []

  constructor(random: Random, transactions: number, strict: boolean) {
    this.modes = strict ? ALL : { 'd1.a': 'upsert', 'd2.b': 'upsert' }
    const tables = new Map(Object.keys(WAYS).map(table => [table, new Map<number, number>()]))
    const note = () => this.#sources.push(new Map([...tables].map(([table, rows]) => [table, new Map(rows)])))
    note()
    this.transactions = Array.from({ length: transactions }, () => {
      const events = random.chance(0.1) ? 0 : random.chance(0.15) ? 6 + random.below(8) : 1 + random.below(3)
      const made = Array.from({ length: events }, () => {
        const [table, rows] = [...tables][random.below(tables.size)]!
        return { table, ...randomEvent(random, rows) }
      })
      note()
      return made
    })
    let state = new Map<string, Rows>(Object.keys(this.modes).map(name => [name, new Map()]))
    this.#states.push(state)
    this.transactions.forEach((events, n) => {
      state = new Map([...state].map(([name, rows]) => [name, new Map(rows)]))
      events.forEach((event, ordinal) => {
        for (const name of this.targetsOf(event.table))
          event.changes.forEach((change, row) => {
            applyChange(this.modes[name]!, state.get(name)!, change, `${offsetOf(n)}.${ordinal}.${row}${event.op[0]}`)
          })
      })
      this.#states.push(state)
    })
  }

  /** What the targets of a database, or of all, hold behind `n` transactions. */
  stateAt(n: number, database = ''): string {
    return stateText(this.#states[n]!, database)
  }

  /** What a table of the source holds behind `n` transactions. */
  sourceAt(n: number, table: string): ReadonlyMap<number, number> {
    return this.#sources[n]!.get(table)!
  }

  targetsOf(table: string): string[] {
    return WAYS[table]!.filter(name => name in this.modes)
  }

  routes(flushRows: number): ReadonlyMap<string, readonly Route[]> {
    return new Map(
      Object.keys(WAYS).map(table => [
        table,
        this.targetsOf(table).map(name => {
          const [database, target] = name.split('.') as [string, string]
          return toyRoute(toyTarget(target, database), { source: `s.${table}`, mode: this.modes[name]!, flushRows })
        }),
      ]),
    )
  }
}

export function imagesOf({ op, changes }: SourceEvent): RowImages {
  if (op === 'insert') return insertOf(...changes.map(({ after }) => after!))
  if (op === 'delete') return deleteOf(...changes.map(({ before }) => before!))
  return updateOf(...changes.map(({ before, after }) => [before!, after!] as const))
}

/** As the target applies a row of a body. */
export function applyRow(mode: Route['mode'], rows: Rows, { key, value, op, change }: ToyRow): void {
  if (mode === 'append') add(rows, `${change} ${key},${value}`, 1)
  else if (mode === 'aggregate') {
    add(rows, `${key} sum`, op === 0 ? value : -value)
    add(rows, `${key} count`, op === 0 ? 1 : -1)
  } else if (op === 1) rows.delete(`${key}`)
  else rows.set(`${key}`, value)
}

export function stateText(tables: ReadonlyMap<string, Rows>, database = ''): string {
  return [...tables]
    .filter(([name]) => name.startsWith(database))
    .map(([name, rows]) => {
      const held = [...rows].filter(([, value]) => value !== 0).sort(([a], [b]) => (a < b ? -1 : 1))
      return `${name}: ${held.map(([row, value]) => `${row}=${value}`).join(' | ')}`
    })
    .sort()
    .join('\n')
}

export function modeOf(modes: Modes, target: { readonly database: string; readonly table: string }): Route['mode'] {
  return modes[targetName(target)]!
}

function applyChange(mode: Route['mode'], rows: Rows, { before, after }: Change, place: string): void {
  if (mode === 'append') {
    const [key, value] = (after ?? before)!
    rows.set(`${place} ${key},${value}`, 1)
    return
  }
  for (const [image, sign] of [
    [before, -1],
    [after, 1],
  ] as const) {
    if (image === null) continue
    const [key, value] = image
    if (mode === 'aggregate') {
      add(rows, `${key} sum`, sign * value)
      add(rows, `${key} count`, sign)
    } else if (sign < 0) rows.delete(`${key}`)
    else rows.set(`${key}`, value)
  }
}

function add(rows: Rows, row: string, value: number): void {
  rows.set(row, (rows.get(row) ?? 0) + value)
}

function randomEvent(random: Random, rows: Map<number, number>): Omit<SourceEvent, 'table'> {
  // 255 is what the toy CSV cannot carry.
  const value = (): number => (random.chance(0.02) ? 255 : 1 + random.below(9))
  const op = rows.size === 0 || random.chance(0.4) ? 'insert' : random.chance(0.7) ? 'update' : 'delete'
  const changes: Change[] = []
  for (let n = 1 + random.below(3); n > 0; n--) {
    const held = [...rows]
    const free = Array.from({ length: 9 }, (_, key) => key).filter(key => !rows.has(key))
    if (op === 'insert' && free.length > 0) {
      const after = [free[random.below(free.length)]!, value()] as const
      changes.push({ before: null, after })
      rows.set(...after)
    } else if (op !== 'insert' && held.length > 0) {
      const before = held[random.below(held.length)]!
      const key = free.length > 0 && random.chance(0.3) ? free[random.below(free.length)]! : before[0]
      const after = op === 'delete' ? null : ([key, value()] as const)
      changes.push({ before, after })
      rows.delete(before[0])
      if (after !== null) rows.set(...after)
    }
  }
  return { op, changes }
}
