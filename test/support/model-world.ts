import type { MasterInfo } from '../../lib/checkpoint/master-info.js'
import { PositionSaver } from '../../lib/checkpoint/position-saver.js'
import { AtomicDelivery, transactionLabel } from '../../lib/dispatch/atomic-delivery.js'
import { Dispatcher, type EpochNote } from '../../lib/dispatch/dispatcher.js'
import { LabelsDelivery } from '../../lib/dispatch/labels-delivery.js'
import { Pace } from '../../lib/dispatch/pace.js'
import { Window } from '../../lib/dispatch/window.js'
import { asFailure, Failure } from '../../lib/model/failure.js'
import type { Position } from '../../lib/model/position.js'
import { resume } from '../../lib/resume.js'
import type { Life } from './crashing-life.js'
import { boundaryOf, type History, imagesOf, offsetOf } from './model-history.js'
import { ModelJournal } from './model-journal.js'
import { ModelTarget } from './model-target.js'

export interface Settings {
  readonly delivery: 'atomic' | 'labels'
  readonly lanes: number
  readonly maxRows: number
  readonly flushRows: number
  /** Bodies of so many rows are collapsed. */
  readonly collapseFrom: number
  /** How often an epoch is wanted at a commit, 0 to 1. */
  readonly cut: number
  /** It is stopped in good order behind so many events. */
  readonly stopAt: number
}

const TASK = 'mss_1'
const DATABASES = ['d1', 'd2']
const SERVER = 'server'

/** What outlives the engine: the target, the disk, and the source's history. */
export class World {
  readonly history: History
  readonly journal = new ModelJournal()
  readonly target: ModelTarget
  readonly faults: string[] = []
  saved: MasterInfo | null = null
  /** Only transactions have written until now: readers saw nothing but boundaries. */
  atomicOnly = true
  /** What a supervisor hands from one pipeline of a process to the next. */
  jsonTargets = new Set<string>()
  #lives = 0

  constructor(history: History) {
    this.history = history
    this.target = new ModelTarget(history.modes, (database, mark) => {
      if (mark === null) this.atomicOnly = false
      if (!this.atomicOnly || mark === null) return
      const behind = boundaryOf(mark.end.binPos)
      const seen = this.target.stateIn(database)
      if (seen !== history.stateAt(behind, database)) this.faults.push(`${database} behind ${behind} showed\n${seen}`)
    })
  }

  /** Runs until it crashes, fails, or is stopped, as Pipeline does; null when all of the source is in. */
  async live(settings: Settings, life: Life): Promise<'crashed' | 'stopped' | Failure | null> {
    const abort = new AbortController()
    const ended = this.#run(settings, life, abort).catch(error => asFailure(error))
    const how = await Promise.race([ended, life.crashed])
    life.end()
    abort.abort(new Failure('streamBroken', 'crash'))
    return how
  }

  async #run(settings: Settings, life: Life, abort: AbortController): Promise<'stopped' | Failure | null> {
    const sink = this.target.connect(life)
    const plan = this.journal.open(life)
    const labelBase = `${TASK}_${(++this.#lives).toString(36)}`
    const past = {
      saved: this.saved,
      plans: this.journal.plans,
      task: TASK,
      databases: DATABASES,
      delivery: settings.delivery,
      serverUuid: SERVER,
    }
    const resumed = await resume(past, sink, () => undefined, transactionLabel, abort.signal)
    const at = resumed.position?.binPos ?? offsetOf(0)
    if (resumed.scripts.length === 0) await plan.forgetAll()
    await this.#save(life, positionAt(at), resumed.epoch)
    for (const database of resumed.retired) await sink.removeMark(database, TASK)
    const saver = new PositionSaver<EpochNote>({
      save: (position, { epoch }) => this.#save(life, position, epoch),
      onSaved: (_position, notes) => {
        for (const { epoch } of notes) plan.over(epoch)
      },
      onRetry: () => undefined,
    })
    const observer = () => undefined
    const common = { sink, plan, observer, signal: abort.signal, busy: observer, badRows: null }
    const labels = new LabelsDelivery({ labelBase, lanes: settings.lanes }, common)
    const atomic =
      settings.delivery === 'labels'
        ? labels
        : new AtomicDelivery({ ...common, task: TASK, databases: DATABASES, lanes: settings.lanes })
    let behind = boundaryOf(at)
    const dispatcher = new Dispatcher(
      {
        lanes: settings.lanes,
        idleAdvanceMs: 3_600_000,
        start: positionAt(at),
        firstEpoch: resumed.begun + 1,
        scripts: resumed.scripts,
        traced: false,
        collapseFrom: settings.collapseFrom,
      },
      () => positionAt(offsetOf(behind)),
      {
        window: new Window({ maxRows: settings.maxRows, maxBytes: 1e9 }),
        pace: new Pace(),
        observer,
        jsonTargets: this.jsonTargets,
        deliveryOf: script => (script?.plan ? labels : atomic),
        onDurable: (position, note) => saver.save(position, note),
      },
    )
    dispatcher.failed.catch(failure => abort.abort(failure))
    abort.signal.addEventListener('abort', () => dispatcher.abandon(asFailure(abort.signal.reason)))
    const routes = this.history.routes(settings.flushRows)
    const flow = async (): Promise<'stopped' | null> => {
      for (let events = 0; behind < this.history.transactions.length; ) {
        let event = 0
        for (const change of this.history.transactions[behind]!) {
          if (events++ >= settings.stopAt) return 'stopped'
          const place = { binName: 'b.000001', binPos: offsetOf(behind), event: event++ }
          if (change.changes.length > 0) dispatcher.rows(imagesOf(change), routes.get(change.table)!, 1, place)
          if (dispatcher.full) await dispatcher.room()
          await life.pause()
        }
        behind++
        dispatcher.commit()
        if (!dispatcher.unfinished && life.random.chance(settings.cut)) {
          const drained = dispatcher.drain()
          drained.catch(() => undefined)
          if (life.random.chance(0.5)) await drained
        }
      }
      return null
    }
    try {
      const ended = await Promise.race([flow(), dispatcher.failed])
      if (ended === null && dispatcher.unfinished) throw new Error('the source has ended inside an epoch read again')
      if (dispatcher.unfinished) dispatcher.dropOpen()
      await dispatcher.drain()
      return ended
    } finally {
      dispatcher.abandon(new Failure('streamBroken', 'The engine stops.'))
      await saver.close()
      await plan.close()
    }
  }

  async #save(life: Life, position: Position, epoch: number): Promise<void> {
    await life.step()
    this.saved = { ...position, edited: false, epoch }
    await life.step()
  }
}

function positionAt(binPos: number): Position {
  return { binName: 'b.000001', binPos, gtidSet: '', serverUuid: SERVER }
}
