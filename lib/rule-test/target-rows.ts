import type { OpenBody } from '../dispatch/epoch.js'
import { Failure } from '../model/failure.js'
import { type TargetTable, targetName } from '../model/schema.js'
import { binaryColumns } from '../rules/columns-header.js'

/** A row of a target: the text of each value; null is NULL. */
export type TargetRow = ReadonlyMap<string, string | null>

/** What loads make of a target's rows, by the ways of its model. */
export class TargetRows {
  target: TargetTable
  #rows: TargetRow[] = []

  constructor(target: TargetTable) {
    this.target = target
  }

  /** Those it lacks: another table is written here too. */
  addColumns(columns: TargetTable['columns']): void {
    const added = columns.filter(({ name }) => !this.target.columns.some(column => column.name === name))
    this.target = { ...this.target, columns: [...this.target.columns, ...added] }
  }

  get rows(): readonly TargetRow[] {
    return this.#rows
  }

  /** The rows of a JSON body. */
  load(open: OpenBody): void {
    for (const row of rowsOf(open)) this.#take(row, open.partial)
  }

  #take(given: Map<string, string | null>, partial: boolean): void {
    const isDelete = given.get('__op') === '1'
    given.delete('__op')
    if (this.target.model === 'duplicate') {
      this.#rows.push(given)
      return
    }
    const at = this.#rows.findIndex(row => this.target.key.every(name => row.get(name) === given.get(name)))
    const known = this.#rows[at]
    if (this.target.model === 'aggregate') {
      if (known === undefined) this.#rows.push(given)
      else this.#rows[at] = this.#sum(known, given)
    } else if (isDelete) {
      if (known !== undefined) this.#rows.splice(at, 1)
    } else if (known === undefined) this.#rows.push(this.#whole(given))
    else this.#rows[at] = partial ? new Map([...known, ...given]) : given
  }

  /** Columns that a partial row does not name are NULL where it is the first of its key. */
  #whole(given: TargetRow): TargetRow {
    return new Map([...this.target.columns.map(({ name }) => [name, null] as const), ...given])
  }

  #sum(known: TargetRow, given: TargetRow): TargetRow {
    return new Map([
      ...known,
      ...this.target.columns.flatMap(({ name, aggregate }) => {
        const meet = aggregate === undefined ? undefined : MEETING[aggregate]
        return meet === undefined ? [] : [[name, meet(known.get(name) ?? null, given.get(name) ?? null)] as const]
      }),
    ])
  }
}

/** The rows of a JSON body, each with `__op` where the load has it. */
export function rowsOf({ body, columns, json, route }: OpenBody): Map<string, string | null>[] {
  if (!json) throw new Failure('internal', `A body for ${targetName(route.target)} is not JSON.`)
  const text = Buffer.concat(body.pieces()).toString()
  return (JSON.parse(text) as Record<string, unknown>[]).map(fields => decoded(fields, columns))
}

function decoded(fields: Record<string, unknown>, columns: string): Map<string, string | null> {
  const row = new Map(
    Object.entries(fields).map(([name, value]) => [
      name,
      value === null || typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  )
  for (const [field, name] of binaryColumns(columns)) {
    const base64 = row.get(field) ?? null
    row.delete(field)
    row.set(name, base64 === null ? null : `0x${Buffer.from(base64, 'base64').toString('hex')}`)
  }
  return row
}

/** How values of one key meet, by the function of their column. */
const MEETING: Readonly<Record<string, (a: string | null, b: string | null) => string | null>> = {
  sum: sumOf,
  min: (a, b) => extremeOf(a, b, order => order <= 0),
  max: (a, b) => extremeOf(a, b, order => order >= 0),
}

/** NULL is neither the least nor the greatest. Dates are in order as texts are. */
function extremeOf(a: string | null, b: string | null, isFirst: (order: number) => boolean): string | null {
  if (a === null || b === null) return a ?? b
  const [left, right] = [Number(a), Number(b)]
  const isNumber = !Number.isNaN(left) && !Number.isNaN(right)
  return isFirst(isNumber ? left - right : a < b ? -1 : a > b ? 1 : 0) ? a : b
}

/** Whole and decimal numbers exactly. NULL adds nothing. */
function sumOf(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b
  const [left, right] = [scaled(a), scaled(b)]
  if (left === null || right === null) return String(Number(a) + Number(b))
  const scale = Math.max(left.scale, right.scale)
  const sum = left.value * 10n ** BigInt(scale - left.scale) + right.value * 10n ** BigInt(scale - right.scale)
  if (scale === 0) return String(sum)
  const digits = String(sum < 0n ? -sum : sum).padStart(scale + 1, '0')
  return `${sum < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

function scaled(text: string): { readonly value: bigint; readonly scale: number } | null {
  const match = /^(-?\d+)(?:\.(\d+))?$/.exec(text)
  return match === null ? null : { value: BigInt(match[1]! + (match[2] ?? '')), scale: match[2]?.length ?? 0 }
}
