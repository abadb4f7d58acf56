import type { CrossCheck } from './config-checks.js'
import type { RuleBlock } from './options.js'

/** Properties that the engine sets from keys of their own. */
const OWN_PROPERTIES = ['replication_num', 'enable_persistent_index']

const isPlain = (rule: RuleBlock): boolean => rule.group_by === undefined && rule.mode !== 'append'

/** Whether a rule never deletes a row of its target. */
function keepsAll({ operations, on_delete }: RuleBlock): boolean {
  return operations?.includes('DELETE') === false || on_delete === 'ignore' || on_delete === 'soft'
}

/** Demands on the keys of one [[rule]] that say how its rows are told apart, loaded and stored. */
export const LOAD_CHECKS: readonly CrossCheck<RuleBlock>[] = [
  {
    keys: ['shard_key', 'constants'],
    problem: r => {
      const unknown = r.shard_key?.find(name => r.constants?.has(name) !== true)
      return unknown === undefined ? null : `names column "${unknown}", which constants does not set`
    },
  },
  {
    keys: ['shard_key'],
    problem: r => {
      const twice = r.shard_key?.find((name, index) => r.shard_key?.indexOf(name) !== index)
      return twice === undefined ? null : `names column "${twice}" twice`
    },
  },
  {
    keys: ['shard_key', 'mode'],
    problem: r => {
      if (r.shard_key === undefined) return null
      if (r.group_by !== undefined) return 'is not for group_by, whose constants are part of the key as they are'
      return isPlain(r) ? null : 'is not for mode = "append", where every change is a row of its own'
    },
  },
  {
    keys: ['merge_condition', 'mode'],
    problem: r =>
      r.merge_condition === undefined || isPlain(r)
        ? null
        : 'is for primary key tables, which this rule does not write',
  },
  {
    keys: ['merge_condition', 'operations', 'on_delete'],
    problem: r =>
      r.merge_condition === undefined || !isPlain(r) || keepsAll(r)
        ? null
        : 'cannot be combined with deletes, which StarRocks refuses in such loads: set operations = ["INSERT", "UPDATE"], or on_delete = "ignore" or "soft"',
  },
  {
    keys: ['merge_condition', 'where'],
    problem: r =>
      r.merge_condition === undefined || r.where === undefined
        ? null
        : 'cannot be combined with where: a row that leaves the filter is deleted, and StarRocks refuses deletes in such loads',
  },
  {
    keys: ['partial_update_mode', 'mode'],
    problem: r =>
      r.partial_update_mode === undefined || isPlain(r)
        ? null
        : 'is for primary key tables, which this rule does not write',
  },
  {
    keys: ['row_delimiter', 'column_separator'],
    problem: r =>
      r.row_delimiter !== undefined && r.row_delimiter === r.column_separator
        ? 'must differ from column_separator'
        : null,
  },
  {
    keys: ['properties'],
    problem: r => {
      const own = [...(r.properties?.keys() ?? [])].find(name => OWN_PROPERTIES.includes(name.toLowerCase()))
      if (own === undefined) return null
      return own.toLowerCase() === 'replication_num'
        ? 'sets replication_num, which [schema] replication_num does'
        : `sets ${own}, which the engine does`
    },
  },
  {
    keys: ['model', 'mode', 'group_by'],
    problem: r => (r.model === undefined ? null : modelProblem(r)),
  },
]

/** Why the target of a rule cannot have the model it asks for; null: it can. */
function modelProblem(rule: RuleBlock): string | null {
  const { model } = rule
  if (rule.group_by !== undefined)
    return model === 'aggregate' ? null : `= "${model}" cannot add up: a rule with group_by needs "aggregate"`
  if (rule.mode === 'append')
    return model === 'duplicate'
      ? null
      : `= "${model}" would merge changes that are rows of their own: mode = "append" needs "duplicate"`
  switch (model) {
    case 'primary':
      return null
    case 'unique':
      if (rule.mode === 'partial') return '= "unique" takes whole rows only: mode = "partial" needs "primary"'
      return keepsAll(rule) && rule.where === undefined
        ? null
        : '= "unique" replaces rows and deletes none by load: set operations = ["INSERT", "UPDATE"], or on_delete = "ignore" or "soft", and no where; or use "primary"'
    case 'duplicate':
      return '= "duplicate" replaces no row: an update would stand beside the row it changes. Use mode = "append" for every change as a row'
    default:
      return '= "aggregate" is for rules with group_by and measures'
  }
}
