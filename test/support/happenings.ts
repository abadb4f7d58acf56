import { Failure } from '../../lib/model/failure.js'
import { type HaltedTable, obstacleOf } from '../../lib/model/halted-table.js'
import type { Happening } from '../../lib/model/observer.js'
import type { Position } from '../../lib/model/position.js'

export function positionAt(binPos: number): Position {
  return { binName: 'mysql-bin.000005', binPos, gtidSet: '', serverUuid: 'u-1' }
}

const SOURCE_LOST = new Failure('sourceUnreachable', 'connect ECONNREFUSED 127.0.0.1:3306')
const BUSY = new Failure('targetBusy', 'too many versions')

const STRETCHED = 'flush interval stretched from 1000 to 4200 ms: the last loads took 3.4 s'

const UNSEEN = new Failure('ddlUnsupported', 'rows were removed without row events')
const HALTED: HaltedTable = {
  id: 'k1',
  schema: 'shop',
  table: 'sales',
  from: positionAt(500),
  obstacle: obstacleOf(UNSEEN, 'shop.sales', positionAt(500), 'ALTER TABLE sales DROP PARTITION p0', 5),
  accepted: [],
  after: null,
  dropped: false,
}

/** One happening of each kind, in an order that a run could have. `atMs` is the wall clock they share. */
export function happenings(atMs: number): { readonly [K in Happening['kind']]: Extract<Happening, { kind: K }> } {
  return {
    step: { kind: 'step', step: 'sealed', epoch: 3, label: null },
    starting: { kind: 'starting', version: '9.7.0', position: positionAt(4) },
    connected: { kind: 'connected', server: 'MySQL 9.7.0', position: positionAt(4) },
    tableBound: { kind: 'tableBound', source: 'shop.orders', targets: ['demo.orders'] },
    tableIgnored: { kind: 'tableIgnored', source: 'shop.nokey', reason: 'no primary key' },
    ddl: { kind: 'ddl', source: 'shop.orders', statement: 'ALTER TABLE orders ADD x INT', action: 'followed' },
    warning: { kind: 'warning', message: 'no table is named shop.oders', advice: 'Correct the [[source]] block.' },
    received: { kind: 'received', source: 'shop.orders', rows: 10, bytes: 1000 },
    filtered: { kind: 'filtered', events: 3, bytes: 300 },
    window: {
      kind: 'window',
      rows: 10,
      bytes: 1000,
      maxRows: 100,
      maxBytes: 4000,
      waiting: false,
      lastEventMs: atMs - 20,
    },
    loaded: { kind: 'loaded', target: 'demo.orders', label: 'l-1', rows: 10, bytes: 1000, ms: 42 },
    retrying: {
      kind: 'retrying',
      target: 'demo.orders',
      label: 'l-2',
      rows: 5,
      bytes: 500,
      failure: BUSY,
      attempt: 2,
      delayMs: 400,
    },
    reloading: { kind: 'reloading' },
    reloaded: { kind: 'reloaded', changes: ['flush_rows: 500 -> 100'], notes: [], heldMs: 80 },
    parked: { kind: 'parked', target: 'demo.orders', source: 'shop.orders', rows: 3, reason: 'too long' },
    deadLetters: { kind: 'deadLetters', open: 4 },
    tableHalted: { kind: 'tableHalted', table: HALTED },
    haltedTables: { kind: 'haltedTables', tables: [HALTED] },
    tryingHalted: { kind: 'tryingHalted', sources: ['shop.sales'] },
    held: { kind: 'held', source: 'shop.sales', bytes: 80 },
    catchingUp: { kind: 'catchingUp', source: 'shop.sales', position: positionAt(500), end: positionAt(700) },
    tableRejoined: { kind: 'tableRejoined', source: 'shop.sales', position: positionAt(700), dropped: false },
    advanced: {
      kind: 'advanced',
      position: positionAt(700),
      rows: 10,
      newestCommitMs: atMs - 300,
      oldestCommitMs: atMs - 900,
      atMs,
    },
    accounted: {
      kind: 'accounted',
      source: 'shop.orders',
      target: 'demo.orders',
      decoded: 14,
      filtered: 1,
      collapsed: 2,
      loaded: 10,
      parked: 1,
    },
    pace: { kind: 'pace', askedMs: 1000, usedMs: 4200, reason: STRETCHED },
    delivery: { kind: 'delivery', mode: 'atomic', reason: 'a scratch transaction succeeded on StarRocks 4.1.2' },
    copyStarted: { kind: 'copyStarted', source: 'shop.orders', reason: 'initial', rows: 0, estimatedRows: 2000 },
    snapshot: {
      kind: 'snapshot',
      copies: [
        {
          source: 'shop.orders',
          state: 'copying',
          reason: 'initial',
          rows: 500,
          bytes: 40_000,
          estimatedRows: 2000,
          rowsPerSecond: 250,
          leftS: 6,
        },
      ],
      waits: null,
      atMs,
    },
    copyDelayed: { kind: 'copyDelayed', source: 'shop.orders', reason: 'the table was altered', retryInMs: 200 },
    copied: { kind: 'copied', source: 'shop.orders', rows: 2100, bytes: 170_000, ms: 8000 },
    unsaved: { kind: 'unsaved', failure: new Failure('positionUnsaved', 'ENOSPC'), retryInMs: 200 },
    disconnected: { kind: 'disconnected', failure: SOURCE_LOST, retryInMs: 800 },
    failed: { kind: 'failed', failure: new Failure('rowRejected', 'row refused'), position: positionAt(700) },
    verified: {
      kind: 'verified',
      summary: { at_ms: 1_700_000_000_000, ms: 2_000, tables: 3, rows: 1_000, findings: [] },
      again: false,
    },
    stopped: { kind: 'stopped', position: positionAt(800) },
  }
}
