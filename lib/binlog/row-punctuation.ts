import type { RowLayout } from './row-layout.js'

/** Bytes that stand between, before and behind the fields of a row. */
export interface RowPunctuation {
  /** In front of each written column, by column index; JSON names included. */
  readonly before: readonly (Uint8Array | null)[]
  /** In front of each sum over a column, by column index; empty for nearly all columns. */
  readonly sums: readonly (readonly Uint8Array[])[]
  /** Behind a value that is not NULL, as `before` ends: JSON's quotes. */
  readonly quoted: readonly boolean[]
  readonly nullText: Uint8Array
  /** Behind the last column, for op 0 and 1: constants, counts, `__op`. */
  readonly tails: readonly [Uint8Array, Uint8Array]
  /** Fields of a row in all. */
  readonly fields: number
}

/** A field that is the same in every row of one op. */
type Fixed = readonly { readonly name: string; readonly text: string | null }[]

export function rowPunctuation(layout: RowLayout): RowPunctuation {
  const csv = layout.format === 'csv'
  let fields = layout.change ? 1 : 0
  const next = (name: string): Uint8Array => {
    const first = fields++ === 0
    if (csv) return first ? new Uint8Array(0) : layout.columnSeparator
    return Buffer.from(`${first ? '{' : ','}${JSON.stringify(name)}:`)
  }
  const before: (Uint8Array | null)[] = []
  const sums: Uint8Array[][] = []
  const text = (value: string | null): Uint8Array =>
    Buffer.from(csv ? (value ?? '\\N') : value === null ? 'null' : JSON.stringify(value))
  let waiting: Uint8Array[] = []
  /** Literals stand in no column's place, so the next field that is written takes them in front of its own separator. */
  const behindLiterals = (separator: Uint8Array): Uint8Array => {
    const whole = waiting.length === 0 ? separator : Buffer.concat([...waiting, separator])
    waiting = []
    return whole
  }
  const addLiterals = (at: (before: number) => boolean): void => {
    for (const literal of layout.literals ?? [])
      if (at(literal.before)) waiting.push(next(literal.name), text(literal.text))
  }
  layout.fields.forEach((field, i) => {
    addLiterals(place => place === i)
    before.push(field === null ? null : behindLiterals(next(field.name)))
    sums.push(layout.measures.filter(m => m.column === i).map(m => behindLiterals(next(m.name))))
  })
  addLiterals(place => place >= layout.fields.length)
  const inFront = fields
  const tail = (fixed: Fixed): Uint8Array => {
    fields = inFront
    const pieces: Uint8Array[] = [...waiting]
    for (const { name, text: value } of fixed) pieces.push(next(name), text(value))
    const end = csv ? layout.rowDelimiter : Buffer.from(fields === 0 ? '{}' : '}')
    return Buffer.concat([...pieces, end])
  }
  return {
    before,
    sums,
    quoted: layout.columns.map((column, i) => !csv && (column.form !== 'json' || layout.fields[i]?.form === 'base64')),
    nullText: Buffer.from(csv ? '\\N' : 'null'),
    tails: [tail(tailFields(layout, 0)), tail(tailFields(layout, 1))],
    fields,
  }
}

function tailFields(layout: RowLayout, op: 0 | 1): Fixed {
  const counts = layout.measures.filter(measure => measure.column === null)
  return [
    ...layout.constants,
    ...counts.map(({ name }) => ({ name, text: op === 0 ? '1' : '-1' })),
    ...(layout.op ? [{ name: '__op', text: `${op}` }] : []),
  ]
}
