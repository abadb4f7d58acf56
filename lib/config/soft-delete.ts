import { type Kind, tableOf, text } from './value-kinds.js'

export interface SoftDelete {
  readonly flag?: string
  readonly time?: string
}

/** `{ flag = "is_deleted", time = "deleted_at" }`, at least one of them. */
export function softDelete(): Kind<SoftDelete> {
  const type = 'table of flag and time = "target column"'
  const base = tableOf(text(), type, key => (key === 'flag' || key === 'time' ? null : 'must be flag or time'))
  return {
    type,
    parse: value => {
      const parsed = base.parse(value)
      if (!parsed.ok) return parsed
      if (parsed.value.size === 0) return { ok: false, problem: 'must name a column for flag or time' }
      return { ok: true, value: Object.fromEntries(parsed.value) }
    },
  }
}
