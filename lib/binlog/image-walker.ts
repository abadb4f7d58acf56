import { Failure } from '../model/failure.js'
import { type BoundColumn, isSkippable } from './bound-column.js'
import { imageForm } from './image-form.js'
import { WITHIN_LIMIT } from './row-code.js'
import { ValueProblem } from './value-problem.js'
import { WRITERS } from './writers.js'

/** Finds the values of images that have these columns, in this order, without reading them. */
export interface ImageWalker {
  /**
   * Notes in `to` where the bytes of each column begin and end in the image at `at`, both -1 for NULL; the offset behind
   * the image.
   * @throws Failure notDecodable, naming table and column, for an image that runs past `limit`
   */
  walk(source: Buffer, at: number, limit: number, to: Int32Array): number
}

/**
 * Compiles a walker. A row image begins with one NULL bit for each column it has, not for each of the table. `added` as in
 * `RowLayout`.
 * @throws Failure notDecodable when values of a column cannot even be stepped over
 */
export function compileImageWalker(columns: readonly BoundColumn[], added = 0): ImageWalker {
  for (const column of columns)
    if (!isSkippable(column))
      throw new Failure('notDecodable', `${column.table}: column ${column.name} ${column.undecodable}`)
  const form = imageForm('binlog', columns, added)
  const steps = columns.map((column, i) => {
    const value = `to[${2 * i}]=p;${form.column(column, i, 'csv').skip}to[${2 * i + 1}]=p;`
    return `if(${form.isNull(i)}){${form.skipNull(i)}to[${2 * i}]=-1;to[${2 * i + 1}]=-1;}else{${value}}`
  })
  const body = `let p=at+${form.headBytes};${steps.join('')}${WITHIN_LIMIT}return p;`
  const names = Object.keys(WRITERS).join(',')
  const walk = new Function('scope', `const {${names}}=scope;return function walk(b,at,limit,to){${body}}`)(
    WRITERS,
  ) as ImageWalker['walk']
  return {
    walk(source, at, limit, to) {
      try {
        return walk(source, at, limit, to)
      } catch (error) {
        if (!(error instanceof ValueProblem)) throw error
        throw located(error, columns, limit, to.fill(-1), () => walk(source, at, limit, to))
      }
    },
  }
}

/** Whether two values noted by a walk are the same bytes, or both NULL; `x` and `y`: where their spans stand. */
export function sameSpan(source: Buffer, xs: Int32Array, x: number, ys: Int32Array, y: number): boolean {
  const [from, other] = [xs[x]!, ys[y]!]
  if (from === -1 || other === -1) return from === other
  return source.compare(source, other, ys[y + 1]!, from, xs[x + 1]!) === 0
}

/** Walks the image again to find the column: the first that ends too late, else the last that was begun. */
function located(
  problem: ValueProblem,
  columns: readonly BoundColumn[],
  limit: number,
  spans: Int32Array,
  again: () => unknown,
): Failure {
  try {
    again()
  } catch (second) {
    if (!(second instanceof ValueProblem)) throw second
  }
  const late = columns.findIndex((_, i) => spans[2 * i + 1]! > limit)
  const begun = columns.findLastIndex((_, i) => spans[2 * i]! >= 0)
  // Where even the NULL bits are missing, none was begun.
  const column = columns[Math.max(0, late >= 0 ? late : begun)]
  return new Failure('notDecodable', `${column?.table}: column ${column?.name} cannot be decoded: ${problem.message}`, {
    cause: problem,
  })
}
