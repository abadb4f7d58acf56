import { compileNamePattern, isRegexPattern } from '../config/name-pattern.js'
import { Failure } from '../model/failure.js'
import type { RuleLoad, RuleShards } from '../model/rule-load.js'
import type { MeasureExpression, RouteMode } from '../model/rule-mode.js'
import type { RuleShape } from '../model/rule-shape.js'
import type { TypeChoices, ZeroDate } from '../model/value-policy.js'
import { fillGroups, matchGroups } from './name-groups.js'
import { autoShardName } from './shard-name.js'

/** One [[source]] block. Names are exact, or regular expressions in slashes. */
export interface SourceSpec {
  readonly schema: string
  readonly tables: readonly string[]
}

/** One [[rule]] block; `where` names its place in the configuration for messages. */
export interface RuleSpec {
  readonly where: string
  /** "file:line:column" of a character, from 0, of the text at a key; null, or absent: it cannot be told. */
  readonly characterAt?: (path: readonly string[], character: number) => string | null
  readonly schema: string
  readonly table: string
  readonly targetDatabase: string | null
  readonly targetTable: string | null
  /** Sort key of a target that is created, by target name; null: the target's key. */
  readonly orderBy: readonly string[] | null
  /** PARTITION BY of a target that is created; null: none. */
  readonly partitionBy: string | null
  readonly mode: RouteMode
  /** Source columns that are the key of an aggregate target; empty in all other modes. */
  readonly groupBy: readonly string[]
  /** What an aggregate target keeps for each group, by target name; empty in all other modes. */
  readonly measures: ReadonlyMap<string, MeasureExpression>
  readonly columns: readonly string[] | null
  readonly exclude: readonly string[]
  readonly rename: ReadonlyMap<string, string>
  readonly constants: ReadonlyMap<string, string>
  readonly zeroDate: ZeroDate
  readonly types: TypeChoices
  readonly shape: RuleShape
  readonly shards: RuleShards
  readonly load: RuleLoad
  readonly flushIntervalMs: number
  readonly flushRows: number
  readonly flushBytes: number
  readonly loadFormat: 'csv' | 'json'
}

/** A rule applied to one source table: the target's names are known. */
export interface MatchedRule {
  readonly rule: RuleSpec
  readonly database: string
  readonly table: string
}

/** Which tables are followed and where each of them goes. Answers are remembered per table. */
export class RuleBook {
  readonly #sources: readonly {
    readonly schema: RegExp
    readonly tables: readonly RegExp[]
    readonly names: ReadonlySet<string>
  }[]
  readonly #rules: readonly {
    readonly spec: RuleSpec
    readonly schema: RegExp
    readonly table: RegExp
    /** Target of tables for which the rule names none; null: the table's own name. */
    readonly shardName: string | null
  }[]
  readonly #defaultDatabase: string
  readonly #wanted = new Map<string, boolean>()
  readonly #matched = new Map<string, readonly MatchedRule[]>()

  /** `autoShard`: rules for numbered tables that name no target write them into one; see `autoShardName`. */
  constructor(sources: readonly SourceSpec[], rules: readonly RuleSpec[], defaultDatabase: string, autoShard = false) {
    this.#sources = sources.map(s => ({
      schema: compileNamePattern(s.schema),
      tables: s.tables.map(t => compileNamePattern(t)),
      names: new Set(s.tables.filter(t => !isRegexPattern(t))),
    }))
    this.#rules = rules.map(spec => ({
      spec,
      schema: compileNamePattern(spec.schema),
      table: compileNamePattern(spec.table),
      shardName: autoShard && spec.targetTable === null ? autoShardName(spec.table) : null,
    }))
    this.#defaultDatabase = defaultDatabase
  }

  /** Whether a [[source]] names the table and a [[rule]] says where it goes. */
  wanted(schema: string, table: string): boolean {
    const name = `${schema}\0${table}`
    let wanted = this.#wanted.get(name)
    if (wanted === undefined) {
      wanted = this.followed(schema, table) && this.match(schema, table).length > 0
      this.#wanted.set(name, wanted)
    }
    return wanted
  }

  /** Whether a [[source]] names the table. */
  followed(schema: string, table: string): boolean {
    return this.#sources.some(s => s.schema.test(schema) && s.tables.some(t => t.test(table)))
  }

  /** Whether a [[source]] names the table itself, not by a pattern. */
  named(schema: string, table: string): boolean {
    return this.#sources.some(s => s.schema.test(schema) && s.names.has(table))
  }

  /** Which schemas are followed, as a text that is the same for the same ones. All their tables are known, whichever are wanted. */
  get schemas(): string {
    return JSON.stringify([...new Set(this.#sources.map(s => s.schema.source))].sort())
  }

  wantedSchema(schema: string): boolean {
    return this.#sources.some(s => s.schema.test(schema))
  }

  /** Every rule for the table with its target's names. Throws ruleInvalid when two of them have one target. */
  match(schema: string, table: string): readonly MatchedRule[] {
    const name = `${schema}\0${table}`
    const known = this.#matched.get(name)
    if (known !== undefined) return known
    const matched = this.#match(schema, table)
    this.#matched.set(name, matched)
    return matched
  }

  #match(schema: string, table: string): readonly MatchedRule[] {
    const matched: MatchedRule[] = []
    for (const { spec, schema: schemaPattern, table: tablePattern, shardName } of this.#rules) {
      const schemaGroups = matchGroups(schemaPattern, schema)
      const tableGroups = matchGroups(tablePattern, table)
      if (!schemaGroups || !tableGroups) continue
      const database = fillGroups(spec.targetDatabase ?? this.#defaultDatabase, [schemaGroups, tableGroups], spec.where)
      const target =
        spec.targetTable === null
          ? (shardName ?? table)
          : fillGroups(spec.targetTable, [tableGroups, schemaGroups], spec.where)
      const clash = matched.find(m => m.database === database && m.table === target)
      if (clash) {
        throw new Failure(
          'ruleInvalid',
          `Two rules write ${schema}.${table} into ${database}.${target}: ${clash.rule.where} and ${spec.where}.`,
          {
            advice: 'Remove one of them, or give one another sr_table.',
          },
        )
      }
      matched.push({ rule: spec, database, table: target })
    }
    return matched
  }

  /** Of these tables, those that are wanted and that a rule writes into this target. */
  writersOf(
    target: { readonly database: string; readonly table: string },
    tables: readonly { readonly schema: string; readonly table: string }[],
  ): { readonly schema: string; readonly table: string }[] {
    return tables.filter(
      ({ schema, table }) =>
        this.wanted(schema, table) &&
        this.match(schema, table).some(way => way.database === target.database && way.table === target.table),
    )
  }

  /** Where the first rule stands that writes some columns of rows only; null: none does. */
  get partialRule(): string | null {
    return this.rules.find(({ shape }) => shape.partial)?.where ?? null
  }

  /** The rules in the order of the configuration: the first has the number 1. */
  get rules(): readonly RuleSpec[] {
    return this.#rules.map(({ spec }) => spec)
  }

  /** Tables a [[source]] names that no rule takes, and rules that no existing followed table matches, as sentences for the operator. */
  gaps(tables: readonly { readonly schema: string; readonly table: string }[]): string[] {
    const followed = tables.filter(t => this.followed(t.schema, t.table))
    const gaps = followed
      .filter(t => this.match(t.schema, t.table).length === 0)
      .map(t => `${t.schema}.${t.table} is named by a [[source]], but no [[rule]] matches it: it is not synced.`)
    for (const { spec, schema, table } of this.#rules) {
      if (followed.some(t => schema.test(t.schema) && table.test(t.table))) continue
      const exists = tables.some(t => schema.test(t.schema) && table.test(t.table))
      const name = `${spec.schema}.${spec.table}`
      gaps.push(
        exists
          ? `The rule at ${spec.where} is for ${name}, which no [[source]] names: it has no effect.`
          : `The rule at ${spec.where} is for ${name}, which does not exist on the source now.`,
      )
    }
    return gaps
  }
}
