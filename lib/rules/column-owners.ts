import { Failure } from '../model/failure.js'
import { isSameName } from '../model/same-name.js'
import { type SourceColumn, type TableSchema, type TargetTable, tableName, targetName } from '../model/schema.js'
import { parseTargetType } from '../starrocks/target-type.js'
import { valueKind } from '../starrocks/type-map.js'
import type { ColumnPlan } from './column-plan.js'
import type { MatchedRule } from './rule-book.js'

interface Owner {
  readonly matched: MatchedRule
  readonly source: string
  /** Names in the target, folded. */
  readonly columns: ReadonlyMap<string, string>
  readonly key: readonly { readonly name: string; readonly type: string; readonly form: string }[]
}

/** Which rule writes which columns of targets whose rows several tables make together (mode = "partial"). */
export class ColumnOwners {
  readonly #targets = new Map<string, Map<string, Owner>>()

  /**
   * A table as the rule sees it takes its columns, in place of those that it had. `target`: as it is; null: not known.
   * @throws Failure ruleInvalid where another rule has one of them, or the same key would be another text from another table
   */
  claim(schema: TableSchema, plan: ColumnPlan, matched: MatchedRule, target: TargetTable | null): void {
    if (!matched.rule.shape.partial) return
    const owner = ownerOf(schema, plan, matched)
    const owners = this.#targets.get(targetName(matched)) ?? new Map<string, Owner>()
    this.#targets.set(targetName(matched), owners)
    for (const other of owners.values()) {
      if (other.source === owner.source) continue
      if (other.matched.rule !== matched.rule) refuseShared(other, owner)
      refuseOtherKey(other, owner)
    }
    if (target !== null) refuseNumbers(owner, target)
    owners.set(owner.source, owner)
  }
}

function ownerOf(schema: TableSchema, plan: ColumnPlan, matched: MatchedRule): Owner {
  const names = [...plan.targets, ...plan.constants.map(({ name }) => name)].filter(name => name !== null)
  return {
    matched,
    source: tableName(schema),
    columns: new Map(names.filter(name => !plan.key.includes(name)).map(name => [name.toLowerCase(), name])),
    key: plan.key.flatMap(name => {
      const column = schema.columns[plan.targets.indexOf(name)]
      return column === undefined ? [] : [{ name, type: column.columnType, form: textForm(column) }]
    }),
  }
}

function refuseShared(other: Owner, owner: Owner): void {
  const name = [...owner.columns.keys()].find(folded => other.columns.has(folded))
  if (name === undefined) return
  const column = owner.columns.get(name)!
  throw new Failure(
    'ruleInvalid',
    `${other.matched.rule.where} and ${owner.matched.rule.where} both write column "${column}" of ${targetName(owner.matched)}, of ${other.source} and of ${owner.source}: with mode = "partial" each column has one rule.`,
    {
      advice: `Leave it out of one of them with columns or exclude, or give it another name there: rename = { "…" = "${column}_2" }.`,
    },
  )
}

/** Rows of one key meet in one lane by a hash of the key's text, whatever table they come from. */
function refuseOtherKey(other: Owner, owner: Owner): void {
  for (const [n, part] of owner.key.entries()) {
    const known = other.key[n]
    if (known === undefined || known.name.toLowerCase() !== part.name.toLowerCase() || known.form === part.form)
      continue
    throw new Failure(
      'ruleInvalid',
      `${other.matched.rule.where} and ${owner.matched.rule.where}: key column "${part.name}" of ${targetName(owner.matched)} is ${known.type} in ${other.source} and ${part.type} in ${owner.source}: the same key could be written in two ways, so that changes of a row came out of order.`,
      { advice: 'Give the columns the same type in the source: integers of any size and texts go together.' },
    )
  }
}

const NUMBERS = new Set(['tinyint', 'smallint', 'int', 'bigint', 'largeint', 'decimal', 'double', 'float', 'boolean'])
const TEXTS = new Set(['char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext', 'enum'])

/** Of texts '7' and '07' two rows come, which are one where StarRocks makes numbers of them. */
function refuseNumbers({ key, source, matched }: Owner, target: TargetTable): void {
  for (const { name, type, form } of key) {
    const found = target.columns.find(column => isSameName(column.name, name))
    const isText = form === 'text' && TEXTS.has(type.replace(/\W.*/s, '').toLowerCase())
    if (found === undefined || !isText || !NUMBERS.has(parseTargetType(found.type).base)) continue
    throw new Failure(
      'ruleInvalid',
      `${matched.rule.where}: key column "${name}" of ${targetName(target)} is ${found.type}, and ${type} in ${source}: different texts could become the same number.`,
      { advice: 'Give the key column of the target a text type, or the source column a number type.' },
    )
  }
}

/** Columns of one form write equal keys as equal texts. */
function textForm(column: SourceColumn): string {
  const { dataType, columnType, scale, fractionDigits, charset } = column
  if (valueKind(column) === 'integer' && dataType !== 'year' && dataType !== 'bit') return 'text'
  if (TEXTS.has(dataType)) return charset === null || charset === 'binary' ? 'bytes' : 'text'
  switch (dataType) {
    case 'binary':
    case 'varbinary':
      return 'bytes'
    case 'decimal':
      return `decimal of scale ${scale}`
    case 'datetime':
    case 'timestamp':
      return `time of ${fractionDigits ?? 0} digits`
    default:
      return columnType
  }
}
