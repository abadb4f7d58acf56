import { duration } from './duration.js'
import { expressionText } from './expression-text.js'
import {
  address,
  addressProblem,
  addressText,
  constant,
  host,
  metricPrefix,
  namePattern,
  partitioning,
  separator,
  timeZone,
  typeText,
} from './field-kinds.js'
import { type Key, optional, preset, required, secret } from './key.js'
import { mask } from './mask.js'
import { measure } from './measure.js'
import { modulePath } from './module-path.js'
import { LOAD_KEYS, SHARD_KEYS } from './rule-load-keys.js'
import { SNAPSHOT_KEYS } from './snapshot-keys.js'
import { softDelete } from './soft-delete.js'
import { flag, integer, list, oneOf, oneOrMore, size, tableOf, text } from './value-kinds.js'

const PORT = integer(1, 65535)
const FLUSH_INTERVAL = integer(1, 3_600_000)
const FLUSH_ROWS = integer(1, 100_000_000)
const FLUSH_BYTES = size('1KB', '10GB')
const LOAD_FORMAT = oneOf(['csv', 'json'])
const ZERO_DATE = oneOf(['null', 'stop', 'min'])
const NAMES = list(text(), { type: 'array of strings' })

/** Keys above the first [section]. */
export const TOP_KEYS = {
  mysql_addr: required(address(3306), 'Source server, "host:port".'),
  mysql_user: required(text(), 'Source user; needs REPLICATION SLAVE, REPLICATION CLIENT and SELECT.'),
  mysql_pass: secret('Password of mysql_user; best taken from an environment variable.'),
  mysql_charset: preset(
    oneOf(['utf8mb4', 'utf8mb3', 'utf8']),
    'utf8mb4',
    "Character set of the connection. Column values are read in each column's own character set.",
  ),
  time_zone: preset(
    timeZone(),
    'source',
    'Zone in which TIMESTAMP values are written: "source" (the source server\'s), an offset, or a zone name.',
  ),
  mysql_ssl: preset(
    oneOf(['disabled', 'preferred', 'required', 'verify-ca']),
    'preferred',
    'Encryption of the connection to the source; "verify-ca" checks the certificate against mysql_ssl_ca.',
  ),
  mysql_ssl_ca: optional(text(), 'PEM file with the certificate authorities that mysql_ssl = "verify-ca" trusts.'),

  sr_host: required(oneOrMore(host()), 'StarRocks FE host; an array names several for failover.'),
  sr_port: preset(PORT, 9030, 'FE port of the MySQL protocol.'),
  sr_http_port: preset(PORT, 8030, 'FE port of HTTP (Stream Load).'),
  sr_user: required(text(), 'StarRocks user; needs INSERT, SELECT, CREATE TABLE and ALTER on the target databases.'),
  sr_pass: secret('Password of sr_user; best taken from an environment variable.'),
  sr_dbname: required(text(), 'Target database, unless a rule names another.'),
  sr_be_address_map: optional(
    tableOf(addressText(), 'table of "host:port" = "host:port"', addressProblem),
    'Replaces addresses that FE redirects to, when this host reaches the BE nodes by other ones.',
  ),
  sr_be_http: optional(
    list(addressText(), { type: 'array of "host:port"' }),
    'Loads go straight to these BE nodes instead of through the FE.',
  ),

  data_dir: preset(text(), './var', 'Folder for master.info, the pid file and status.json. One process per folder.'),
  statsd_host: optional(host(), 'StatsD server for metrics (UDP). Without it no metrics are sent.'),
  statsd_port: preset(PORT, 8125, 'StatsD port.'),
  statsd_prefix: preset(metricPrefix(), 'dbsync', 'First part of every metric name.'),

  server_id: preset(
    integer(1, 4_294_967_295),
    1001,
    'Replica id towards the source; no replica and no other sync process of that source may use it.',
  ),
  flavor: preset(oneOf(['mysql', 'mariadb']), 'mysql', 'Kind of source server.'),
  skip_no_pk_table: preset(
    flag(),
    false,
    'true passes over tables without a primary key, with one warning each; false refuses to start with them.',
  ),

  concurrent_size: preset(integer(1, 256), 6, 'Lanes (workers). Rows of one key always take the same lane, in order.'),
  concurrent_ack_win: preset(
    integer(1, 1_000_000_000),
    262_144,
    'Rows handed over but not yet durable in StarRocks; the source waits above it. At least concurrent_size.',
  ),
  ack_win_bytes: preset(size('64KB', '64GB'), '128MB', 'The same bound in bytes of load bodies.'),

  flush_interval_ms: preset(FLUSH_INTERVAL, 1000, 'The oldest row waits no longer than this for its load to start.'),
  flush_rows: preset(FLUSH_ROWS, 500_000, 'A load starts when it has this many rows.'),
  flush_bytes: preset(FLUSH_BYTES, '90MB', 'A load starts when its body has this many bytes.'),
  load_format: preset(
    LOAD_FORMAT,
    'csv',
    'Format of load bodies; "csv" falls back to json by itself for values that csv cannot carry.',
  ),
  column_separator: preset(separator(), String.raw`\x01`, 'CSV column separator. It must not occur in values.'),
  row_delimiter: preset(separator(), String.raw`\x02`, 'CSV row delimiter. It must not occur in values.'),
  collapse: preset(
    oneOf(['auto', 'off']),
    'auto',
    'Several changes of one key within a load: "auto" sends the last of them alone to PRIMARY KEY targets, where at least a fifth of the rows can be left out; "off" sends all.',
  ),
  delivery: preset(
    oneOf(['auto', 'atomic', 'labels']),
    'auto',
    'How rows get in exactly once: "atomic" puts each run of whole source transactions, and the position behind it, into one StarRocks transaction (4.0 and newer); "labels" plans loads on disk and gives each a label that stays the same over crashes; "auto" takes atomic where a trial on the cluster succeeds.',
  ),
  on_bad_row: preset(
    oneOf(['stop', 'dead_letter']),
    'stop',
    'What happens when StarRocks refuses a row: "stop" before it, or "dead_letter": park it in data_dir and load the others; `mysql-sr-sync dlq` shows and replays what is parked.',
  ),
  zero_date: preset(
    ZERO_DATE,
    'null',
    'What is written for dates no calendar has (0000-00-00, 2024-00-00, 2023-02-31): "null"; "min", the least date 0000-01-01; or nothing: "stop". A column that takes no NULL stops at them; see docs/types.md.',
  ),
  mask_salt: secret(
    'Secret of the masks that hash ("sha256"), best taken from an environment variable; at least 16 characters. Another salt makes other hashes: copy the tables again then.',
  ),
  on_ddl: preset(
    oneOf(['evolve', 'ignore', 'stop']),
    'evolve',
    'What happens at DDL on the source: follow it in StarRocks (docs/ddl.md), take no action there, or stop.',
  ),
  load_timeout_ms: preset(
    integer(1000, 86_400_000),
    600_000,
    'A load without an answer after this time is asked for by its label.',
  ),
  heartbeat_ms: preset(integer(100, 3_600_000), 5000, 'The source sends a heartbeat after this much silence.'),
  read_timeout_ms: preset(
    integer(200, 7_200_000),
    15_000,
    'The binlog connection counts as dead after this much silence and is opened anew. At least twice heartbeat_ms.',
  ),
  verify_checksum: preset(flag(), true, 'Checks the CRC32 of every binlog event.'),

  log_file: preset(text(), './sync.log', 'Log of the engine when it runs in the background.'),
  log_level: preset(oneOf(['debug', 'info', 'warn', 'error']), 'info', 'Least level that is logged.'),
  log_max_bytes: preset(
    size('4KB', '10GB'),
    '64MB',
    'A log file that reaches this size becomes <log_file>.1, and .1 becomes .2.',
  ),
  log_keep: preset(integer(1, 1000), 5, 'How many such older log files are kept.'),
} as const

/** Keys of [verify]. */
export const VERIFY_KEYS = {
  every: optional(
    duration('1s', '365d'),
    'The running engine compares source and target this long after it last did ("24h"), and warns of differences. Default: never.',
  ),
  rate: preset(integer(1, 1_000_000_000), 5000, 'Rows per second that this comparison reads at most, of each side.'),
} as const

/** Keys of [schema]. */
const SCHEMA_KEYS = {
  auto_create: preset(
    flag(),
    true,
    'Missing target tables are created: with a primary key, or as mode or group_by of their rule ask.',
  ),
  auto_shard: preset(
    flag(),
    false,
    'true: a rule whose table is a pattern with a literal beginning, and which has no sr_table, writes all its tables into one: "/^course_[0-9]+$/" into course__auto_shard. false: each table keeps its name.',
  ),
  be_num: preset(integer(1, 10_000), 1, 'Number of BE nodes; sets the bucket count of created tables.'),
  replication_num: preset(integer(1, 100), 1, 'Replicas of created tables.'),
  on_drop_column: preset(
    oneOf(['keep', 'drop']),
    'keep',
    'on_ddl = "evolve", a column is dropped on the source: "keep" leaves it in the target, where later rows have NULL; "drop" drops it there too.',
  ),
  on_rename_table: preset(
    oneOf(['keep', 'rename']),
    'keep',
    'on_ddl = "evolve", a table is renamed on the source: "keep" leaves targets as they are, and the rules for the new name say where its rows go; "rename" renames the target to what these rules say.',
  ),
  on_drop_table: preset(
    oneOf(['keep', 'drop']),
    'keep',
    'on_ddl = "evolve", a table is dropped on the source: "keep" leaves the target and its rows; "drop" drops it, unless other tables are written to it or it holds changes (mode = "append").',
  ),
  output_dir: preset(text(), './result', 'Folder for the CREATE TABLE scripts that `mysql-sr-sync schema` writes.'),
} as const

/** Keys of each [[source]]. */
const SOURCE_KEYS = {
  schema: required(namePattern(), 'Source database: an exact name, or a regular expression in slashes.'),
  tables: required(
    list(namePattern(), { type: 'array of names or "/regex/"' }),
    'Tables to follow: names, or regular expressions in slashes.',
  ),
} as const

/** Keys of each [[rule]]. */
const RULE_KEYS = {
  schema: required(namePattern(), 'Source database the rule is for.'),
  table: required(namePattern(), 'Source table the rule is for.'),
  sr_schema: optional(text(), 'Target database. Default: sr_dbname.'),
  sr_table: optional(
    text(),
    'Target table; "$1" is the first group of the table\'s regular expression. Default: the source table\'s name.',
  ),
  order_by: optional(
    NAMES,
    'Sort key of the target when it is created, by target name of the columns. Default: its key columns.',
  ),
  partition_by: optional(
    partitioning(),
    'Partitions of the target when it is created, by target name of the columns: "date_trunc(\'day\', created_at)", "time_slice(created_at, INTERVAL 7 day)" or a list of columns. A primary key table takes key columns only.',
  ),
  mode: preset(
    oneOf(['upsert', 'append', 'partial']),
    'upsert',
    '"upsert" keeps the target equal to the source, by primary key; "append" writes every change as one row of a duplicate key table; "partial" writes its columns of rows that several tables make together.',
  ),
  group_by: optional(
    NAMES,
    'Columns, by source name or name in computed, that are the key of an aggregate table; each change adds to the measures of its group.',
  ),
  measures: optional(
    tableOf(measure(), 'table of target = "count(*)", "sum(expression)", …'),
    'What is kept for each group, by target name: "count(*)", or "sum", "count" or "avg" of an expression; "min" and "max" with operations = ["INSERT"]. See docs/rules.md.',
  ),
  where: optional(
    expressionText(),
    'Only rows for which this expression is true are in the target: "status <> \'draft\' and total > 100"; see docs/expressions.md. A row that no longer is leaves it.',
  ),
  operations: optional(
    list(oneOf(['INSERT', 'UPDATE', 'DELETE']), { type: 'array of "INSERT" | "UPDATE" | "DELETE"' }),
    'Changes of other kinds are passed over. Default: all three.',
  ),
  computed: optional(
    tableOf(expressionText(), 'table of target = "expression"'),
    'Columns with the value of an expression, by target name: { total = "price * qty" }; see docs/expressions.md.',
  ),
  mask: optional(
    tableOf(mask(), 'table of source = "mask"'),
    'Columns whose values are hidden, by source name: "keep(3,4)", "email", "sha256", "null", …; see docs/masks.md.',
  ),
  transform: optional(
    modulePath(),
    'A module of your own that makes of each row another one, several or none: a file, from the folder of this one; see docs/transform.md.',
  ),
  transform_columns: optional(
    tableOf(typeText(), 'table of target = "TYPE"'),
    'StarRocks types, by target name, of the columns that transform adds, or gives values of another type.',
  ),
  transform_reads: optional(
    NAMES,
    'Source columns that the rule leaves out, and transform is shown all the same: they are read, and not in the target.',
  ),
  transform_key: optional(
    NAMES,
    'Target columns that are the key of the rows that transform makes, where it changes keys or makes several rows of one. Default: it keeps the key of the row.',
  ),
  on_delete: optional(
    oneOf(['delete', 'soft', 'ignore', 'nullify']),
    'What a DELETE at the source does in the target: "delete" the row; mark it ("soft", see soft_delete); nothing ("ignore"); or, with mode = "partial", set the columns of this rule to NULL ("nullify"). Default: "delete"; with mode = "partial" "nullify".',
  ),
  soft_delete: optional(
    softDelete(),
    'Columns, by target name, that mark deleted rows: flag (1 or 0) and time (when it was deleted). Default: { flag = "_deleted" }.',
  ),
  key: optional(
    tableOf(text(), 'table of target = "source"'),
    'With mode = "partial": which source columns are the key columns of the target, by target name. Default: the table\'s own key.',
  ),
  before: optional(
    NAMES,
    'With mode = "append": columns, by source name, of which the value before the change stands in _before_<target name>; ["*"]: all that are taken.',
  ),
  columns: optional(
    NAMES,
    'Columns to take, by source name; with mode = "upsert" the key must be among them. Default: all.',
  ),
  exclude: optional(NAMES, 'Columns to leave out, by source name.'),
  rename: optional(tableOf(text(), 'table of source = "target"'), 'Target names of columns, by source name.'),
  constants: optional(
    tableOf(constant(), 'table of target = value'),
    'Columns with a fixed value, by target name; "$schema" and "$table" stand for the source\'s names, "$schema{1}" and "$table{1}" for groups of their patterns, "$1" for a group as in sr_table.',
  ),
  ...SHARD_KEYS,
  zero_date: optional(ZERO_DATE, 'As above, for this target.'),
  bit1: preset(oneOf(['number', 'boolean']), 'number', '"boolean" makes BIT(1) columns BOOLEAN.'),
  tinyint1: preset(
    oneOf(['tinyint', 'boolean']),
    'tinyint',
    '"boolean" makes TINYINT(1) columns BOOLEAN; a value other than 0 and 1 then stops.',
  ),
  cast: optional(
    tableOf(typeText(), 'table of source = "TYPE"'),
    'StarRocks types of columns, by source name, where they are not to be the mapped ones; see docs/types.md.',
  ),
  flush_interval_ms: optional(FLUSH_INTERVAL, 'As above, for this target.'),
  flush_rows: optional(FLUSH_ROWS, 'As above, for this target.'),
  flush_bytes: optional(FLUSH_BYTES, 'As above, for this target.'),
  load_format: optional(LOAD_FORMAT, 'As above, for this target.'),
  ...LOAD_KEYS,
} as const

/** A group of keys: the top level (name ""), a [section], or a repeated [[block]]. */
export interface Section {
  readonly name: string
  readonly form: 'top' | 'table' | 'blocks'
  readonly text: string
  readonly keys: Readonly<Record<string, Key<unknown>>>
}

/** The whole language. Parsing, defaults, checks, `--help` and docs/config.md follow from it. */
export const SECTIONS: readonly Section[] = [
  { name: '', form: 'top', text: 'Keys above the first section.', keys: TOP_KEYS },
  { name: 'snapshot', form: 'table', text: 'The first copy of the tables.', keys: SNAPSHOT_KEYS },
  { name: 'verify', form: 'table', text: 'Source and target compared while the engine runs.', keys: VERIFY_KEYS },
  {
    name: 'schema',
    form: 'table',
    text: 'Target tables: how missing ones are made, and what becomes of them when the source drops or renames.',
    keys: SCHEMA_KEYS,
  },
  { name: 'source', form: 'blocks', text: 'Which tables are followed. At least one block.', keys: SOURCE_KEYS },
  {
    name: 'rule',
    form: 'blocks',
    text: 'Where and how a table is written. A followed table that no rule matches is not synced, which is said at every start.',
    keys: RULE_KEYS,
  },
]

type KeyValue<K> = K extends Key<infer T, infer P> ? (P extends 'optional' ? T | undefined : T) : never
type Values<T> = { readonly [K in keyof T]: KeyValue<T[K]> }

/** Where a block stands, for messages about it. */
export interface Location {
  readonly file: string
  /** Counted from 1. */
  readonly line: number
}

export interface RuleLocation extends Location {
  /**
   * See `Document.placeOfCharacter`; `path`: from the rule on, as `["computed", "total"]`. Absent: the configuration was kept
   * on disk, and its files may be others by now.
   */
  readonly characterAt?: (path: readonly string[], character: number) => string | null
}

export type SourceBlock = Values<typeof SOURCE_KEYS> & { readonly at: Location }
export type RuleBlock = Values<typeof RULE_KEYS> & { readonly at: RuleLocation }

/** The configuration, checked and complete: names as in the file, sizes in bytes, times in milliseconds. */
export type Config = Values<typeof TOP_KEYS> & {
  readonly snapshot: Values<typeof SNAPSHOT_KEYS>
  readonly verify: Values<typeof VERIFY_KEYS>
  readonly schema: Values<typeof SCHEMA_KEYS>
  readonly source: readonly SourceBlock[]
  readonly rule: readonly RuleBlock[]
}
