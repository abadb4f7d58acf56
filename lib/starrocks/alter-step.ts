import { isSameName } from '../model/same-name.js'
import type { TargetEvolution, TargetStep, UnitedColumn } from '../model/target-change.js'
import { HandNeeded } from './alter-by-hand.js'
import { FILLING_MARK, isLeft, leftComment } from './alter-marks.js'
import {
  FILL_TIMEOUT,
  renderAddColumn,
  renderByHand,
  renderCommentColumn,
  renderCommentTable,
  renderDropColumn,
  renderFill,
  renderModifyColumn,
  renderRenameColumn,
} from './alter-text.js'
import { modifyRefusal, widened } from './alter-types.js'
import { anKey, quoteTable } from './ddl.js'
import { shapedColumn, type TargetShape } from './target-shape.js'
import { typeFit } from './target-type.js'

export interface AlterStatement {
  readonly sql: string
  /** The step can do without it, where StarRocks refuses it: old releases change no comments. */
  readonly dispensable: boolean
  /** What to run by hand where StarRocks refuses it; the statement itself when absent. */
  readonly otherwise?: readonly string[]
}

const needed = (sql: string): AlterStatement => ({ sql, dispensable: false })
const comment = (sql: string): AlterStatement => ({ sql, dispensable: true })

/** Steps that are told from the target's columns and comments. */
export type ShapeStep = Exclude<
  TargetStep,
  { kind: 'renameTable' | 'dropTable' | 'truncate' | 'deleteRows' | 'fillRows' | 'expectNone' }
>

/**
 * The statements that take a target from the state it is in towards the step's end; none when it is there. Run, and asked
 * again, they come to that end from wherever a crash, or an operator, has left the target. Throws HandNeeded.
 */
export function statementsTowards(
  step: ShapeStep,
  shape: TargetShape,
  evolution: TargetEvolution,
): readonly AlterStatement[] {
  switch (step.kind) {
    case 'renameColumn':
      return rename(step, shape)
    case 'addColumn':
      return add(step, shape, evolution)
    case 'leaveColumn':
      return leave(step, shape)
    case 'unite':
      return unite(step.columns, shape)
    case 'dropColumn':
      return shapedColumn(shape, step.name) === undefined ? [] : [needed(renderDropColumn(shape, step.name))]
    case 'modifyColumn':
      return modify(step, shape)
    case 'commentColumn': {
      const column = shapedColumn(shape, step.name)
      // Of a column that one of several tables has dropped, the comment says so.
      const kept = column === undefined || (evolution.shared && isLeft(column.comment))
      return kept || column.comment === step.comment
        ? []
        : [comment(renderCommentColumn(shape, column.name, step.comment))]
    }
    case 'commentTable':
      return shape.comment === step.comment ? [] : [comment(renderCommentTable(shape, step.comment))]
  }
}

function rename(
  { from, to }: Extract<TargetStep, { kind: 'renameColumn' }>,
  shape: TargetShape,
): readonly AlterStatement[] {
  const old = shapedColumn(shape, from)
  const now = shapedColumn(shape, to)
  if (old !== undefined && now !== undefined)
    throw new HandNeeded(`column ${from} became ${to}, and the target has both`, [
      renderDropColumn(shape, to),
      renderRenameColumn(shape, from, to),
    ])
  return old === undefined ? [] : [needed(renderRenameColumn(shape, old.name, to))]
}

function add(
  { name, type, comment: text, fill }: Extract<TargetStep, { kind: 'addColumn' }>,
  shape: TargetShape,
  evolution: TargetEvolution,
): readonly AlterStatement[] {
  const column = shapedColumn(shape, name)
  const wanted = { name, type, comment: text }
  const updated = fill.kind === 'value' && !fill.asDefault
  if (column === undefined) {
    if (fill.kind === 'unknown')
      throw new HandNeeded(unknownFill(name, fill.reason), renderByHand(shape, { kind: 'addColumn', ...wanted, fill }))
    if (updated && evolution.shared)
      throw new HandNeeded(
        `rows of other tables are in the target too, and column ${name} can be filled only by an UPDATE of all`,
        [renderAddColumn(shape, wanted, fill), renderFill(shape, name, fill)],
      )
    return [needed(renderAddColumn(shape, updated ? { ...wanted, comment: FILLING_MARK } : wanted, fill))]
  }
  if (column.comment === FILLING_MARK) {
    const fillAll = renderFill(shape, column.name, fill)
    const restored = renderCommentColumn(shape, column.name, text)
    return [needed(FILL_TIMEOUT), { ...needed(fillAll), otherwise: [fillAll, restored] }, comment(restored)]
  }
  if (evolution.shared && isLeft(column.comment)) {
    if ((evolution.rows ?? null) === null)
      throw new HandNeeded(
        `column ${name} was dropped in one of the tables that are written to the target, and no column tells the rows of ${evolution.source}, which may have old values there`,
        [
          `UPDATE ${quoteTable(shape)} … of the rows of ${evolution.source}`,
          renderCommentColumn(shape, column.name, text),
        ],
      )
    return [comment(renderCommentColumn(shape, column.name, text))]
  }
  if (isLeft(column.comment)) {
    if (typeFit(type, column.type).kind !== 'fits')
      throw new HandNeeded(`column ${name} came back as ${type}, and the target has kept it as ${column.type}`, [
        renderDropColumn(shape, column.name),
      ])
    const updateByHand = renderByHand(shape, { kind: 'addColumn', ...wanted, fill }).slice(1)
    const restored = renderCommentColumn(shape, column.name, text)
    if (fill.kind === 'unknown') throw new HandNeeded(unknownFill(name, fill.reason), [...updateByHand, restored])
    return [comment(renderCommentColumn(shape, column.name, FILLING_MARK))]
  }
  // Another table's statement has added it; only a default is certain to have reached every row.
  if (evolution.shared && fill.kind === 'value' && column.defaultText !== fill.text)
    throw new HandNeeded(`column ${name} is in the target already, and rows of this table need a value there`, [
      `UPDATE ${quoteTable(shape)} … of the rows of ${evolution.source}`,
      renderModifyColumn(shape, { ...column, defaultText: fill.text }),
    ])
  return []
}

function unite(columns: readonly UnitedColumn[], shape: TargetShape): readonly AlterStatement[] {
  const isKey = (name: string) => shape.key.some(key => isSameName(key, name))
  const missing = columns.filter(({ name }) => !isKey(name) && shapedColumn(shape, name) === undefined)
  const given = new Set(columns.map(({ name }) => name.toLowerCase()))
  return [
    ...missing.map(column => needed(renderAddColumn(shape, column, { kind: 'null' }))),
    ...columns.flatMap(column => modify({ kind: 'modifyColumn', ...column }, shape)),
    ...shape.columns
      .filter(({ name }) => !given.has(name.toLowerCase()) && !isKey(name))
      .flatMap(({ name }) => leave({ kind: 'leaveColumn', name, mark: false }, shape)),
  ]
}

function unknownFill(name: string, reason: string): string {
  return `the added column ${name} ${reason}, so rows that are there cannot be given its values`
}

function leave(
  { name, mark }: Extract<TargetStep, { kind: 'leaveColumn' }>,
  shape: TargetShape,
): readonly AlterStatement[] {
  const column = shapedColumn(shape, name)
  if (column === undefined) return []
  if (!column.nullable && !column.hasDefault) return [needed(renderModifyColumn(shape, { ...column, nullable: true }))]
  return mark && !isLeft(column.comment)
    ? [comment(renderCommentColumn(shape, column.name, leftComment(column.comment)))]
    : []
}

function modify(
  { name, type, nullable }: Extract<TargetStep, { kind: 'modifyColumn' }>,
  shape: TargetShape,
): readonly AlterStatement[] {
  const column = shapedColumn(shape, name)
  if (column === undefined) return []
  const isPrimaryKey = shape.model === 'primary' && shape.key.some(key => isSameName(key, column.name))
  const holds = typeFit(type, column.type).kind === 'fits'
  const relaxed = nullable && !column.nullable && !isPrimaryKey
  if (holds && !relaxed) return []
  const wider = holds ? column.type : widened(column.type, type)
  const statement = renderModifyColumn(shape, { ...column, type: wider, nullable: column.nullable || relaxed })
  const refusal = modifyRefusal(column.type, wider, { isPrimaryKey })
  const anew = [`DROP TABLE ${quoteTable(shape)}`]
  // Most releases change no key column at all, some a VARCHAR.
  if (refusal === null) return [{ ...needed(statement), ...(isPrimaryKey ? { otherwise: anew } : {}) }]
  const added = { name: `${column.name}_new`, type, comment: column.comment }
  const byHand = isPrimaryKey
    ? anew
    : [
        renderAddColumn(shape, added, { kind: 'null' }),
        `UPDATE ${quoteTable(shape)} … with the values of the source`,
        renderDropColumn(shape, column.name),
        renderRenameColumn(shape, added.name, column.name),
      ]
  const copied = isPrimaryKey ? `; ${anKey(shape.model)} table is made anew and copied` : ''
  throw new HandNeeded(`column ${name} needs ${type}, it is ${column.type}: ${refusal}${copied}`, byHand)
}
