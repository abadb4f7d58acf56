import type { Config, CrossCheck } from './options.js'

/** Demands on keys above the first section and those of all [[rule]] blocks together. */
export const RULES_CHECKS: readonly CrossCheck<Config>[] = [
  {
    keys: ['delivery'],
    problem: c =>
      c.delivery === 'atomic' && c.rule.some(rule => rule.partial_update_mode !== undefined)
        ? '= "atomic" writes no partial updates, for which a [[rule]] sets partial_update_mode; take "auto" or "labels"'
        : null,
  },
  {
    keys: ['on_bad_row'],
    problem: c =>
      c.on_bad_row === 'dead_letter' && c.rule.some(rule => rule.merge_condition !== undefined)
        ? '= "dead_letter" does not go with the merge_condition of a [[rule]]: rows that are replayed would be loaded without it'
        : null,
  },
]
