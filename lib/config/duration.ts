import type { Kind } from './value-kinds.js'

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A time such as "90s", "30m", "24h" or "7d", in milliseconds, within bounds of the same form. */
export function duration(min: string, max: string): Kind<number> {
  const [least, most] = [parse(min)!, parse(max)!]
  const problem = `must be a time from "${min}" to "${max}", such as "24h" (s, m, h, d)`
  return {
    type: 'duration',
    parse: value => {
      const ms = typeof value === 'string' ? parse(value) : null
      return ms !== null && ms >= least && ms <= most ? { ok: true, value: ms } : { ok: false, problem }
    },
  }
}

function parse(text: string): number | null {
  const found = /^(\d+)\s*([smhd])$/.exec(text.trim())
  return found === null ? null : Number(found[1]) * UNITS[found[2]!]!
}
