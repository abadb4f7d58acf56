import type { GtidMark } from './gtid-mark.js'
import type { TableMap } from './table-map.js'

/** Wire codes of binlog events (MySQL libs/mysql/binlog/event, MariaDB sql/log_event.h). */
export const EVENT = {
  QUERY: 2,
  STOP: 3,
  ROTATE: 4,
  INTVAR: 5,
  APPEND_BLOCK: 9,
  DELETE_FILE: 11,
  RAND: 13,
  USER_VAR: 14,
  FORMAT_DESCRIPTION: 15,
  XID: 16,
  BEGIN_LOAD_QUERY: 17,
  EXECUTE_LOAD_QUERY: 18,
  TABLE_MAP: 19,
  WRITE_ROWS_V1: 23,
  UPDATE_ROWS_V1: 24,
  DELETE_ROWS_V1: 25,
  INCIDENT: 26,
  HEARTBEAT: 27,
  IGNORABLE: 28,
  ROWS_QUERY: 29,
  WRITE_ROWS: 30,
  UPDATE_ROWS: 31,
  DELETE_ROWS: 32,
  GTID: 33,
  ANONYMOUS_GTID: 34,
  PREVIOUS_GTIDS: 35,
  TRANSACTION_CONTEXT: 36,
  VIEW_CHANGE: 37,
  XA_PREPARE: 38,
  PARTIAL_UPDATE_ROWS: 39,
  TRANSACTION_PAYLOAD: 40,
  HEARTBEAT_V2: 41,
  GTID_TAGGED: 42,
  ANNOTATE_ROWS: 160,
  BINLOG_CHECKPOINT: 161,
  MARIADB_GTID: 162,
  GTID_LIST: 163,
  START_ENCRYPTION: 164,
  QUERY_COMPRESSED: 165,
  WRITE_ROWS_COMPRESSED_V1: 166,
  UPDATE_ROWS_COMPRESSED_V1: 167,
  DELETE_ROWS_COMPRESSED_V1: 168,
  WRITE_ROWS_COMPRESSED: 169,
  UPDATE_ROWS_COMPRESSED: 170,
  DELETE_ROWS_COMPRESSED: 171,
} as const

const NAMES = new Map<number, string>(Object.entries(EVENT).map(([name, code]) => [code, name]))

/** "WRITE_ROWS", or "type 99" for a code that is not known. */
export function eventName(type: number): string {
  return NAMES.get(type) ?? `type ${type}`
}

/** Length of the header in front of every event (MySQL binlog version 4, and MariaDB). */
export const EVENT_HEADER_BYTES = 19

/** What every event carries. */
export interface EventHeader {
  /** Wire code, one of EVENT or unknown. */
  readonly type: number
  /** Seconds since 1970 at which the statement began on the server; 0 in artificial events. */
  readonly timestamp: number
  /** File offset just behind the event as sent: modulo 2^32, 0 in artificial events and inside MariaDB 11.8 transactions. */
  readonly logPos: number
  /** Length in bytes, header and checksum included. */
  readonly size: number
  /** Made by the server for this connection; it is in no file (flag 0x20). */
  readonly artificial: boolean
}

/** The following events come from another file, or (after a connect) from this one. */
export interface RotateEvent extends EventHeader {
  readonly kind: 'rotate'
  readonly binName: string
  readonly binPos: number
}

export interface FormatEvent extends EventHeader {
  readonly kind: 'format'
  /** Events of this file end in a CRC32. */
  readonly checksum: boolean
  readonly serverVersion: string
}

export interface PreviousGtidsEvent extends EventHeader {
  readonly kind: 'previousGtids'
  /** MySQL: everything executed before this file, "uuid:1-5:tag:1,…". */
  readonly gtidSet: string
}

export interface GtidListEvent extends EventHeader {
  readonly kind: 'gtidList'
  /** MariaDB: the last GTID of each domain and server before this file, "0-1-100,…". */
  readonly gtidSet: string
}

/** A transaction (or a single statement) begins. */
export interface GtidEvent extends EventHeader {
  readonly kind: 'gtid'
  /** Valid until the next decode, as its event. */
  readonly gtid: GtidMark
  /** When the transaction was committed on this server, ms since 1970; the header's second where the server sends none. */
  readonly commitMs: number
  /** MariaDB FL_STANDALONE: one statement follows, and no commit marker. False on MySQL. */
  readonly standalone: boolean
  /** MariaDB FL_PREPARED_XA: what follows is an XA transaction up to its XA PREPARE. False on MySQL, which sends XA START. */
  readonly preparesXa: boolean
}

/** QUERY "BEGIN". MariaDB >= 10 sends none: its GTID event begins the transaction. */
export interface BeginEvent extends EventHeader {
  readonly kind: 'begin'
}

/** XID, or QUERY "COMMIT" (non-transactional engines). */
export interface CommitEvent extends EventHeader {
  readonly kind: 'commit'
}

export interface RollbackEvent extends EventHeader {
  readonly kind: 'rollback'
}

/** What a statement's meaning depends on besides its text; null where the event does not say. */
export interface StatementFacts {
  /** Low 32 bits. */
  readonly sqlMode: number | null
  /** Collation id of character_set_client. */
  readonly clientCollationId: number | null
  /** Collation id of collation_server: what CREATE DATABASE takes. */
  readonly serverCollationId: number | null
  /** Collation ids that the session has for character sets named without one, where it has others than the server's version has. */
  readonly defaultCollationIds: readonly number[]
  /** explicit_defaults_for_timestamp. */
  readonly explicitTimestamps: boolean | null
  /** Of the session: "+08:00", "SYSTEM", a name. */
  readonly timeZone: string | null
  /** Of the statement's time, 0 where it does not use them. */
  readonly microseconds: number
  /** MariaDB with binlog_alter_two_phase: an ALTER is logged when it begins and when it has ended. */
  readonly alterPhase: 'start' | 'commit' | 'rollback' | null
}

/** Any other statement: DDL, SAVEPOINT, XA …, or a change logged as a statement. */
export interface QueryEvent extends EventHeader {
  readonly kind: 'query'
  /** Default schema of the session, may be empty. */
  readonly schema: string
  readonly sql: string
  readonly facts: StatementFacts
}

export interface XaPrepareEvent extends EventHeader {
  readonly kind: 'xaPrepare'
  /** XA COMMIT … ONE PHASE: this is the commit. */
  readonly onePhase: boolean
  /** As XA COMMIT and XA ROLLBACK name it in the binlog: "X'78',X'',1". */
  readonly xid: string
}

export interface TableMapEvent extends EventHeader {
  readonly kind: 'tableMap'
  /** Null when `wanted` said no. The same object as long as table id and bytes stay the same. */
  readonly map: TableMap | null
}

export interface RowsEvent extends EventHeader {
  readonly kind: 'rows'
  /** An update's images come in pairs: before, after. */
  readonly op: 'insert' | 'update' | 'delete'
  readonly map: TableMap
  /** Holds the row images from `at` to `end`. Valid until the next decode. */
  readonly buffer: Buffer
  readonly at: number
  readonly end: number
  /** Every image has all columns. Only then may the images be walked by an encoder of the whole table. */
  readonly complete: boolean
  /** The column bitmaps of the first and the second image as bytes of a latin1 string: equal for equal sets of columns. */
  bitmaps(): string
  /** Indexes of the columns that some image leaves out; empty when complete. */
  missing(): readonly number[]
}

/** Rows of a table that is not wanted, passed over undecoded. */
export interface SkippedRowsEvent extends EventHeader {
  readonly kind: 'skippedRows'
}

/** Nothing new: the server is alive and has reached this position. */
export interface HeartbeatEvent extends EventHeader {
  readonly kind: 'heartbeat'
  readonly binName: string
  /** Exact above 2^32 only in MariaDB's long form and in HEARTBEAT_V2. */
  readonly binPos: number
}

/** A compressed transaction, unpacked: walk the events inside with `BinlogDecoder.decodeInner`. */
export interface PayloadEvent extends EventHeader {
  readonly kind: 'payload'
  readonly buffer: Buffer
}

/** The server lost events of its own binlog. */
export interface IncidentEvent extends EventHeader {
  readonly kind: 'incident'
  readonly message: string
}

/** Known and without meaning for rows and positions, or marked ignorable by the server. */
export interface IgnoredEvent extends EventHeader {
  readonly kind: 'ignored'
}

/** A decoded event. Objects are used again: an event is valid until the next decode call only. */
export type BinlogEvent =
  | RotateEvent
  | FormatEvent
  | PreviousGtidsEvent
  | GtidListEvent
  | GtidEvent
  | BeginEvent
  | CommitEvent
  | RollbackEvent
  | QueryEvent
  | XaPrepareEvent
  | TableMapEvent
  | RowsEvent
  | SkippedRowsEvent
  | HeartbeatEvent
  | PayloadEvent
  | IncidentEvent
  | IgnoredEvent
