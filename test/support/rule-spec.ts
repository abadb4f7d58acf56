import { PLAIN_LOAD, PLAIN_SHARDS } from '../../lib/model/rule-load.js'
import { PLAIN_SHAPE } from '../../lib/model/rule-shape.js'
import type { TypeChoices } from '../../lib/model/value-policy.js'
import type { RuleSpec } from '../../lib/rules/rule-book.js'

/** The mapped types for all columns. */
export const MAPPED_TYPES: TypeChoices = { bit1: 'number', tinyint1: 'tinyint', cast: new Map() }

/** A rule for s.t with all defaults, but for the given parts. */
export function rule(parts: Partial<RuleSpec>): RuleSpec {
  return {
    where: '[[rule]] in sync.toml, line 7',
    schema: 's',
    table: 't',
    targetDatabase: null,
    targetTable: null,
    orderBy: null,
    partitionBy: null,
    mode: 'upsert',
    groupBy: [],
    measures: new Map(),
    columns: null,
    exclude: [],
    rename: new Map(),
    constants: new Map(),
    zeroDate: 'null',
    types: MAPPED_TYPES,
    shape: PLAIN_SHAPE,
    shards: PLAIN_SHARDS,
    load: PLAIN_LOAD,
    flushIntervalMs: 1000,
    flushRows: 1,
    flushBytes: 1,
    loadFormat: 'csv',
    ...parts,
  }
}
