import { measureColumns } from '../model/rule-mode.js'
import type { CrossCheck } from './config-checks.js'
import type { RuleBlock } from './options.js'
import { LOAD_CHECKS } from './rule-load-checks.js'

/** Demands on the keys of one [[rule]] together. */
export const RULE_CHECKS: readonly CrossCheck<RuleBlock>[] = [
  {
    keys: ['group_by', 'mode'],
    problem: r =>
      r.group_by !== undefined && r.mode === 'append'
        ? 'cannot be combined with mode = "append": sums per group and a row per change are two targets, so two rules'
        : null,
  },
  {
    keys: ['group_by', 'measures'],
    problem: r => (r.group_by !== undefined && r.measures === undefined ? 'needs measures' : null),
  },
  {
    keys: ['measures', 'group_by'],
    problem: r => {
      if (r.measures === undefined) return null
      if (r.group_by === undefined) return 'needs group_by'
      return r.measures.size === 0 ? 'must not be empty' : null
    },
  },
  {
    keys: ['group_by'],
    problem: r => {
      const twice = r.group_by?.find((name, index) => r.group_by?.indexOf(name) !== index)
      return twice === undefined ? null : `names column "${twice}" twice`
    },
  },
  ...(['columns', 'exclude'] as const).map(key => ({
    keys: [key, 'group_by'],
    problem: (r: RuleBlock) =>
      r[key] !== undefined && r.group_by !== undefined
        ? 'has no meaning with group_by, whose target has the grouped columns and the measures'
        : null,
  })),
  {
    keys: ['rename', 'group_by'],
    problem: r => {
      const other = [...(r.rename?.keys() ?? [])].find(name => r.group_by?.includes(name) === false)
      return other === undefined ? null : `names column "${other}", which group_by does not name`
    },
  },
  {
    keys: ['measures', 'constants', 'rename'],
    problem: r => {
      const taken = new Set([...(r.constants?.keys() ?? []), ...(r.rename?.values() ?? [])])
      const filled = [...(r.measures ?? [])].flatMap(([name, measure]) => measureColumns(name, measure))
      const clash = filled.find((name, index) => taken.has(name) || filled.indexOf(name) !== index)
      if (clash === undefined) return null
      return taken.has(clash)
        ? `fills column "${clash}", which constants or rename fill too`
        : `fills column "${clash}" twice`
    },
  },
  {
    keys: ['order_by'],
    problem: r => {
      const folded = (r.order_by ?? []).map(name => name.toLowerCase())
      const twice = r.order_by?.find((name, index) => folded.indexOf(name.toLowerCase()) !== index)
      return twice === undefined ? null : `names column "${twice}" twice`
    },
  },
  {
    keys: ['exclude', 'columns'],
    problem: r => {
      const both = r.exclude?.find(name => r.columns?.includes(name))
      return both === undefined ? null : `names column "${both}", which columns names too`
    },
  },
  {
    keys: ['rename'],
    problem: r => {
      const targets = [...(r.rename?.values() ?? [])]
      const twice = targets.find((name, index) => targets.indexOf(name) !== index)
      return twice === undefined ? null : `gives two columns the name "${twice}"`
    },
  },
  {
    keys: ['constants', 'rename'],
    problem: r => {
      const targets = [...(r.rename?.values() ?? [])]
      const clash = [...(r.constants?.keys() ?? [])].find(name => targets.includes(name))
      return clash === undefined ? null : `sets column "${clash}", which rename fills too`
    },
  },
  ...LOAD_CHECKS,
]
