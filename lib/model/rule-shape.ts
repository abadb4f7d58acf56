import type { KeyedHash } from './mask.js'
import type { TransformModule } from './transform-module.js'

export type Operation = 'insert' | 'update' | 'delete'

/** What becomes of a row in the target when it is deleted at the source. */
export type OnDelete = 'delete' | 'soft' | 'ignore' | 'nullify'

/** What a rule makes of the rows before they are written, as plain data; texts are as the operator wrote them. */
export interface RuleShape {
  /** Rows for which this expression is not true are not in the target; null: all are. */
  readonly where: string | null
  /** Changes of other kinds are passed over. */
  readonly operations: readonly Operation[]
  /** Expressions by target column. */
  readonly computed: ReadonlyMap<string, string>
  /** Masks by source column. */
  readonly mask: ReadonlyMap<string, string>
  /** For masks that hash; null: there is no salt, and no such mask. */
  readonly salt: KeyedHash | null
  /** The module that makes the rows; null: there is none. */
  readonly transform: TransformModule | null
  /** StarRocks types, by target column, of what the module adds or gives another type. */
  readonly transformColumns: ReadonlyMap<string, string>
  /** Source columns that are not in the target, and the module is shown all the same. */
  readonly transformReads: readonly string[]
  /** Target columns that are the key of the module's rows; empty: the row's own key stays as it is. */
  readonly transformKey: readonly string[]
  readonly onDelete: OnDelete
  /** Target columns that tell deleted rows, for `soft`: a flag, and when it was; null: there is no such column. */
  readonly softDelete: { readonly flag: string | null; readonly time: string | null }
  /** The rule writes some columns of rows that several tables make together. */
  readonly partial: boolean
  /** `partial` rules: source columns by the target's key columns; empty: the table's own key. */
  readonly key: ReadonlyMap<string, string>
  /** `append` rules: source columns of which the value before the change is written too; "*": all. */
  readonly before: readonly string[]
}

/** Rows go into the target as they are. */
export const PLAIN_SHAPE: RuleShape = {
  where: null,
  operations: ['insert', 'update', 'delete'],
  computed: new Map(),
  mask: new Map(),
  salt: null,
  transform: null,
  transformColumns: new Map(),
  transformReads: [],
  transformKey: [],
  onDelete: 'delete',
  softDelete: { flag: null, time: null },
  partial: false,
  key: new Map(),
  before: [],
}
