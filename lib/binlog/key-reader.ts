import type { KeyBound } from '../model/chunk.js'
import { Failure } from '../model/failure.js'
import type { SourceColumn } from '../model/schema.js'
import type { Zone } from '../model/zone.js'
import type { BoundColumn } from './bound-column.js'
import { columnConstants } from './column-constants.js'
import { type ImageKind, imageForm } from './image-form.js'
import { keyLiteral } from './key-literal.js'
import { WITHIN_LIMIT } from './row-code.js'
import { ValueProblem } from './value-problem.js'
import { WIRE } from './wire-type.js'
import { WRITERS } from './writers.js'
import { zoneOffset } from './zone-offset.js'

/** Reads the keys of images; equal keys have equal texts, whichever kind of image they stand in. */
export interface KeyReader {
  /**
   * Adds the key of the image at `at` to `to` as one text: its literals with commas between them; the empty text, where images
   * of these columns have no whole key. Returns where the image ends.
   * @throws Failure notDecodable naming the table for an image that runs past `limit` or contradicts its table
   */
  keyTexts(source: Buffer, at: number, limit: number, to: string[]): number
  /** The same as SQL literals, one for each key column in key order. */
  keyBound(source: Buffer, at: number, limit: number): KeyBound
}

interface KeyPart {
  /** Index of the column in the image; -1: it is not there. */
  readonly index: number
  readonly column: SourceColumn
}

const FIRST_ROOM = 4096

/** Compiles the reader of the keys of images that have these columns; `added` as in `RowLayout`. */
export function compileKeyReader(
  kind: ImageKind,
  columns: readonly BoundColumn[],
  wholeKey: readonly KeyPart[],
  zone: Zone,
  added = 0,
): KeyReader {
  const key = wholeKey.some(({ index }) => index === -1) ? [] : wholeKey
  const read = columns.map((column, i) => (key.some(({ index }) => index === i) ? comparedColumn(column) : column))
  const table = columns[0]?.table ?? ''
  const undecodable = read.find((column, i) => column.undecodable !== null && key.some(({ index }) => index === i))
  if (undecodable !== undefined)
    throw new Failure('notDecodable', `${table}: column ${undecodable.name} ${undecodable.undecodable}`)
  const form = imageForm(kind, read, added)
  const codes = read.map((column, i) => form.column(column, i, 'csv'))
  let skips = ''
  let writes = ''
  read.forEach(({ nullable }, i) => {
    const k = key.findIndex(({ index }) => index === i)
    const either = (code: string) => (nullable ? `if(${form.isNull(i)}){${form.skipNull(i)}}else{${code}}` : code)
    const skip = either(codes[i]!.skip)
    skips += skip
    writes += k === -1 ? skip : `to[${2 * k}]=q;${either(codes[i]!.write)}to[${2 * k + 1}]=q;`
  })
  const none = { table: new Uint8Array(256), bytes: [], control: true }
  const scope: Record<string, unknown> = { ...WRITERS, separators: none, offsetAt: zoneOffset(zone) }
  read.forEach((column, i) => {
    scope[`c${i}`] = columnConstants(column, 'csv', none)
  })
  const body = (code: string) => `${form.check}let p=at+${form.headBytes};${code}${WITHIN_LIMIT}`
  const { skip, write } = new Function(
    'scope',
    `const {${Object.keys(scope).join(',')}}=scope;return {skip(b,at,limit){${body(skips)}return p;},` +
      `write(b,at,limit,o,to){let q=0,u=0;${body(writes)}}};`,
  )(scope) as Compiled
  const extra = codes.reduce((sum, code) => sum + code.textBytes, 0)
  const ratio = Math.max(1, ...codes.map(code => code.textRatio))
  const spans = new Int32Array(2 * key.length)
  let room = Buffer.allocUnsafe(FIRST_ROOM)
  let end = 0
  const keyBound = (source: Buffer, at: number, limit: number): KeyBound => {
    try {
      end = skip(source, at, limit)
      const needed = Math.ceil(ratio * (end - at)) + extra
      if (needed > room.length) room = Buffer.allocUnsafe(2 * needed)
      write(source, at, limit, room, spans)
      return key.map(({ column }, k) => keyLiteral(column, room.subarray(spans[2 * k], spans[2 * k + 1])))
    } catch (error) {
      if (!(error instanceof ValueProblem)) throw error
      throw new Failure('notDecodable', `${table}: the key of a row cannot be read: ${error.message}`, { cause: error })
    }
  }
  return {
    keyBound,
    keyTexts(source, at, limit, to) {
      to.push(keyBound(source, at, limit).join(','))
      return end
    },
  }
}

interface Compiled {
  skip(b: Buffer, at: number, limit: number): number
  write(b: Buffer, at: number, limit: number, o: Buffer, to: Int32Array): void
}

const INTEGER_TYPES: Readonly<Record<number, number>> = {
  1: WIRE.TINY,
  2: WIRE.SHORT,
  3: WIRE.INT24,
  4: WIRE.LONG,
  8: WIRE.LONGLONG,
}

/** ENUM and SET are read as their numbers, text of other charsets as its own bytes; see `keyLiteral`. */
function comparedColumn(column: BoundColumn): BoundColumn {
  if (column.form === 'latin1' || column.form === 'transcoded') return { ...column, form: 'binary', charset: null }
  const type = column.form === 'labels' ? INTEGER_TYPES[column.length] : undefined
  return type === undefined ? column : { ...column, type, form: 'number', unsigned: true }
}
