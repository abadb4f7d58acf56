import type { BoundColumn } from '../../lib/binlog/bound-column.js'
import { WIRE } from '../../lib/binlog/wire-type.js'

/** A NOT NULL column of a wire type, with what a test changes. */
export function column(name: string, type: number, changes: Partial<BoundColumn> = {}): BoundColumn {
  return {
    table: 's.t',
    name,
    type,
    length: 0,
    scale: 0,
    nullable: false,
    unsigned: false,
    form: 'number',
    charset: null,
    members: [],
    isBinary: false,
    undecodable: null,
    ...changes,
  }
}

export const int = (name: string, changes: Partial<BoundColumn> = {}) => column(name, WIRE.LONG, changes)
export const bigint = (name: string, changes: Partial<BoundColumn> = {}) => column(name, WIRE.LONGLONG, changes)
export const varchar = (name: string, changes: Partial<BoundColumn> = {}) =>
  column(name, WIRE.VARCHAR, { length: 100, form: 'utf8', ...changes })
