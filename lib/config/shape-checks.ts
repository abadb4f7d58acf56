import { isExtreme, measureColumns, renderMeasure } from '../model/rule-mode.js'
import type { CrossCheck } from './config-checks.js'
import { measuredNames } from './measure.js'
import type { RuleBlock } from './options.js'

/** What `operations` is taken for where the rule does not name it. */
const ALL = ['INSERT', 'UPDATE', 'DELETE'] as const

/** Demands on the keys of a [[rule]] that say which rows are written, and with which further values. */
export const SHAPE_CHECKS: readonly CrossCheck<RuleBlock>[] = [
  {
    keys: ['operations'],
    problem: r => {
      const twice = r.operations?.find((name, index) => r.operations?.indexOf(name) !== index)
      return twice === undefined ? null : `names ${twice} twice`
    },
  },
  {
    keys: ['operations', 'group_by'],
    problem: r => {
      if (r.group_by === undefined) return null
      const has = (name: (typeof ALL)[number]) => (r.operations ?? ALL).includes(name)
      if (!has('INSERT')) return 'needs "INSERT" with group_by: nothing would be taken away that was not added before'
      return has('DELETE') && !has('UPDATE')
        ? 'needs "UPDATE" with group_by: a deleted row would take away what it became, not what was added'
        : null
    },
  },
  {
    keys: ['measures', 'operations'],
    problem: r => {
      const extreme = [...(r.measures ?? [])].find(([, measure]) => isExtreme(measure))
      if (extreme === undefined || (r.operations?.length === 1 && r.operations[0] === 'INSERT')) return null
      const [name, measure] = extreme
      return `has ${name} = "${renderMeasure(measure)}", which needs operations = ["INSERT"]: when a row that has the ${measure.of === 'min' ? 'least' : 'greatest'} value is updated or deleted, nothing tells the one that follows it. For tables that update or delete write the rows themselves (a rule without group_by) and let StarRocks take ${measure.of} of them, in a materialized view for example`
    },
  },
  {
    keys: ['before', 'mode'],
    problem: r =>
      r.before !== undefined && r.mode !== 'append' ? 'needs mode = "append", whose rows are changes' : null,
  },
  {
    keys: ['before'],
    problem: r => {
      const twice = r.before?.find((name, index) => r.before?.indexOf(name) !== index)
      if (twice !== undefined) return `names column "${twice}" twice`
      return r.before !== undefined && r.before.length > 1 && r.before.includes('*')
        ? 'has "*", which is all columns, beside others'
        : null
    },
  },
  {
    keys: ['on_delete', 'mode', 'group_by'],
    problem: r => {
      if (r.on_delete !== 'soft') return null
      if (r.group_by !== undefined) return '= "soft" marks rows, and a target with group_by has sums'
      return r.mode === 'append' ? '= "soft" marks rows, and with mode = "append" a delete is a row by itself' : null
    },
  },
  {
    keys: ['on_delete', 'operations'],
    problem: r =>
      r.on_delete === 'soft' && !(r.operations ?? ALL).includes('DELETE')
        ? '= "soft" has no effect without "DELETE" in operations'
        : null,
  },
  {
    keys: ['on_delete', 'mode'],
    problem: r => (r.on_delete === 'nullify' && r.mode !== 'partial' ? '= "nullify" needs mode = "partial"' : null),
  },
  {
    keys: ['soft_delete', 'on_delete'],
    problem: r =>
      r.soft_delete !== undefined && r.on_delete !== 'soft' ? 'has no effect without on_delete = "soft"' : null,
  },
  {
    keys: ['computed', 'constants', 'rename', 'measures'],
    problem: r => {
      const taken = new Set([
        ...(r.constants?.keys() ?? []),
        ...(r.rename?.values() ?? []),
        ...[...(r.measures ?? [])].flatMap(([name, measure]) => measureColumns(name, measure)),
        ...(r.soft_delete === undefined ? [] : Object.values(r.soft_delete)),
      ])
      const clash = [...(r.computed?.keys() ?? [])].find(name => taken.has(name))
      return clash === undefined
        ? null
        : `fills column "${clash}", which constants, rename, measures or soft_delete fill too`
    },
  },
  {
    keys: ['computed', 'group_by', 'measures'],
    problem: r => {
      if (r.group_by === undefined) return null
      const measured = [...(r.measures?.values() ?? [])].flatMap(measuredNames)
      const unused = [...(r.computed?.keys() ?? [])].find(
        name => !r.group_by!.includes(name) && !measured.includes(name),
      )
      return unused === undefined ? null : `computes "${unused}", which neither group_by nor measures name`
    },
  },
  {
    keys: ['transform', 'group_by'],
    problem: r =>
      r.transform !== undefined && r.group_by !== undefined
        ? 'and group_by exclude each other: nothing proves that a module makes of a row that is taken away what it made of it when it was added. Write its rows into a target of their own, and sum there'
        : null,
  },
  {
    keys: ['transform', 'mode'],
    problem: r =>
      r.transform !== undefined && r.mode === 'partial'
        ? 'and mode = "partial" exclude each other: a module makes whole rows'
        : null,
  },
  {
    keys: ['transform_columns', 'transform'],
    problem: r =>
      r.transform_columns !== undefined && r.transform === undefined ? 'has no effect without transform' : null,
  },
  {
    keys: ['transform_reads', 'transform'],
    problem: r =>
      r.transform_reads !== undefined && r.transform === undefined ? 'has no effect without transform' : null,
  },
  {
    keys: ['transform_key', 'transform', 'mode'],
    problem: r => {
      if (r.transform_key === undefined) return null
      if (r.transform === undefined) return 'has no effect without transform'
      const twice = r.transform_key.find((name, index) => r.transform_key!.indexOf(name) !== index)
      if (twice !== undefined) return `names ${twice} twice`
      return r.mode === 'append' ? 'has no effect with mode = "append", where the place of the change is the key' : null
    },
  },
  {
    keys: ['transform_columns', 'constants', 'cast'],
    problem: r => {
      const taken = [...(r.constants?.keys() ?? []), ...(r.cast?.keys() ?? [])]
      const clash = [...(r.transform_columns?.keys() ?? [])].find(name => taken.includes(name))
      return clash === undefined ? null : `gives column "${clash}" a type, which constants or cast name too`
    },
  },
]
