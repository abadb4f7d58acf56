import type { MasterInfo } from './checkpoint/master-info.js'
import { type EpochScript, Replay } from './dispatch/epoch-script.js'
import type { LabelOutcome, PositionMark, Sink } from './dispatch/sink.js'
import type { PlannedEpoch } from './model/epoch-plan.js'
import { Failure } from './model/failure.js'
import type { Observer } from './model/observer.js'
import { comparePositions, formatPosition, type Position } from './model/position.js'
import { targetName } from './model/schema.js'
import type { SavedPosition } from './mysql/saved-position.js'

/** What a run knows of those before it. */
export interface Past {
  readonly saved: MasterInfo | null
  /** Epochs whose end is not known to be saved. */
  readonly plans: readonly PlannedEpoch[]
  readonly task: string
  /** Target databases of the rules. */
  readonly databases: readonly string[]
  readonly delivery: 'atomic' | 'labels'
  readonly serverUuid: string
}

/** Where a run goes on. */
export interface Resumption {
  /** Null: nothing is known, the beginning of the binlog. */
  readonly position: SavedPosition | null
  /** Ordinal of the newest epoch that is in. */
  readonly epoch: number
  /** Ordinal of the newest that was begun, what is void by now included: not to be used again. */
  readonly begun: number
  readonly scripts: readonly EpochScript[]
  /** Databases whose marks stop counting once the position is saved elsewhere. */
  readonly retired: readonly string[]
}

/** Attempts of one epoch's transaction that are looked for when nothing was written down of them. */
const GUESSED_ATTEMPTS = 3
/** So long after a plan StarRocks has certainly not forgotten its labels for their age; for their number it may have at any time. */
const REMEMBERED_MS = 30 * 60_000

/**
 * Settles what earlier runs left under way, and finds where to go on so that nothing is missing and nothing comes twice:
 * where master.info was told to by hand, else behind the newest mark in the targets, else behind master.info; and epochs that were begun are read
 * again as they were planned. `transactionLabel`: see AtomicDelivery.
 */
export async function resume(
  past: Past,
  sink: Sink,
  observer: Observer,
  transactionLabel: (task: string, epoch: number, database: string, attempt: number) => string,
  signal: AbortSignal,
): Promise<Resumption> {
  const { saved, plans, task, databases } = past
  for (const { transactions } of plans)
    for (const { database, label } of transactions) await sink.settleTransaction(database, label, signal)
  let marks = await sink.readMarks(databases, task)
  if (saved === null && plans.length === 0 && past.delivery === 'atomic') {
    const newest = Math.max(0, ...[...marks.values()].map(mark => mark.epoch))
    // The newest epoch may be on its way into other databases; the one behind it into all of them.
    for (const epoch of newest === 0 ? [1] : [newest, newest + 1])
      for (const database of databases.filter(name => marks.get(name)?.epoch !== epoch))
        for (let attempt = 0; attempt < GUESSED_ATTEMPTS; attempt++)
          await sink.settleTransaction(database, transactionLabel(task, epoch, database, attempt), signal)
    marks = await sink.readMarks(databases, task)
  }
  if (saved !== null && isOrder(saved, past.serverUuid)) {
    const newest = Math.max(
      saved.epoch ?? 0,
      ...[...marks.values()].map(mark => mark.epoch),
      ...plans.map(p => p.epoch),
    )
    if (marks.size > 0 || plans.length > 0)
      observer({
        kind: 'warning',
        message: 'master.info was edited by hand: reading goes on from what it says, whatever is loaded already.',
        advice: 'Rows of append and aggregate targets that are read again are counted again there.',
      })
    return { position: saved, epoch: newest, begun: newest, scripts: [], retired: [...marks.keys()] }
  }
  const found = marks.size > 0 ? behindMarks(past, marks, observer) : null
  const position = found?.position ?? saved
  const epoch = found?.epoch ?? saved?.epoch ?? 0
  if (found?.script) return { position, epoch, begun: epoch, scripts: [found.script], retired: [] }
  const chain = chainOf(past, position, epoch)
  const scripts: EpochScript[] = []
  for (const plan of chain.toReversed()) scripts.unshift(await scriptOf(plan, scripts[0]?.plan ?? null, sink, signal))
  bridgeGaps(scripts, position)
  // A transaction that is not in gives its ordinal to the next one: the marks count on without a gap.
  const unread = plans.filter(plan => plan.delivery === 'labels' && !chain.includes(plan))
  const begun = Math.max(epoch, ...unread.map(plan => plan.epoch))
  return { position, epoch, begun, scripts, retired: past.delivery === 'labels' ? [...marks.keys()] : [] }
}

/** What an operator wrote counts more than what runs before left behind; also that it is another server's, which is refused later. */
function isOrder(saved: MasterInfo, serverUuid: string): boolean {
  return saved.edited || (saved.serverUuid !== null && saved.serverUuid !== serverUuid)
}

function behindMarks(
  { saved, databases, delivery, serverUuid, task }: Past,
  marks: ReadonlyMap<string, PositionMark>,
  observer: Observer,
): { readonly position: SavedPosition; readonly epoch: number; readonly script: EpochScript | null } {
  const newest = [...marks.values()].reduce((a, b) => (b.epoch > a.epoch ? b : a))
  const where = [...marks.keys()].map(database => `\`${database}\`.\`_sync_position\``).join(', ')
  if (newest.end.serverUuid !== serverUuid)
    throw new Failure(
      'positionOfOtherServer',
      `${where} holds a position of server ${newest.end.serverUuid}, but this is server ${serverUuid}.`,
      {
        advice: `If both hold the same data (a failover), DELETE FROM ${where} WHERE task = '${task}' and let master.info hold the gtid_set alone; if another process writes there, give this one another server_id.`,
      },
    )
  const ours = saved !== null && saved.serverUuid === serverUuid && saved.binName !== null && saved.binPos !== null
  if (ours && saved.epoch === newest.epoch) {
    const behind = { binName: saved.binName, binPos: saved.binPos }
    // It is saved when the epoch is in everywhere, so a mark that is missing has been removed. And transactions without rows
    // for any target move the file's position alone.
    if (comparePositions(behind, newest.end) >= 0) return { position: saved, epoch: newest.epoch, script: null }
  }
  const lagging = newest.databases.filter(name => databases.includes(name) && marks.get(name)?.epoch !== newest.epoch)
  if (lagging.length > 0) {
    if (delivery !== 'atomic')
      throw new Failure(
        'planUnfit',
        `Epoch ${newest.epoch} is in ${newest.databases.filter(name => !lagging.includes(name)).join(', ')} but not yet in ${lagging.join(', ')}.`,
        { advice: 'Start once more with delivery = "atomic" until the epoch is through (`mysql-sr-sync wait`).' },
      )
    const { epoch, start, end } = newest
    const script: EpochScript = {
      epoch,
      start,
      end,
      events: 0,
      spills: new Set(),
      databases: newest.databases,
      skips: target => !lagging.includes(target.database),
      plan: null,
    }
    return { position: start, epoch, script }
  }
  if (saved !== null && (saved.epoch ?? 0) > newest.epoch)
    observer({
      kind: 'warning',
      message: `${where} holds epoch ${newest.epoch}, although epoch ${saved.epoch} was loaded: StarRocks was set back. Going on behind ${formatPosition(newest.end)}.`,
      advice: 'Nothing needs to be done when all targets were set back together; otherwise copy the tables again.',
    })
  return { position: newest.end, epoch: newest.epoch, script: null }
}

/**
 * The plans that lie before us, in order: each begins where the one before it ended, or further on, behind transactions
 * without a row for any target, whose end need not be saved when the next plan is made. `epoch`: the newest that is in.
 */
function chainOf({ plans, serverUuid }: Past, position: SavedPosition | null, epoch: number): PlannedEpoch[] {
  const ahead = plans.filter(plan => plan.delivery === 'labels' && plan.shipments.length > 0 && plan.epoch > epoch)
  const labels = ahead.toSorted((a, b) => a.epoch - b.epoch)
  const first = labels.find(plan => position !== null && (isAt(plan.start, position) || isBehind(plan.start, position)))
  if (first === undefined) return []
  if (first.start.serverUuid !== serverUuid) {
    const strict = first.shipments.flatMap(s => s.loads).find(load => load.mode !== 'upsert')
    if (strict !== undefined)
      throw new Failure(
        'planUnfit',
        `An epoch read from server ${first.start.serverUuid} is partly loaded, and this is server ${serverUuid}: what is in ${strict.database}.${strict.table} cannot be told.`,
        {
          advice:
            'Start once more against the old server until the epoch is through, or compare the target by hand and remove epochs.journal.',
        },
      )
    return []
  }
  const chain = [first]
  for (;;) {
    const { epoch: last, end } = chain.at(-1)!
    if (end === null) return chain
    const next = labels.find(plan => plan.epoch > last && (isAt(plan.start, end) || isBehind(plan.start, end)))
    if (next === undefined) return chain
    chain.push(next)
  }
}

/** Where no file is known, as at a start by GTID set alone, the set decides. */
function isAt(start: Position, place: Pick<SavedPosition, 'binName' | 'binPos' | 'gtidSet'>): boolean {
  if (place.binName === null || place.binName === '') return start.binName === '' && start.gtidSet === place.gtidSet
  return start.binName === place.binName && start.binPos === place.binPos
}

function isBehind(start: Position, { binName, binPos }: Pick<SavedPosition, 'binName' | 'binPos'>): boolean {
  if (start.binName === '' || binName === null || binName === '' || binPos === null) return false
  return comparePositions(start, { binName, binPos }) > 0
}

/** Where an epoch begins behind the end of the one before it, what lies between is read as an epoch of its own: it is to be cut there again. */
function bridgeGaps(scripts: EpochScript[], position: SavedPosition | null): void {
  for (let i = scripts.length - 1; i >= 0; i--) {
    const { epoch, start: end } = scripts[i]!
    const from = i === 0 ? position : scripts[i - 1]!.end
    if (from === null || !isBehind(end, from)) continue
    const start = { ...end, binName: from.binName!, binPos: from.binPos!, gtidSet: from.gtidSet ?? '' }
    const rest = { events: 0, spills: new Set<number>(), databases: null, skips: () => false, plan: null }
    scripts.splice(i, 0, { epoch: epoch - 1, start, end, ...rest })
  }
}

async function scriptOf(
  plan: PlannedEpoch,
  next: Replay | null,
  sink: Sink,
  signal: AbortSignal,
): Promise<EpochScript> {
  const outcomes = new Map<string, LabelOutcome>()
  const loads = plan.shipments.flatMap(shipment => shipment.loads)
  for (const { database, label } of loads) {
    if (plan.settled.has(label)) continue
    outcomes.set(label, await sink.settleLabel(database, label, signal))
    const reduced = plan.reduced.get(label)
    if (reduced !== undefined) outcomes.set(reduced, await sink.settleLabel(database, reduced, signal))
  }
  const replay = new Replay(plan, outcomes, next)
  const absent = loads.filter(load => replay.rowsIn(load) === null && outcomes.get(load.label) === 'absent')
  for (const database of new Set(absent.map(load => load.database))) {
    if (await remembers(database, plan, sink, signal)) continue
    for (const load of absent.filter(one => one.database === database)) {
      if (load.mode !== 'upsert') {
        // Loads of such a target follow one another: while an earlier one is known, none behind it is forgotten.
        const earlier = loads.slice(0, loads.indexOf(load)).filter(one => targetName(one) === targetName(load))
        if (earlier.some(({ label }) => outcomes.get(label) === 'committed')) continue
        throw new Failure(
          'loadDoubtful',
          `StarRocks has forgotten its labels of before ${new Date(plan.atMs).toISOString()}, so nobody can tell whether ${load.rows} rows of ${load.database}.${load.table} behind ${formatPosition(plan.start)} are in (label ${load.label}).`,
        )
      }
      // Rows that may be loaded twice: all of the target's, in their order.
      replay.void(targetName(load))
    }
  }
  return {
    epoch: plan.epoch,
    start: plan.start,
    end: plan.end,
    events: replay.events,
    spills: new Set(plan.shipments.filter(s => s.spilled).map(s => s.events)),
    databases: null,
    skips: target => replay.isComplete(targetName(target)),
    plan: replay,
  }
}

/** Whether StarRocks still knows labels as old as this plan: then one it does not know was never committed. */
async function remembers(database: string, plan: PlannedEpoch, sink: Sink, signal: AbortSignal): Promise<boolean> {
  const witness = plan.witnesses.get(database)
  if (witness !== undefined) return (await sink.settleLabel(database, witness, signal)) === 'committed'
  return Date.now() - plan.atMs < REMEMBERED_MS
}
