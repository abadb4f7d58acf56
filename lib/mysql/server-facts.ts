import { readCollations } from './collation-names.js'
import type { SourceSession } from './session.js'

/** What the engine needs to know of the source server, read once per connection. */
export interface ServerFacts {
  readonly version: string
  readonly mariadb: boolean
  /** `@@server_uuid`, or "mariadb-<server_id>" on MariaDB, which has no uuid. */
  readonly serverUuid: string
  readonly serverId: number
  /** MySQL with gtid_mode=ON, or any MariaDB. */
  readonly gtids: boolean
  readonly variables: ReadonlyMap<string, string>
  /** Names of collations by their ids. Absent: not asked. */
  readonly collations?: ReadonlyMap<number, string>
}

const NAMES = [
  'server_uuid',
  'server_id',
  'log_bin',
  'binlog_format',
  'binlog_row_image',
  'binlog_row_metadata',
  'binlog_row_value_options',
  'binlog_expire_logs_seconds',
  'expire_logs_days',
  'binlog_checksum',
  'gtid_mode',
  'time_zone',
  'system_time_zone',
  'binlog_transaction_compression',
  'log_bin_compress',
  'lower_case_table_names',
  'explicit_defaults_for_timestamp',
  'character_set_server',
]

/** Reads version and global variables; variables the server does not have are absent. */
export async function readServerFacts(session: SourceSession): Promise<ServerFacts> {
  const [row] = await session.query('SELECT VERSION() AS version')
  const version = row?.version ?? ''
  const mariadb = /mariadb/i.test(version)
  const rows = await session.query('SHOW GLOBAL VARIABLES WHERE Variable_name IN (?)', [NAMES])
  const variables = new Map(rows.map(r => [(r.Variable_name ?? '').toLowerCase(), r.Value ?? '']))
  const serverId = Number(variables.get('server_id') ?? 0)
  return {
    version,
    mariadb,
    serverId,
    serverUuid: mariadb ? `mariadb-${serverId}` : (variables.get('server_uuid') ?? ''),
    gtids: mariadb || variables.get('gtid_mode')?.toUpperCase() === 'ON',
    variables,
    collations: await readCollations(session),
  }
}
