import { address } from './field-kinds.js'
import { optional, optionalSecret, preset } from './key.js'
import { integer, oneOf, size, text } from './value-kinds.js'

/** Keys of [snapshot]. */
export const SNAPSHOT_KEYS = {
  mode: preset(
    oneOf(['never', 'initial', 'when_needed']),
    'never',
    'Whether rows that are there already are copied. "initial": at the first start, which begins at the end of the binlog, and for tables that come to the configuration later; "when_needed": also when the position is lost (purged binlogs); "never": the binlog alone is followed.',
  ),
  connections: preset(
    integer(1, 64),
    2,
    'Connections that read: as many tables at the same time. Two of one table take turns with its chunks; three and more read them side by side, for which its keys are looked at once more.',
  ),
  chunk_rows: preset(
    integer(1, 10_000_000),
    50_000,
    'Rows of a chunk: what is read again when a copy is interrupted. Never more than an eighth of concurrent_ack_win.',
  ),
  chunk_bytes: preset(
    size('1KB', '1GB'),
    '8MB',
    'The same bound in bytes, by the rows read so far. Never more than an eighth of ack_win_bytes; a chunk that turns out to have over a quarter is read again in parts.',
  ),
  rate_rows: optional(
    integer(1, 1_000_000_000),
    'Rows that are read per second at most, on average. Default: no limit.',
  ),
  rate_bytes: optional(
    size('1KB', '100GB'),
    'Bytes that are read per second at most, on average ("20MB"). Default: no limit.',
  ),
  max_threads_running: optional(
    integer(1, 100_000),
    'The copy waits while more threads than this run on the server it reads from (Threads_running, its own included).',
  ),
  max_replica_lag_s: optional(
    integer(0, 86_400),
    'The copy waits while a replica lags more seconds than this: the server it reads from, where that is one.',
  ),
  mysql_addr: optional(
    address(3306),
    'Server that rows are copied from, "host:port": a replica of mysql_addr with the same GTIDs. Default: mysql_addr.',
  ),
  mysql_user: optional(text(), 'User there. Default: mysql_user above.'),
  mysql_pass: optionalSecret('Password of that user. Default: mysql_pass above.'),
} as const
