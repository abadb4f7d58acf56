import type { Expression, Place } from './syntax.js'

/**
 * The expression with other expressions in place of some of its names; null leaves the name. What is put in stands where the
 * name stands, so that a problem in it is shown there.
 */
export function substitute(expression: Expression, replacement: (column: string) => Expression | null): Expression {
  return mapped(expression, node => {
    if (node.form !== 'name' || node.row === 'old') return node
    const found = replacement(node.column)
    return found === null ? node : placed(found, node)
  })
}

function placed(expression: Expression, { at, length }: Place): Expression {
  return mapped(expression, node => ({ ...node, at, length }))
}

/** A copy in which each node is what `change` makes of it, parts first. */
function mapped(expression: Expression, change: (node: Expression) => Expression): Expression {
  const copy = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(copy)
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
    const parts = Object.fromEntries(Object.entries(value).map(([key, part]) => [key, copy(part)]))
    // What has a form is a node, and is one still with its parts copied.
    return 'form' in parts ? change(parts as unknown as Expression) : parts
  }
  return copy(expression) as Expression
}
