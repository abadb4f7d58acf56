import type { CrossCheck } from './config-checks.js'
import type { RuleBlock } from './options.js'

/** Demands on the keys of a [[rule]] that writes some columns of rows that several tables make together. */
export const PARTIAL_CHECKS: readonly CrossCheck<RuleBlock>[] = [
  {
    keys: ['mode', 'group_by'],
    problem: r =>
      r.mode === 'partial' && r.group_by !== undefined
        ? '= "partial" cannot be combined with group_by: sums are no columns of a row'
        : null,
  },
  {
    keys: ['mode', 'merge_condition'],
    problem: r =>
      r.mode === 'partial' && r.merge_condition !== undefined
        ? '= "partial" cannot be combined with merge_condition: the condition would decide for the columns of the other rules too'
        : null,
  },
  {
    keys: ['key', 'mode'],
    problem: r => (r.key === undefined || r.mode === 'partial' ? null : 'needs mode = "partial"'),
  },
  {
    keys: ['key'],
    problem: r => {
      if (r.key === undefined) return null
      if (r.key.size === 0) return 'must not be empty'
      const sources = [...r.key.values()]
      const twice = sources.find((name, index) => sources.indexOf(name) !== index)
      return twice === undefined ? null : `names source column "${twice}" twice`
    },
  },
  {
    keys: ['key', 'exclude'],
    problem: r => {
      const out = [...(r.key?.values() ?? [])].find(name => r.exclude?.includes(name))
      return out === undefined ? null : `names source column "${out}", which exclude leaves out`
    },
  },
  {
    keys: ['rename', 'key'],
    problem: r => {
      const mapped = [...(r.key ?? [])].find(([target, name]) => (r.rename?.get(name) ?? target) !== target)
      return mapped === undefined
        ? null
        : `gives column "${mapped[1]}" another name than key, which makes it "${mapped[0]}"`
    },
  },
]
