import { asFailure, Failure } from '../model/failure.js'
import { type TableSchema, tableName, targetName } from '../model/schema.js'
import type { TableChange } from '../model/schema-change.js'
import type { EvolutionWarning, RowTag, TargetEvolution, TargetStep } from '../model/target-change.js'
import { renderByHand, renderDeleteRows, renderDropTable } from '../starrocks/alter-text.js'
import { quoteIdentifier, quoteTable, renderTruncate } from '../starrocks/ddl.js'
import { columnsChange, type Obstacle, type RuleView, ruleView } from './evolution-columns.js'
import type { MatchedRule } from './rule-book.js'
import { modelOf } from './target-wish.js'

/** What a target does where following the source would take something away from its readers. */
export interface EvolutionPolicy {
  readonly onDropColumn: 'keep' | 'drop'
  readonly onRenameTable: 'keep' | 'rename'
  readonly onDropTable: 'keep' | 'drop'
}

type TargetRef = { readonly database: string; readonly table: string }

export interface EvolutionParts {
  readonly policy: EvolutionPolicy
  /** The rules that can be carried out for a table; none when it is not followed. */
  readonly rulesOf: (schema: TableSchema) => readonly MatchedRule[]
  /** Whether a source table other than this one is written to the target, as far as is known. */
  readonly isShared: (target: TargetRef, of: TableSchema) => boolean
  /** Source tables other than this one whose rows have, or may come to have, values for a column of the target. */
  readonly othersWith: (target: TargetRef, of: TableSchema, column: string) => readonly string[]
  /** What tells the rows of a source table from those of all others in a target; null: nothing does. */
  readonly rowsOf: (target: TargetRef, of: TableSchema) => readonly RowTag[] | null
}

export interface Evolution {
  /** To be carried out in this order, each by the sink's `evolve`. */
  readonly targets: readonly TargetEvolution[]
  readonly warnings: readonly EvolutionWarning[]
}

/** A table's rules before and after the statement; either may be missing. */
interface RulePair {
  readonly before: MatchedRule | null
  readonly after: MatchedRule | null
}

/**
 * What a change of a source table makes of its targets. Everything before the statement must be durable when it is carried
 * out, and nothing behind it loaded. Throws Failure('ddlUnsupported') naming all that stands against it, with the statements
 * to run by hand; nothing is to be done then.
 */
export function evolveTargets(told: TableChange, statement: string, parts: EvolutionParts): Evolution {
  // It changes no column, so the one side stands for the other.
  const change = told.kind === 'truncate' ? { ...told, before: told.before ?? told.after } : told
  const { before, after } = change
  const pairs = pairRules(before === null ? [] : parts.rulesOf(before), after === null ? [] : parts.rulesOf(after))
  if (pairs.length === 0) return { targets: [], warnings: [] }
  const builder = new EvolutionBuilder(change, statement, parts)
  if (change.unseenRows !== null && after !== null)
    throw builder.unseen(`rows changed without row events: ${change.unseenRows}`)
  if (change.kind === 'alter' && before === null) throw builder.unseen('what the table was before is not known')
  for (const pair of pairs) builder.add(pair)
  return builder.finished()
}

class EvolutionBuilder {
  readonly #change: TableChange
  readonly #statement: string
  readonly #parts: EvolutionParts
  readonly #source: string
  readonly #targets: TargetEvolution[] = []
  readonly #warnings: EvolutionWarning[] = []

  constructor(change: TableChange, statement: string, parts: EvolutionParts) {
    this.#change = change
    this.#statement = statement.replace(/\s+/g, ' ').trim().slice(0, 500)
    this.#parts = parts
    this.#source = tableName(change.before ?? change.after!)
  }

  finished(): Evolution {
    return { targets: this.#targets, warnings: this.#warnings }
  }

  unseen(reason: string): Failure {
    return new Failure('ddlUnsupported', `${this.#source} cannot be followed (${reason}): ${this.#statement}`, {
      advice: `Copy ${this.#source} again.`,
    })
  }

  add({ before: old, after: now }: RulePair): void {
    const { before, after } = this.#change
    if (old === null && now !== null && after !== null) this.#begun(after, now)
    if (old === null || before === null) return
    const shared = old.rule.shape.partial || this.#parts.isShared(old, before)
    if (after === null) this.#gone(old, before, shared)
    else if (this.#change.kind === 'truncate') this.#emptied(old, before, shared)
    else if (now === null) this.#left(old, after)
    else this.#altered(this.#view(before, old), this.#view(after, now), shared)
  }

  /** The rules of a table may not fit it any more: they name columns it no longer has. */
  #view(schema: TableSchema, matched: MatchedRule): RuleView {
    try {
      return ruleView(schema, matched)
    } catch (error) {
      const failure = asFailure(error)
      if (failure.kind === 'internal') throw failure
      throw new Failure('ddlUnsupported', `${this.#source}: ${failure.message} The source ran: ${this.#statement}`, {
        cause: failure,
        advice: `${failure.advice} Then copy ${this.#source} again.`,
      })
    }
  }

  #begun(after: TableSchema, now: MatchedRule): void {
    if (this.#change.kind === 'create') return
    this.#warn(
      `${tableName(after)} is followed from now on; rows it has already are not in ${targetName(now)}: ${this.#statement}`,
      'Copy the table if its earlier rows are wanted.',
    )
  }

  #left(old: MatchedRule, after: TableSchema): void {
    this.#warn(
      `${this.#source} is ${tableName(after)} now, which no rule sends to ${targetName(old)}: the target keeps its rows and gets no more.`,
      `Add ${tableName(after)} to [[source]] and a [[rule]] for it, and copy the table.`,
    )
  }

  #gone(old: MatchedRule, before: TableSchema, shared: boolean): void {
    const rows = shared && !old.rule.shape.partial ? this.#rowsOf(old, before) : null
    const keeps = old.rule.mode === 'append' || this.#parts.policy.onDropTable === 'keep' || (shared && rows === null)
    if (!keeps) {
      this.#push(old, before, shared, [rows === null ? { kind: 'dropTable' } : { kind: 'deleteRows', rows }])
      return
    }
    this.#warn(
      `${this.#source} was dropped; ${targetName(old)} keeps its rows.`,
      shared
        ? rows === null
          ? `DELETE FROM ${quoteTable(old)} WHERE …; removes what it had, where a column tells.`
          : `${renderDeleteRows(old, rows)}; removes what it had.`
        : `${renderTruncate(old)}; before a table of this name is made again, or ${renderDropTable(old)};`,
    )
  }

  #emptied(old: MatchedRule, before: TableSchema, shared: boolean): void {
    if (old.rule.mode === 'append') return
    if (old.rule.shape.partial) {
      this.#emptiedPart(old, before)
      return
    }
    const rows = shared ? this.#rowsOf(old, before) : null
    if (shared && rows === null)
      throw this.#stop(
        old,
        [],
        [
          {
            reason: `other tables are written to ${targetName(old)} too, so it cannot be truncated`,
            remedy: 'statements',
            statements: [`DELETE FROM ${quoteTable(old)} WHERE … the rows are those of ${this.#source}`],
          },
        ],
      )
    this.#push(old, before, shared, [rows === null ? { kind: 'truncate' } : { kind: 'deleteRows', rows }])
  }

  /** Of rows that other tables have made too, the columns of this one become NULL; which rows those are, a constant tells. */
  #emptiedPart(old: MatchedRule, before: TableSchema): void {
    const { plan } = this.#view(before, old)
    const own = [...plan.targets, ...plan.constants.map(({ name }) => name)]
    const columns = own.filter(name => name !== null && !plan.key.includes(name)) as string[]
    const rows = this.#rowsOf(old, before)
    if (old.rule.shape.onDelete === 'nullify' && rows?.length === 1) {
      // The one by which the rows are found comes last: read twice, the statement finds what it left.
      const tag = rows[0]!.name
      const order = [...columns.filter(name => name !== tag), tag]
      const steps = order.map(name => ({ kind: 'fillRows' as const, name, fill: { kind: 'null' as const }, rows }))
      this.#push(old, before, true, steps)
      return
    }
    const nulls = columns.map(name => `${quoteIdentifier(name)} = NULL`).join(', ')
    throw this.#stop(
      old,
      [],
      [
        {
          reason: `other rules write into the rows of ${targetName(old)} too, so it cannot be truncated`,
          remedy: 'statements',
          statements: [`UPDATE ${quoteTable(old)} SET ${nulls} WHERE true`],
        },
      ],
    )
  }

  #altered(before: RuleView, after: RuleView, shared: boolean): void {
    const [old, now] = [before.matched, after.matched]
    if (old.rule.mode === 'upsert' && before.schema.key.length === 0) {
      // Without a key it was passed over.
      if (after.schema.key.length > 0) this.#begun(after.schema, now)
      return
    }
    const steps: TargetStep[] = []
    const obstacles: Obstacle[] = []
    if (targetName(old) !== targetName(now)) {
      if (this.#parts.policy.onRenameTable === 'keep' || shared) {
        this.#warn(
          `${this.#source} is ${tableName(after.schema)} now: its rows go to ${targetName(now)} from here on, and earlier ones stay in ${targetName(old)}.`,
          old.database === now.database
            ? `Set [schema] on_rename_table = "rename" before, or join them by hand: INSERT INTO ${quoteTable(now)} SELECT * FROM ${quoteTable(old)} …;`
            : `Copy the table, or INSERT INTO ${quoteTable(now)} SELECT * FROM ${quoteTable(old)} …;`,
        )
        return
      }
      if (old.database === now.database) steps.push({ kind: 'renameTable', from: old.table })
      else
        obstacles.push({
          reason: `${targetName(old)} would become ${targetName(now)}, and StarRocks renames no table into another database`,
          remedy: 'statements',
          statements: [
            `CREATE TABLE ${quoteTable(now)} LIKE ${quoteTable(old)}`,
            `INSERT INTO ${quoteTable(now)} SELECT * FROM ${quoteTable(old)}`,
          ],
        })
    }
    const columns = columnsChange(this.#change, before, after, {
      onDropColumn: this.#parts.policy.onDropColumn,
      shared,
      isFilledByOthers: name => this.#parts.othersWith(old, before.schema, name).length > 0,
      rows: shared ? this.#rowsOf(old, before.schema) : null,
      partial: old.rule.shape.partial,
    })
    obstacles.push(...columns.obstacles, ...constantsChange(before, after))
    if (obstacles.length > 0) throw this.#stop(now, columns.steps, obstacles)
    this.#push(now, before.schema, shared, [...steps, ...columns.steps])
  }

  #push(matched: MatchedRule, of: TableSchema, shared: boolean, steps: readonly TargetStep[]): void {
    if (steps.length === 0) return
    const model = modelOf(matched.rule)
    const { database, table } = matched
    const rows = shared ? this.#rowsOf(matched, of) : null
    this.#targets.push({
      source: tableName(of),
      statement: this.#statement,
      database,
      table,
      model,
      shared,
      ...(rows === null ? {} : { rows }),
      steps,
    })
  }

  /** Only rows that stand for those of the source can be taken back. */
  #rowsOf(matched: MatchedRule, of: TableSchema): readonly RowTag[] | null {
    return matched.rule.mode === 'upsert' ? this.#parts.rowsOf(matched, of) : null
  }

  #warn(message: string, advice: string): void {
    this.#warnings.push({ message, advice })
  }

  #stop(target: MatchedRule, steps: readonly TargetStep[], obstacles: readonly Obstacle[]): Failure {
    const reasons = obstacles.map(({ reason }) => reason).join('; ')
    const isNeeded = (remedy: Obstacle['remedy']) => obstacles.some(obstacle => obstacle.remedy === remedy)
    const statements = isNeeded('anew')
      ? [renderDropTable(target)]
      : [...obstacles.flatMap(obstacle => obstacle.statements), ...steps.flatMap(step => renderByHand(target, step))]
    const advice = [
      ...(statements.length === 0 ? [] : [`Run in StarRocks: ${statements.join('; ')}.`]),
      ...(isNeeded('anew') || isNeeded('copy') ? [`Copy ${this.#source} again.`] : []),
    ]
    return new Failure('ddlUnsupported', `${this.#source}: ${reasons}. The source ran: ${this.#statement}`, {
      advice: advice.join(' '),
    })
  }
}

/** Rows of before have the constants of before: in a key of groups they would stand beside the new ones. */
function constantsChange(before: RuleView, after: RuleView): Obstacle[] {
  const text = (view: RuleView) => JSON.stringify(view.plan.constants)
  if (after.matched.rule.mode === 'append' || text(before) === text(after)) return []
  return [
    {
      reason: `rows of before have other constants in ${targetName(after.matched)} (${before.plan.constants.map(c => `${c.name} = "${c.text}"`).join(', ')})`,
      remedy: 'copy',
      statements: [],
    },
  ]
}

/** The rules of a table under its old and its new name: the same [[rule]] goes on, and else the only one of its mode. */
function pairRules(before: readonly MatchedRule[], after: readonly MatchedRule[]): RulePair[] {
  const left = [...after]
  const take = (test: (matched: MatchedRule) => boolean): MatchedRule | null => {
    const at = left.findIndex(test)
    return at < 0 ? null : left.splice(at, 1)[0]!
  }
  const same = before.map(old => ({ before: old, after: take(now => now.rule === old.rule) }))
  const pairs = same.map(pair => ({
    before: pair.before,
    after: pair.after ?? take(now => now.rule.mode === pair.before.rule.mode),
  }))
  return [...pairs, ...left.map(now => ({ before: null, after: now }))]
}
