import { Failure } from '../model/failure.js'
import type { Observer } from '../model/observer.js'
import { type TableSchema, tableName, targetName } from '../model/schema.js'
import type { MatchedRule } from './rule-book.js'

/** Keys in which rules of one target must agree. */
const LOAD_KEYS: readonly (readonly [string, (rule: MatchedRule['rule']) => string])[] = [
  ['column_separator', ({ load }) => load.columnSeparator ?? ''],
  ['row_delimiter', ({ load }) => load.rowDelimiter ?? ''],
  ['partial_update_mode', ({ load }) => load.partialUpdateMode ?? ''],
  ['merge_condition', ({ load }) => load.mergeCondition ?? ''],
  ['model', ({ load }) => load.model ?? ''],
  ['shard_key', ({ shards }) => shards.key.join(', ')],
]

/** How each target is written: all rules that write into one target, from whatever source tables, must agree. */
export class TargetModes {
  readonly #claims = new Map<string, MatchedRule>()

  /** Throws ruleInvalid when another rule writes the same target in another mode. */
  claim(matched: MatchedRule): void {
    const name = targetName(matched)
    const other = this.#claims.get(name) ?? matched
    this.#claims.set(name, other)
    if (wayOf(other) === wayOf(matched)) {
      const key = LOAD_KEYS.find(([, of]) => of(other.rule) !== of(matched.rule))?.[0]
      if (key === undefined) return
      throw new Failure(
        'ruleInvalid',
        `${other.rule.where} and ${matched.rule.where} write into ${name} with other values of ${key}: their rows share loads.`,
        { advice: `Give both the same ${key}, or one of them another sr_table.` },
      )
    }
    throw new Failure(
      'ruleInvalid',
      `${other.rule.where} and ${matched.rule.where} write into ${name} in two ways: ${wayOf(other)} and ${wayOf(matched)}. A target has one.`,
      { advice: 'Give one of the rules another sr_table.' },
    )
  }
}

function wayOf({ rule }: MatchedRule): string {
  return rule.shape.partial ? 'partial' : rule.mode
}

/**
 * The rules of a table that can be carried out: without a key no row can be found again, so `upsert` cannot, while changes
 * and sums need none. Those passed over are told to the observer. Throws tableWithoutKey when none may be.
 */
export function usableRules(
  schema: TableSchema,
  matches: readonly MatchedRule[],
  skipTablesWithoutKey: boolean,
  observer: Observer,
): readonly MatchedRule[] {
  const keyless = schema.key.length === 0 ? matches.filter(({ rule }) => rule.mode === 'upsert') : []
  if (keyless.length === 0) return matches
  if (!skipTablesWithoutKey)
    throw new Failure(
      'tableWithoutKey',
      `${tableName(schema)} has neither a primary key nor a unique key over NOT NULL columns.`,
      {
        advice:
          'Add a primary key to the table, leave it out of [[source]], write its changes with mode = "append" in the rule, or set skip_no_pk_table = true.',
      },
    )
  const reason = 'it has no primary key and skip_no_pk_table = true'
  if (keyless.length === matches.length) observer({ kind: 'tableIgnored', source: tableName(schema), reason })
  else
    for (const matched of keyless)
      observer({
        kind: 'warning',
        message: `${tableName(schema)} is not written to ${targetName(matched)}: ${reason}.`,
        advice: 'Its other rules are carried out: they need no key.',
      })
  return matches.filter(matched => !keyless.includes(matched))
}
