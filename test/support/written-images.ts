import type { RowImages } from '../../lib/dispatch/route.js'
import type { RuleShape } from '../../lib/model/rule-shape.js'
import type { CompiledRoute } from '../../lib/rules/router.js'
import type { RuleSpec } from '../../lib/rules/rule-book.js'
import { type ShapedRow, shapedRouter, shapedRule } from './shaped-rig.js'

export const PLACE = { binName: 'b.000007', binPos: 1234, event: 2 }
/** 2024-02-29 12:00:00.5 */
export const COMMIT_MS = 1_709_208_000_500

/** The route of a rule for s.t with this shape. */
export async function routeOf(shape: Partial<RuleShape>, more: Partial<RuleSpec> = {}): Promise<CompiledRoute> {
  const [route] = await shapedRouter([shapedRule(shape, more)]).routes()
  return route!
}

/** What is written of images: "operation firstRow: row row", the images of updates apart. */
export function written(
  route: CompiledRoute,
  images: RowImages,
  copied = false,
): { pieces: string[]; filtered: number } {
  const { pieces, filtered } = route.shape!(images, PLACE, COMMIT_MS, copied)
  return {
    filtered,
    pieces: pieces.map(({ images: { op, buffer, at, end, firstRow }, route: inner }) => {
      const { encoder } = inner.csv!
      const rows: string[] = []
      let change = firstRow!
      const write = (from: number, takesAway: boolean): number => {
        const out = Buffer.alloc(encoder.room(buffer, from, end))
        if (inner.mode === 'append') encoder.setChange(op, PLACE, COMMIT_MS, change)
        const q = encoder.encode(buffer, from, end, out, 0, takesAway ? 1 : 0)
        rows.push(out.toString('utf8', 0, q - 1).replaceAll('\x01', ','))
        return encoder.end
      }
      for (let from = at; from < end; change++) {
        const isLog = inner.mode === 'append'
        if (op === 'update') from = isLog ? encoder.skip(buffer, from, end) : write(from, true)
        from = write(from, op === 'delete' && !isLog)
      }
      return `${op} ${firstRow}: ${rows.join(' ')}`
    }),
  }
}

export const rows = (...values: ShapedRow[]) => values
