import { needsSalt } from './config/mask-checks.js'
import type { Config, RuleBlock } from './config/options.js'
import type { Sink } from './dispatch/sink.js'
import type { KeyedHash } from './model/mask.js'
import type { RuleLoad } from './model/rule-load.js'
import type { RouteMode } from './model/rule-mode.js'
import type { Operation, RuleShape } from './model/rule-shape.js'
import type { Zone } from './model/zone.js'
import type { ReadingOptions } from './mysql/binlog-source.js'
import type { SourceAddress } from './mysql/session.js'
import type { LoggedImages } from './rules/image-findings.js'
import type { RouterOptions } from './rules/router.js'
import { RuleBook } from './rules/rule-book.js'
import { MaskSalt } from './rules/shape/mask-salt.js'
import type { SnapshotLimits } from './snapshot/copy-orders.js'
import { bucketCountFor } from './starrocks/ddl.js'
import { separatorBytes } from './starrocks/load-body.js'
import { StarRocksSink, type StarRocksSinkOptions } from './starrocks/starrocks-sink.js'

/** Translations from the operator's keys to the options of the parts; no part sees Config itself. */

const CONNECT_TIMEOUT_MS = 10_000
/** Questions to the catalog of a server with very many tables take their time. */
const ANSWER_TIMEOUT_MS = 60_000

export function sourceAddress(config: Config): SourceAddress {
  return {
    host: config.mysql_addr.host,
    port: config.mysql_addr.port,
    user: config.mysql_user,
    password: config.mysql_pass,
    charset: config.mysql_charset,
    ssl: config.mysql_ssl,
    sslCa: config.mysql_ssl_ca ?? null,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    answerTimeoutMs: Math.max(ANSWER_TIMEOUT_MS, config.read_timeout_ms),
  }
}

/** Where rows are copied from; `streamed` is null where the binlog is read from the same server. */
export function copyAddresses(config: Config): {
  readonly address: SourceAddress
  readonly streamed: SourceAddress | null
} {
  const main = sourceAddress(config)
  const { mysql_addr, mysql_user, mysql_pass } = config.snapshot
  if (mysql_addr === undefined) return { address: main, streamed: null }
  const user = mysql_user ?? main.user
  const address = { ...main, ...mysql_addr, user, password: mysql_pass ?? main.password }
  return { address, streamed: main }
}

/** The bounds that a copy begins with. */
export function snapshotLimits({ snapshot }: Config): SnapshotLimits {
  return {
    connections: snapshot.connections,
    chunkRows: snapshot.chunk_rows,
    chunkBytes: snapshot.chunk_bytes,
    rowsPerS: snapshot.rate_rows ?? null,
    bytesPerS: snapshot.rate_bytes ?? null,
    maxThreadsRunning: snapshot.max_threads_running ?? null,
    maxReplicaLagS: snapshot.max_replica_lag_s ?? null,
  }
}

/** How the binlog is read, whatever is done with it. */
export function readingOptions(config: Config): ReadingOptions {
  return {
    address: sourceAddress(config),
    serverId: config.server_id,
    flavor: config.flavor,
    heartbeatMs: config.heartbeat_ms,
    readTimeoutMs: config.read_timeout_ms,
    verifyChecksum: config.verify_checksum,
  }
}

export function starRocksOptions(config: Config): StarRocksSinkOptions {
  const hosts = typeof config.sr_host === 'string' ? [config.sr_host] : config.sr_host
  return {
    frontends: hosts.map(host => ({ host, queryPort: config.sr_port, httpPort: config.sr_http_port })),
    user: config.sr_user,
    password: config.sr_pass,
    backends: config.sr_be_http ?? [],
    addressMap: Object.fromEntries(config.sr_be_address_map ?? []),
    loadTimeoutMs: config.load_timeout_ms,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    autoCreate: config.schema.auto_create,
    bucketCount: bucketCountFor(config.schema.be_num),
    replicationNum: config.schema.replication_num,
  }
}

/** The sink the configuration asks for. A new kind of sink adds its line here. */
export function createSink(config: Config): Sink {
  return new StarRocksSink(starRocksOptions(config))
}

export function ruleBookOf(config: Config): RuleBook {
  const salt = config.mask_salt === '' ? null : new MaskSalt(config.mask_salt)
  const rules = config.rule.map(rule => ({
    where: `[[rule]] in ${rule.at.file}, line ${rule.at.line}`,
    ...(rule.at.characterAt && { characterAt: rule.at.characterAt }),
    schema: rule.schema,
    table: rule.table,
    targetDatabase: rule.sr_schema ?? null,
    targetTable: rule.sr_table ?? null,
    orderBy: rule.order_by ?? null,
    partitionBy: rule.partition_by ?? null,
    mode: routeMode(rule),
    groupBy: rule.group_by ?? [],
    measures: rule.measures ?? new Map(),
    columns: rule.columns ?? null,
    exclude: rule.exclude ?? [],
    rename: rule.rename ?? new Map<string, string>(),
    constants: rule.constants ?? new Map<string, string>(),
    zeroDate: rule.zero_date ?? config.zero_date,
    types: { bit1: rule.bit1, tinyint1: rule.tinyint1, cast: rule.cast ?? new Map<string, string>() },
    shape: shapeOf(rule, salt),
    shards: { key: rule.shard_key ?? [], onCollision: rule.on_key_collision },
    load: loadOf(rule),
    flushIntervalMs: rule.flush_interval_ms ?? config.flush_interval_ms,
    flushRows: rule.flush_rows ?? config.flush_rows,
    flushBytes: rule.flush_bytes ?? config.flush_bytes,
    loadFormat: rule.load_format ?? config.load_format,
  }))
  return new RuleBook(config.source, rules, config.sr_dbname, config.schema.auto_shard)
}

function routeMode({ mode, group_by }: RuleBlock): RouteMode {
  if (group_by !== undefined) return 'aggregate'
  return mode === 'partial' ? 'upsert' : mode
}

function shapeOf(rule: RuleBlock, salt: KeyedHash | null): RuleShape {
  const { flag, time } = rule.soft_delete ?? {}
  return {
    where: rule.where ?? null,
    operations: (rule.operations ?? ['INSERT', 'UPDATE', 'DELETE']).map(name => name.toLowerCase() as Operation),
    computed: rule.computed ?? new Map(),
    mask: rule.mask ?? new Map(),
    salt: needsSalt(rule) ? salt : null,
    transform: rule.transform ?? null,
    transformColumns: rule.transform_columns ?? new Map(),
    transformReads: rule.transform_reads ?? [],
    transformKey: rule.transform_key ?? [],
    onDelete: rule.on_delete ?? (rule.mode === 'partial' ? 'nullify' : 'delete'),
    softDelete: { flag: flag ?? null, time: time ?? null },
    partial: rule.mode === 'partial',
    key: rule.key ?? new Map(),
    before: rule.before ?? [],
  }
}

function loadOf(rule: RuleBlock): RuleLoad {
  return {
    columnSeparator: rule.column_separator ?? null,
    rowDelimiter: rule.row_delimiter ?? null,
    partialUpdateMode: rule.partial_update_mode ?? null,
    mergeCondition: rule.merge_condition ?? null,
    model: rule.model ?? null,
    properties: rule.properties ?? new Map(),
    buckets: rule.buckets ?? null,
    distributedBy: rule.distributed_by ?? null,
  }
}

export function routerOptions(config: Config, zone: Zone, logged: LoggedImages): RouterOptions {
  return {
    columnSeparator: { text: config.column_separator, bytes: separatorBytes(config.column_separator) },
    rowDelimiter: { text: config.row_delimiter, bytes: separatorBytes(config.row_delimiter) },
    zone,
    skipTablesWithoutKey: config.skip_no_pk_table,
    logged,
    stopsAtBadValues: config.on_bad_row === 'stop',
  }
}
