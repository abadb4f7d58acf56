/** What happens next after a failure of each kind. `retry: 'backoff'` kinds are few and named; everything else stops the stream. */
export const FAILURES = {
  configInvalid: { retry: 'never', exitCode: 2, advice: 'Correct the configuration and start again.' },
  alreadyRunning: {
    retry: 'never',
    exitCode: 3,
    advice: 'Another process uses this data_dir. Stop it with ./stop.sh, or give this one a data_dir of its own.',
  },
  notRunning: { retry: 'never', exitCode: 1, advice: 'Start it with ./start.sh.' },
  requestRefused: {
    retry: 'never',
    exitCode: 2,
    advice: 'The engine did nothing; `mysql-sr-sync --help` lists what can be asked of it.',
  },
  answerLost: { retry: 'never', exitCode: 1, advice: 'See sync.log whether it was done before you ask again.' },
  sourceUnreachable: {
    retry: 'backoff',
    exitCode: 4,
    advice: 'Check mysql_addr, that the server runs, and that a firewall lets this host through.',
  },
  sourceDenied: {
    retry: 'never',
    exitCode: 4,
    advice: 'Check mysql_user and mysql_pass, and the grants: REPLICATION SLAVE, REPLICATION CLIENT and SELECT.',
  },
  sourceUnfit: {
    retry: 'never',
    exitCode: 4,
    advice: 'Change the server setting named above; `mysql-sr-sync check` lists all of them.',
  },
  serverIdClash: {
    retry: 'never',
    exitCode: 4,
    advice: 'Give this process a server_id that no replica and no other sync process of this source uses.',
  },
  positionLost: {
    retry: 'never',
    exitCode: 5,
    advice:
      'The binlog at this position is gone. Copy the tables again, then set bin_name and bin_pos in master.info to the position of that copy.',
  },
  positionInvalid: {
    retry: 'never',
    exitCode: 5,
    advice:
      'Set bin_name and bin_pos in master.info to a transaction boundary (SHOW BINARY LOG STATUS or SHOW BINLOG EVENTS show them).',
  },
  positionOfOtherServer: {
    retry: 'never',
    exitCode: 5,
    advice:
      'If this server holds the same data, remove server_uuid, bin_name and bin_pos from master.info and keep gtid_set; otherwise copy the tables again and write the new position.',
  },
  positionUnreadable: {
    retry: 'never',
    exitCode: 5,
    advice:
      'Restore master.info (bin_name = "…" and bin_pos = …), or remove it to start from the beginning of the binlog.',
  },
  snapshotUnreadable: {
    retry: 'never',
    exitCode: 5,
    advice:
      'data_dir/snapshot says which tables are copied, and how far. Restore it. Without it: remove master.info and data_dir/snapshot and empty the targets; then all tables are copied again.',
  },
  snapshotUnfit: {
    retry: 'never',
    exitCode: 5,
    advice: 'Empty the targets named above and run `mysql-sr-sync recopy` for their tables.',
  },
  positionUnsaved: {
    retry: 'backoff',
    exitCode: 5,
    advice:
      'master.info cannot be written. Free space on the disk of data_dir and check its permissions; loading continues when it can be saved.',
  },
  streamBroken: {
    retry: 'backoff',
    exitCode: 4,
    advice: 'The binlog connection was cut; reading again from the last transaction.',
  },
  readInterrupted: {
    retry: 'backoff',
    exitCode: 4,
    advice: 'Nothing of what was cut off is used; the same rows are read again.',
  },
  replicaBehind: {
    retry: 'backoff',
    exitCode: 4,
    advice:
      'The server that tables are read from lags behind; reading goes on when it has caught up. If it never does, look at its replication (SHOW REPLICA STATUS).',
  },
  checksumWrong: {
    retry: 'backoff',
    exitCode: 6,
    advice:
      'A binlog event arrived damaged. If it stays, the binlog file is corrupt: check the source with mysqlbinlog --verify-binlog-checksum.',
  },
  streamHole: {
    retry: 'never',
    exitCode: 6,
    advice:
      'Events are missing from the binlog as the source sends it, so nothing behind this place was loaded. Check the file with mysqlbinlog; if it is damaged, copy the tables again and write the position of that copy.',
  },
  notDecodable: {
    retry: 'never',
    exitCode: 6,
    advice:
      'This event cannot be decoded with certainty, so nothing after it was loaded. Exclude the table or column by rule, or upgrade.',
  },
  schemaMismatch: {
    retry: 'never',
    exitCode: 6,
    advice:
      'The table map in the binlog contradicts the known table. Set binlog_row_metadata=FULL on the source, or copy the table again and move the position behind the ALTER.',
  },
  schemaUnknown: {
    retry: 'never',
    exitCode: 6,
    advice:
      'Rows of this stretch cannot be told apart by column. Leave the table out of [[source]] until the stretch is passed and copy it again, or set bin_name and bin_pos in master.info behind the statement and copy the table. With binlog_row_metadata=FULL on the source this cannot happen.',
  },
  rowImageIncomplete: {
    retry: 'never',
    exitCode: 6,
    advice:
      'SET GLOBAL binlog_row_image = FULL on the source (also for sessions that set it themselves), copy the table again and move the position behind this row; docs/row-images.md says what other settings can do.',
  },
  preparedRowsLost: {
    retry: 'never',
    exitCode: 6,
    advice:
      'Set bin_name and bin_pos in master.info back to before the XA PREPARE, where the source still has it. Otherwise copy the tables that the transaction changed again, and move the position behind its XA COMMIT.',
  },
  preparedRowsUnsaved: {
    retry: 'backoff',
    exitCode: 5,
    advice:
      'Rows of a prepared XA transaction cannot be kept. Free space on the disk of data_dir and check its permissions; reading goes on when they can.',
  },
  statementFormat: {
    retry: 'never',
    exitCode: 6,
    advice:
      'A change was logged as a statement, not as rows. SET GLOBAL binlog_format = ROW, copy the table again and move the position behind it.',
  },
  ddlUnsupported: {
    retry: 'never',
    exitCode: 6,
    advice: 'Make the same change in StarRocks by hand, then set on_ddl = "ignore" until this position is passed.',
  },
  ruleInvalid: { retry: 'never', exitCode: 2, advice: 'Correct the rule named above.' },
  keyCollision: {
    retry: 'never',
    exitCode: 8,
    advice:
      'Give the rules of this target a tag in its key: constants = { shard = "$schema.$table" } and shard_key = ["shard"], and copy the tables into a new target. Or on_key_collision = "last_wins", where the later row may replace the other.',
  },
  ruleFailed: {
    retry: 'never',
    exitCode: 8,
    advice:
      'Change the rule so that it can be carried out with every row (coalesce, case, cast), or mend the row at the source and leave this change out by where; then start again: nothing behind this position was lost.',
  },
  tableWithoutKey: {
    retry: 'never',
    exitCode: 2,
    advice: 'Add a primary key to the table, leave it out of [[source]], or set skip_no_pk_table = true.',
  },
  targetUnreachable: {
    retry: 'backoff',
    exitCode: 7,
    advice: 'Check sr_host, sr_port and sr_http_port, and that the FE and at least one BE are alive (SHOW BACKENDS).',
  },
  targetBusy: {
    retry: 'backoff',
    exitCode: 7,
    advice:
      'StarRocks is over one of its limits (tablet versions, running transactions); loading goes on as it recovers. If it lasts, raise flush_interval_ms or check compaction.',
  },
  targetDenied: {
    retry: 'never',
    exitCode: 7,
    advice: 'Check sr_user and sr_pass, and GRANT INSERT, SELECT, CREATE TABLE, ALTER on the target database.',
  },
  targetUnfit: {
    retry: 'never',
    exitCode: 7,
    advice: 'Mend the target table as named above, or drop it and let schema.auto_create make it.',
  },
  rowRejected: {
    retry: 'never',
    exitCode: 8,
    advice:
      'StarRocks refused rows. Widen the column or change the rule, then start again; nothing behind this position was lost.',
  },
  valueUnfit: {
    retry: 'never',
    exitCode: 8,
    advice:
      'Widen the target column (ALTER TABLE … MODIFY COLUMN …), choose another type for it (cast in the rule) or leave it out (exclude), then start again; nothing behind this position was lost.',
  },
  loadRejected: {
    retry: 'never',
    exitCode: 8,
    advice:
      'StarRocks refused the load. Mend what its message names, then start again; nothing behind this position was lost.',
  },
  loadUnknown: {
    retry: 'backoff',
    exitCode: 7,
    advice: 'The answer to a load was lost; its label is asked before anything is sent again.',
  },
  /** Never reaches an operator: the engine takes another label. */
  labelTaken: {
    retry: 'backoff',
    exitCode: 7,
    advice: 'Another transaction has this label; the next one is taken.',
  },
  readAgain: {
    retry: 'backoff',
    exitCode: 7,
    advice: 'The last transactions are read again; nothing needs to be done.',
  },
  chunkVoid: {
    retry: 'backoff',
    exitCode: 7,
    advice: 'The chunk of the table is read again; nothing needs to be done.',
  },
  spoolUnsaved: {
    retry: 'backoff',
    exitCode: 5,
    advice:
      'Copied rows cannot be kept until they are loaded. Free space on the disk of data_dir and check its permissions; copying goes on when they can.',
  },
  spoolDamaged: {
    retry: 'never',
    exitCode: 5,
    advice:
      'Restore the file: it has copied rows of which some may be in the target. Without it, empty the targets of the table that rules with mode "append" or "aggregate" write, and copy the table again (`mysql-sr-sync recopy`).',
  },
  transactionsUnfit: {
    retry: 'backoff',
    exitCode: 7,
    advice: 'Such targets cannot be written by transactions over several tables; delivery goes on by labels.',
  },
  planUnfit: {
    retry: 'never',
    exitCode: 8,
    advice:
      'Put the rule back as it was, start until the epoch is through (`mysql-sr-sync wait`), then change it again.',
  },
  loadDoubtful: {
    retry: 'never',
    exitCode: 8,
    advice:
      'Compare the target with the source up to this position by hand, then remove the lines of this epoch from epochs.journal: what it holds is loaded (again).',
  },
  rowsMiscounted: {
    retry: 'never',
    exitCode: 8,
    advice: 'Rows decoded and rows loaded differ. Keep sync.log and report it; nothing behind this position was lost.',
  },
  deadLettersUnsaved: {
    retry: 'backoff',
    exitCode: 5,
    advice:
      'Dead letters cannot be written. Free space on the disk of data_dir and check its permissions; loading continues when they can.',
  },
  deadLettersDamaged: {
    retry: 'never',
    exitCode: 5,
    advice: 'Restore the file, or move it out of data_dir/dead-letter: the rows it parks are then no longer known.',
  },
  internal: {
    retry: 'never',
    exitCode: 70,
    advice:
      'This is a defect of mysql-sr-sync. Keep sync.log and report it; nothing behind the saved position was lost.',
  },
} as const satisfies Record<string, { retry: 'never' | 'backoff'; exitCode: number; advice: string }>

export type FailureKind = keyof typeof FAILURES

/** An error whose treatment is looked up by kind, never decided where it is thrown. */
export class Failure extends Error {
  readonly kind: FailureKind
  /** Overrides the kind's advice where the remedy is known more exactly. */
  readonly advice: string

  constructor(kind: FailureKind, message: string, options: { cause?: unknown; advice?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'Failure'
    this.kind = kind
    this.advice = options.advice ?? FAILURES[kind].advice
  }

  get retriable(): boolean {
    return FAILURES[this.kind].retry === 'backoff'
  }

  get exitCode(): number {
    return FAILURES[this.kind].exitCode
  }
}

/** Any thrown value as a Failure; what is not one already is a defect. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error
  const message = error instanceof Error ? error.message : String(error)
  return new Failure('internal', message, { cause: error })
}

/** Delay before try number `attempt` (1 = first retry): doubling from 200 ms to 30 s. */
export function backoffMs(attempt: number): number {
  return Math.min(30_000, 200 * 2 ** Math.min(attempt - 1, 10))
}
