import { separator } from './field-kinds.js'
import { optional, preset } from './key.js'
import { integer, list, oneOf, tableOf, text } from './value-kinds.js'

const NAMES = list(text(), { type: 'array of strings' })

/** Keys of a [[rule]] by which tables of one target are told apart. */
export const SHARD_KEYS = {
  shard_key: optional(
    NAMES,
    "Constants, by target name, that are part of the target's primary key, behind the table's own key: then equal keys of two tables stay two rows.",
  ),
  on_key_collision: preset(
    oneOf(['stop', 'last_wins']),
    'stop',
    'Several tables are written into one primary key table, and no shard_key tells them apart: "stop" before a row replaces that of another table, as far as can be seen (docs/rules.md); "last_wins": nobody looks.',
  ),
} as const

/** Keys of a [[rule]] that say how its loads are sent and how its target is made. */
export const LOAD_KEYS = {
  delivery: optional(
    oneOf(['auto', 'atomic', 'labels']),
    'What this rule asks of delivery above, where that is "auto". It then counts for all rules: their rows share epochs.',
  ),
  column_separator: optional(separator(), 'As above, for this target.'),
  row_delimiter: optional(separator(), 'As above, for this target.'),
  partial_update_mode: optional(
    oneOf(['row', 'column', 'auto']),
    'How StarRocks writes loads that hold some of the columns (mode = "partial", incomplete row images): "row", "column" (for few columns of many rows) or "auto". Default: StarRocks\' own, "row".',
  ),
  merge_condition: optional(
    text(),
    'Target column: a row replaces another only where it has at least its value there. For rules without deletes.',
  ),
  model: optional(
    oneOf(['primary', 'unique', 'duplicate', 'aggregate']),
    'Model of the target. Default: what the rule needs; what else is possible, docs/rules.md says.',
  ),
  properties: optional(
    tableOf(text(), 'table of name = "value"'),
    'PROPERTIES of the target when it is created, besides replication_num and enable_persistent_index.',
  ),
  buckets: optional(integer(1, 10_000), 'Buckets of the target when it is created. Default: two for each of be_num.'),
  distributed_by: optional(
    NAMES,
    'Columns, by target name, whose hash says in which bucket of a created target a row is; key columns. Default: the key.',
  ),
} as const
