import type { MasterInfo } from '../checkpoint/master-info.js'
import type { SnapshotState } from '../checkpoint/snapshot-state.js'
import type { Config } from '../config/options.js'
import type { Sink } from '../dispatch/sink.js'
import type { AdmittedChunk } from '../model/copy-record.js'
import { asFailure } from '../model/failure.js'
import type { Observer } from '../model/observer.js'
import { formatPosition } from '../model/position.js'
import { type TableSchema, tableName } from '../model/schema.js'
import { exactHead } from '../mysql/exact-head.js'
import type { ServerFacts } from '../mysql/server-facts.js'
import type { SourceSession } from '../mysql/session.js'
import { resolveStart, type StartPoint } from '../mysql/start-position.js'
import { countUndecidedXa } from '../mysql/undecided-xa.js'
import { readingOptions } from '../registry.js'
import type { Resumption } from '../resume.js'
import type { RuleBook } from '../rules/rule-book.js'
import { listCopies, type RuledTable, type StartKind } from './copy-list.js'
import { describeTable } from './described-table.js'
import { refuseFilledTargets } from './filled-targets.js'
import { judgeAdmitted } from './judge-admitted.js'

export interface StartParts {
  readonly session: SourceSession
  readonly facts: ServerFacts
  readonly config: Config
  readonly mode: Config['snapshot']['mode']
  readonly observer: Observer
}

export interface StreamStart {
  readonly start: StartPoint
  readonly kind: StartKind
  /** What of the past counts for this start. */
  readonly resumed: Resumption
}

/**
 * Where the stream begins: where earlier runs ended; at the end of the binlog where nothing is known and tables are copied, or
 * where what was known is lost and mode = "when_needed". Rejects with a position… Failure otherwise.
 */
export async function findStart(
  parts: StartParts,
  resumed: Resumption,
  saved: MasterInfo | null,
  signal: AbortSignal,
): Promise<StreamStart> {
  const { session, facts, mode, observer } = parts
  if (resumed.position === null && mode !== 'never')
    return { start: await headOf(parts, signal), kind: 'first', resumed }
  try {
    const start = await resolveStart(session, facts, resumed.position)
    if (resumed.position === null) return { start, kind: 'first', resumed }
    const kind = saved === null ? 'forgotten' : saved.edited ? 'ordered' : 'known'
    return { start, kind, resumed }
  } catch (error) {
    const failure = asFailure(error)
    if (mode !== 'when_needed' || failure.kind !== 'positionLost') throw failure
    const start = await headOf(parts, signal)
    observer({
      kind: 'warning',
      message: `${failure.message} All tables are copied again, and followed from ${formatPosition(start.position)} on.`,
      advice:
        'Nothing needs to be done: [snapshot] mode = "when_needed". Until a table is copied its target is behind.',
    })
    // Epochs that were begun cannot be read again; their marks must not be taken for where this stream is.
    const begun = Math.max(resumed.begun, ...resumed.scripts.map(({ epoch }) => epoch))
    return { start, kind: 'lost', resumed: { ...resumed, scripts: [], begun } }
  }
}

async function headOf({ session, facts, config, observer }: StartParts, signal: AbortSignal): Promise<StartPoint> {
  const scan = { ...readingOptions(config), verifyChecksum: false }
  const head = await exactHead(session, facts, scan, observer, signal)
  const undecided = await countUndecidedXa(session)
  if (undecided !== null && undecided > 0)
    observer({
      kind: 'warning',
      message: `Reading begins at the end of the binlog, and ${undecided} XA transactions are prepared there whose rows lie before it: the stream stops where one of them is committed.`,
      advice:
        'XA RECOVER lists them. Have them decided and begin again with an empty data_dir; or copy their tables again when the stream has stopped (recopy), and move the position behind the XA COMMIT.',
    })
  return head
}

export interface BeginParts {
  readonly config: Config
  readonly state: SnapshotState
  readonly book: RuleBook
  /** The tables that the stream knows where it begins. */
  readonly known: readonly TableSchema[]
  readonly sink: Pick<Sink, 'holdsRows'>
  readonly observer: Observer
}

/**
 * Writes down what is to be copied, and settles what earlier runs had on its way; returns the chunks that go in again. Rejects
 * with snapshotUnfit where rows would be missing or be counted twice, with positionUnsaved.
 */
export async function beginSnapshot(
  { config, state, book, known, sink, observer }: BeginParts,
  start: StartKind,
  resumed: Resumption,
): Promise<readonly AdmittedChunk[]> {
  const judged = judgeAdmitted(state.admitted, resumed)
  await state.settle(judged)
  const tables = known
    .map(schema => describeTable(schema, book, config.skip_no_pk_table))
    .filter((table): table is RuledTable => table !== null)
  const list = listCopies({
    mode: config.snapshot.mode,
    start,
    stateKnown: state.known,
    records: state.tables,
    tables,
    wanted: (schema, table) => book.wanted(schema, table),
    epoch: resumed.epoch,
    nowMs: Date.now(),
  })
  await refuseFilledTargets(list.put, { book, sink, records: state.tables, observer })
  for (const warning of list.warnings) observer({ kind: 'warning', ...warning })
  if (list.remove.length > 0) await state.remove(...list.remove)
  if (list.put.length > 0) await state.put(...list.put)
  tellNew(list.put.filter(record => record.reason === 'before').map(tableName), observer)
  return judged.again.filter(chunk => state.admitted.includes(chunk))
}

function tellNew(followed: readonly string[], observer: Observer): void {
  if (followed.length === 0) return
  observer({
    kind: 'warning',
    message: `Rows of ${followed.join(', ')} from before this position are taken for copied by other means.`,
    advice: 'Where they are not: mysql-sr-sync recopy TABLE.',
  })
}
