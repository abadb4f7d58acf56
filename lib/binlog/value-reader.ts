import { Failure } from '../model/failure.js'
import type { Value, ValueType } from '../model/value.js'
import type { Zone } from '../model/zone.js'
import { type BoundColumn, isSkippable } from './bound-column.js'
import { columnConstants } from './column-constants.js'
import { type ImageForm, type ImageKind, imageForm } from './image-form.js'
import { READERS } from './read-value.js'
import { COLUMNS_PER_PART, WITHIN_LIMIT } from './row-code.js'
import { spanCode, valueCode } from './value-code.js'
import { ValueProblem } from './value-problem.js'
import { zoneOffset } from './zone-offset.js'

/** A value to be read of each image. */
export interface WantedValue {
  /** Index of its column in the image. */
  readonly index: number
  /**
   * What `valueTypeOf` says of the column; or `text`: of any column the text that the stream writes (of bytes their base64); or
   * `bytes`: of any column the bytes that stand for it in rows of the text protocol.
   */
  readonly type: ValueType
  /** Of texts: one of ASCII characters alone is not made, it is told where it stands (`ascii-span.ts`). */
  readonly asSpan?: true
}

/** Reads some values of row images, and steps over the others. */
export interface ValueReader {
  /**
   * Sets `to[from]` and what follows to the wanted values, in their order, of the image at `at`; returns the offset behind it.
   * Values of kind `bytes` are valid as long as `source` is.
   * @throws Failure notDecodable, naming table and column, for an image that runs past `limit` or contradicts its table
   */
  read(source: Buffer, at: number, limit: number, to: Value[], from?: number): number
}

/**
 * Compiles a reader of images that have these columns. Columns that stand at a fixed place are read there; integers of up to
 * 31 bits, and NULL, are read without an allocation. `added` as in `RowLayout`.
 * @throws Failure notDecodable, naming table and column, for a wanted column that cannot be decoded, and for any that cannot
 *   even be stepped over; internal for a type that is none of the column's
 */
export function compileValueReader(
  kind: ImageKind,
  columns: readonly BoundColumn[],
  wanted: readonly WantedValue[],
  zone: Zone,
  added = 0,
): ValueReader {
  columns.forEach((column, i) => {
    const isWanted = wanted.some(({ index }) => index === i)
    if (column.undecodable !== null && (isWanted || !isSkippable(column)))
      throw new Failure('notDecodable', `${column.table}: column ${column.name} ${column.undecodable}`)
  })
  const form = imageForm(kind, columns, added)
  const none = { table: new Uint8Array(256), bytes: [], control: true }
  const scope: Record<string, unknown> = { ...READERS, separators: none, offsetAt: zoneOffset(zone) }
  for (const { index } of wanted) {
    const constants = columnConstants(columns[index]!, 'csv', none)
    scope[`c${index}`] = constants
    scope[`labels${index}`] = constants.texts.map(text => text && Buffer.from(text).toString())
  }
  const source = new ReaderSource(form, kind, columns, wanted, added)
  const names = Object.keys(scope)
  const { read, columnAt } = new Function('scope', `const {${names.join(',')}}=scope;\n${source.source()}`)(
    scope,
  ) as Compiled
  return {
    read(b, at, limit, to, from = 0) {
      try {
        return read(b, at, limit, to, from)
      } catch (error) {
        if (!(error instanceof ValueProblem)) throw error
        const { table, name } = columns[columnAt(b, at, limit, error.at)]!
        throw new Failure('notDecodable', `${table}: column ${name} cannot be decoded: ${error.message}`, {
          cause: error,
        })
      }
    },
  }
}

interface Compiled {
  read(b: Buffer, at: number, limit: number, to: Value[], from: number): number
  /**
   * The column that holds offset `target`: the first that ends behind it, or the one where stepping on fails, which is then the
   * one that the caller's own problem is about.
   */
  columnAt(b: Buffer, at: number, limit: number, target: number): number
}

class ReaderSource {
  constructor(
    readonly form: ImageForm,
    readonly kind: ImageKind,
    readonly columns: readonly BoundColumn[],
    readonly wanted: readonly WantedValue[],
    readonly added: number,
  ) {}

  source(): string {
    const count = this.columns.length
    const parts: string[] = []
    let body = ''
    for (let from = 0; from < count; from += COLUMNS_PER_PART) {
      const code = this.#reads(from, Math.min(count, from + COLUMNS_PER_PART))
      if (count <= COLUMNS_PER_PART) body = code
      else {
        parts.push(`function read${from}(b,at,p,limit,to,from){let v=null;${code}return p;}`)
        body += `p=read${from}(b,at,p,limit,to,from);`
      }
    }
    const begin = `let p=at+${this.form.headBytes};`
    const skips = this.columns.map((_, i) => `column=${i};${this.#skip(i)}if(p>target)return column;`)
    return [
      ...parts,
      `function read(b,at,limit,to,from){${this.form.check}${begin}let v=null;${body}${WITHIN_LIMIT}return p;}`,
      `function columnAt(b,at,limit,target){let column=0;try{${begin}${skips.join('')}}catch{}return column;}`,
      'return {read,columnAt};',
    ].join('\n')
  }

  #reads(from: number, to: number): string {
    let code = ''
    let skipped = 0
    for (let i = from; i < to; i++) {
      const slots = this.wanted.flatMap(({ index }, k) => (index === i ? [k] : []))
      const { fixedBytes } = this.#code(i)
      if (slots.length === 0 && fixedBytes !== null && !this.columns[i]!.nullable) {
        skipped += fixedBytes
        continue
      }
      if (skipped > 0) code += `p+=${skipped};`
      skipped = 0
      code += slots.length === 0 ? this.#skip(i) : this.#read(i, slots)
    }
    return skipped > 0 ? `${code}p+=${skipped};` : code
  }

  #read(i: number, slots: readonly number[]): string {
    const column = this.columns[i]!
    const images = i < this.columns.length - this.added ? this.kind : 'text'
    const read = { images, form: this.form, column, i } as const
    const values = slots.map(k => {
      const { type, asSpan } = this.wanted[k]!
      return `${asSpan === true ? spanCode(read, type) : valueCode(read, type)}to[from+${k}]=v;`
    })
    const code = values.length === 1 ? values[0]! : `const begin=p;${values.join('p=begin;')}`
    if (!column.nullable) return `{${code}}`
    const nulls = slots.map(k => `to[from+${k}]=null;`).join('')
    return `if(${this.form.isNull(i)}){${this.form.skipNull(i)}${nulls}}else{${code}}`
  }

  #skip(i: number): string {
    const { skip } = this.#code(i)
    if (!this.columns[i]!.nullable) return skip
    return `if(${this.form.isNull(i)}){${this.form.skipNull(i)}}else{${skip}}`
  }

  #code(i: number) {
    return this.form.column(this.columns[i]!, i, 'csv')
  }
}
