import type { WireColumn } from '../../lib/binlog/wire-column.js'

/** A column of a table map that tells a wire type and nothing else, but for the given facts. */
export function wireColumn(type: number, facts: Partial<WireColumn> = {}): WireColumn {
  return {
    type,
    length: 0,
    scale: 0,
    nullable: false,
    unsigned: null,
    collationId: null,
    name: null,
    members: null,
    memberCount: null,
    geometryType: null,
    visible: null,
    dimensions: null,
    ...facts,
  }
}
