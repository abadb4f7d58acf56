import type { MeasureExpression } from '../model/rule-mode.js'
import { type Kind, text } from './value-kinds.js'

/** Functions of SQL that a later version may bring: named in the message, so that nobody looks for a typing error. */
const LATER = new Set(['avg', 'count', 'max', 'min', 'sum'])

/** `count(*)` or `sum(column)`, the function in any case; a column name with parentheses stands between backticks. */
export function measure(): Kind<MeasureExpression> {
  const base = text()
  const allowed = 'must be "count(*)" or "sum(column)"'
  return {
    type: '"count(*)" | "sum(column)"',
    parse: value => {
      const parsed = base.parse(value)
      if (!parsed.ok) return parsed
      const call = /^\s*([a-z_]+)\s*\(\s*(.*?)\s*\)\s*$/is.exec(parsed.value)
      if (call === null) return { ok: false, problem: allowed }
      const name = call[1]!.toLowerCase()
      const argument = call[2]!
      if (name === 'count' && argument === '*') return { ok: true, value: { of: 'count' } }
      const column = name === 'sum' ? columnName(argument) : null
      if (column !== null) return { ok: true, value: { of: 'sum', column } }
      return { ok: false, problem: LATER.has(name) ? `${allowed}: this version has no other expression` : allowed }
    },
  }
}

/** A column's name, bare or between backticks; null when it is anything else, an expression above all. */
function columnName(argument: string): string | null {
  const quoted = /^`((?:[^`]|``)+)`$/.exec(argument)
  if (quoted !== null) return quoted[1]!.replaceAll('``', '`')
  return /^[^\s()`*+\-/,'"]+$/.test(argument) ? argument : null
}
