import { isExtreme, type MeasureExpression, renderMeasure } from '../model/rule-mode.js'
import type { TableSchema } from '../model/schema.js'
import { findColumn } from './shape/row-names.js'

/** One column of sums or counts. */
export interface PlannedMeasure {
  /** Name in the target. */
  readonly name: string
  /** The summed column by its index among those of the shaped table; null counts rows. */
  readonly column: number | null
  /** As the operator writes it, for messages and comments. */
  readonly text: string
}

/** A column by which a measure of an expression is kept. */
export interface MeasuredColumn {
  /** Name in the target. */
  readonly name: string
  /** What is kept of the expression: its sum, how many of its values are not NULL, the least or the greatest. */
  readonly keeps: 'sum' | 'count' | 'min' | 'max'
  /** Of the measure: its key in the rule, and its text. */
  readonly key: string
  readonly text: string
}

/** The columns that measures of expressions need, in the order of the rule. */
export function measuredColumns(measures: ReadonlyMap<string, MeasureExpression>): MeasuredColumn[] {
  return [...measures].flatMap(([name, measure]): MeasuredColumn[] => {
    if (measure.of === 'count' || measure.of === 'sum') return []
    const common = { key: `measures.${name}`, text: measure.text }
    switch (measure.of) {
      case 'sumOf':
        return [{ ...common, name, keeps: 'sum' }]
      case 'countOf':
        return [{ ...common, name, keeps: 'count' }]
      case 'avg':
        return [
          { ...common, name: `${name}_sum`, keeps: 'sum' },
          { ...common, name: `${name}_count`, keeps: 'count' },
        ]
      default:
        return [{ ...common, name, keeps: measure.of }]
    }
  })
}

/** Name, in the shaped table, of the column whose values a measure of an expression adds up. */
export function summedName(name: string): string {
  return `measures.${name}`
}

/** The sums and counts of a rule over the shaped table, in its order. Columns that are not there have the index -1. */
export function planMeasures(schema: TableSchema, measures: ReadonlyMap<string, MeasureExpression>): PlannedMeasure[] {
  return [...measures].flatMap(([name, measure]): PlannedMeasure[] => {
    const text = renderMeasure(measure)
    if (measure.of === 'count') return [{ name, column: null, text }]
    if (measure.of === 'sum') return [{ name, column: findColumn(schema, measure.column), text }]
    if (isExtreme(measure)) return []
    return measuredColumns(new Map([[name, measure]])).map(part => ({
      name: part.name,
      column: schema.columns.findIndex(column => column.summed === true && column.name === summedName(part.name)),
      text,
    }))
  })
}
