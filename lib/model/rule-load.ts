import type { TargetModel } from './schema.js'

export type PartialUpdateMode = 'row' | 'column' | 'auto'

/** How a rule's rows are loaded, and how its target is made where it is missing; null: as for all rules. */
export interface RuleLoad {
  /** Separators as header text ("\\x01"). */
  readonly columnSeparator: string | null
  readonly rowDelimiter: string | null
  readonly partialUpdateMode: PartialUpdateMode | null
  /** Target column: a row is taken only where it has at least the value that stands there. */
  readonly mergeCondition: string | null
  /** Null: what the mode needs. */
  readonly model: TargetModel | null
  /** PROPERTIES by name. */
  readonly properties: ReadonlyMap<string, string>
  readonly buckets: number | null
  /** Target columns whose hash says in which bucket a row is; null: the key. */
  readonly distributedBy: readonly string[] | null
}

/** What every load of a target says of its rows besides their columns; all rules of a target say the same. */
export interface LoadSemantics {
  readonly partialUpdateMode: PartialUpdateMode | null
  readonly mergeCondition: string | null
}

/** Nothing is asked for. */
export const PLAIN_LOAD: RuleLoad = {
  columnSeparator: null,
  rowDelimiter: null,
  partialUpdateMode: null,
  mergeCondition: null,
  model: null,
  properties: new Map(),
  buckets: null,
  distributedBy: null,
}

/** How a rule tells the tables apart that are written into one target. */
export interface RuleShards {
  /** Constants, by target name, that stand in the key of the target behind the table's own. */
  readonly key: readonly string[]
  /** What happens where two tables have one key: it is looked for, or nobody asks. */
  readonly onCollision: 'stop' | 'last_wins'
}

export const PLAIN_SHARDS: RuleShards = { key: [], onCollision: 'stop' }
