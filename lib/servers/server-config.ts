import { join } from 'node:path'
import { Failure } from '../model/failure.js'
import type { ServerKind } from './server-recipe.js'

/** How a server is to run; what is left out keeps the default named here. */
export interface ServerOptions {
  /** binlog_row_image; default full. */
  readonly rowImage?: 'full' | 'minimal' | 'noblob'
  /** binlog_row_metadata; default the server's own (MySQL minimal, MariaDB none). `none` is MariaDB's NO_LOG. */
  readonly rowMetadata?: 'full' | 'minimal' | 'none'
  /** gtid_mode of MySQL; default true. MariaDB always has GTIDs. */
  readonly gtid?: boolean
  /** Whether the server offers TLS; default true. */
  readonly tls?: boolean
  /** binlog_transaction_compression of MySQL, log_bin_compress (from 10 bytes on) of MariaDB; default false. */
  readonly compression?: boolean
  /** binlog_format; default row. */
  readonly binlogFormat?: 'row' | 'mixed' | 'statement'
  /** server_id; default 1. */
  readonly serverId?: number
  /** An offset such as '+08:00' becomes default_time_zone; a name such as 'Europe/Berlin' the process's TZ (time_zone stays SYSTEM). */
  readonly timeZone?: string
  /** Whether a binlog is written; default true. */
  readonly logBin?: boolean
  /** Further lines of the [mysqld] section; they win over all others. */
  readonly extra?: readonly string[]
}

export interface ServerPlace {
  readonly kind: ServerKind
  /** The unpacked packages. */
  readonly root: string
  /** The folder of this one server; the data lie in `data` inside. */
  readonly folder: string
  readonly port: number
  /** Whether the server will run as the superuser, which it does only when told. */
  readonly superuser: boolean
}

/** Names of the files inside a server's folder. */
export const PLACES = { data: 'data', socket: 's.sock', pid: 'pid', log: 'error.log', tmp: 'tmp', config: 'my.cnf' }

const OFFSET = /^[+-]\d\d:\d\d$/

/** The TZ variable of the server process when `timeZone` is a name, else undefined. */
export function timeZoneVariable(options: ServerOptions): string | undefined {
  return options.timeZone === undefined || OFFSET.test(options.timeZone) ? undefined : options.timeZone
}

/** The my.cnf of one server. Fails (configInvalid) when an option does not exist on this kind. */
export function renderServerConfig(place: ServerPlace, options: ServerOptions): string {
  const { kind, root, folder } = place
  const mysql = kind === 'mysql'
  if (!mysql && options.gtid === false)
    throw new Failure('configInvalid', 'gtid: false is not possible on MariaDB: its GTIDs cannot be switched off')
  if (mysql && options.rowMetadata === 'none')
    throw new Failure('configInvalid', 'rowMetadata: none exists on MariaDB only')
  const share = join(root, 'usr/share/mysql')
  const lines = [
    '[mysqld]',
    // Under a foreign ld-linux the server cannot find its own place, so every path is said.
    `basedir=${join(root, 'usr')}`,
    `datadir=${join(folder, PLACES.data)}`,
    `lc-messages-dir=${share}`,
    `character-sets-dir=${join(share, 'charsets')}`,
    `plugin-dir=${join(root, 'usr/lib/mysql/plugin')}`,
    `socket=${join(folder, PLACES.socket)}`,
    `pid-file=${join(folder, PLACES.pid)}`,
    `log-error=${join(folder, PLACES.log)}`,
    `tmpdir=${join(folder, PLACES.tmp)}`,
    `port=${place.port}`,
    'bind-address=127.0.0.1',
    ...(place.superuser ? ['user=root'] : []),
    `server-id=${options.serverId ?? 1}`,
    'character-set-server=utf8mb4',
    'skip-name-resolve',
    'innodb-buffer-pool-size=128M',
    // Handed to the system at each commit, flushed once a second: survives the death of the process, not of the machine.
    'innodb-flush-log-at-trx-commit=2',
    'sync-binlog=0',
    'max-allowed-packet=256M',
    'secure-file-priv=',
    ...(mysql ? ['mysqlx=0', 'innodb-redo-log-capacity=64M'] : ['innodb-log-file-size=64M', 'max-connections=151']),
    ...(options.logBin === false ? (mysql ? ['disable-log-bin'] : ['skip-log-bin']) : binlogLines(place, options)),
    ...tlsLines(place, options.tls ?? true),
  ]
  if (options.timeZone !== undefined && OFFSET.test(options.timeZone))
    lines.push(`default-time-zone=${options.timeZone}`)
  return `${[...lines, ...(options.extra ?? [])].join('\n')}\n`
}

function binlogLines(place: ServerPlace, options: ServerOptions): string[] {
  const mysql = place.kind === 'mysql'
  const lines = [
    `log-bin=${join(place.folder, PLACES.data, 'mbin')}`,
    `binlog-format=${options.binlogFormat ?? 'row'}`,
    `binlog-row-image=${options.rowImage ?? 'full'}`,
  ]
  if (options.rowMetadata !== undefined)
    lines.push(`binlog-row-metadata=${options.rowMetadata === 'none' ? 'NO_LOG' : options.rowMetadata}`)
  // Both are said: the default is ON since 9.x and was OFF before.
  if (mysql) {
    const state = options.gtid === false ? 'OFF' : 'ON'
    lines.push(`gtid-mode=${state}`, `enforce-gtid-consistency=${state}`)
  }
  if (!mysql) lines.push('log-slave-updates')
  if (options.compression)
    lines.push(
      ...(mysql ? ['binlog-transaction-compression=ON'] : ['log-bin-compress=ON', 'log-bin-compress-min-len=10']),
    )
  return lines
}

function tlsLines(place: ServerPlace, tls: boolean): string[] {
  // MySQL makes its own certificates in the data folder; without any protocol version it offers no TLS.
  if (place.kind === 'mysql') return tls ? [] : ['tls-version=']
  if (!tls) return ['skip-ssl']
  const data = join(place.folder, PLACES.data)
  return [`ssl-ca=${data}/ca.pem`, `ssl-cert=${data}/server-cert.pem`, `ssl-key=${data}/server-key.pem`]
}
