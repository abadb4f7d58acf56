import type { Load } from '../../lib/dispatch/sink.js'
import type { SourceColumn, TargetTable } from '../../lib/model/schema.js'
import type { StarRocksSinkOptions } from '../../lib/starrocks/starrocks-sink.js'

export const TARGET: TargetTable = {
  database: 'demo',
  table: 't_user',
  model: 'primary',
  key: ['id'],
  columns: [
    { name: 'id', type: 'bigint', nullable: false, hasDefault: false },
    { name: 'name', type: 'varchar(20)', nullable: true, hasDefault: false },
  ],
}

/** A source column of a type, everything else plain. */
export function column(dataType: string, more: Partial<SourceColumn> = {}): SourceColumn {
  return {
    name: 'c',
    dataType,
    columnType: dataType,
    unsigned: false,
    nullable: true,
    charset: null,
    maxLength: null,
    precision: null,
    scale: null,
    fractionDigits: null,
    members: [],
    comment: '',
    ...more,
  }
}

/** A CSV load of the given rows, one piece each. */
export function csvLoad(rows: readonly string[], more: Partial<Load> = {}): Load {
  const body = rows.map(row => Buffer.from(row))
  return {
    label: 'l-1',
    target: TARGET,
    format: 'csv',
    columns: '`id`,`name`,__op',
    body,
    bytes: body.reduce((sum, piece) => sum + piece.byteLength, 0),
    rows: rows.length,
    columnSeparator: '\\x01',
    rowDelimiter: '\\x02',
    ...more,
  }
}

export function sinkOptions(more: Partial<StarRocksSinkOptions>): StarRocksSinkOptions {
  return {
    frontends: [{ host: '127.0.0.1', queryPort: 9, httpPort: 9 }],
    user: 'sync',
    password: 'se:cret@1',
    addressMap: {},
    loadTimeoutMs: 60_000,
    autoCreate: true,
    bucketCount: 1,
    replicationNum: 1,
    connectTimeoutMs: 5000,
    statePollMs: 1,
    ...more,
  }
}
