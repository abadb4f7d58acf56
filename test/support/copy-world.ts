import type { RowsEvent } from '../../lib/binlog/event.js'
import type { TableMap } from '../../lib/binlog/table-map.js'
import type { MasterInfo } from '../../lib/checkpoint/master-info.js'
import { PositionSaver } from '../../lib/checkpoint/position-saver.js'
import { AtomicDelivery, transactionLabel } from '../../lib/dispatch/atomic-delivery.js'
import { Dispatcher, type EpochNote } from '../../lib/dispatch/dispatcher.js'
import { LabelsDelivery } from '../../lib/dispatch/labels-delivery.js'
import { Pace } from '../../lib/dispatch/pace.js'
import type { Route } from '../../lib/dispatch/route.js'
import { Window } from '../../lib/dispatch/window.js'
import { asFailure, Failure } from '../../lib/model/failure.js'
import type { Position } from '../../lib/model/position.js'
import type { SchemaChange } from '../../lib/model/schema-change.js'
import { type Resumption, resume } from '../../lib/resume.js'
import { nextMode } from '../../lib/snapshot/copy-mode.js'
import type { CopyMode, KeyReader } from '../../lib/snapshot/copy-plan.js'
import { CopyGate } from '../../lib/snapshot/gate.js'
import { judgeAdmitted } from '../../lib/snapshot/judge-admitted.js'
import { CopyState } from './copy-state.js'
import type { Life } from './crashing-life.js'
import { copyTable, joinHalves, mustHold, rangeName } from './model-copier.js'
import { boundaryOf, type History, imagesOf, offsetOf, type SourceEvent } from './model-history.js'
import { ModelJournal } from './model-journal.js'
import { ModelTarget } from './model-target.js'

export interface CopySettings {
  readonly delivery: 'atomic' | 'labels'
  readonly lanes: number
  readonly maxRows: number
  readonly flushRows: number
  /** How often an epoch is wanted at a commit, 0 to 1. */
  readonly cut: number
  readonly mode: CopyMode
  /** How often the source must be asked for the order of keys, 0 to 1. */
  readonly asks: number
  /** It is stopped in good order behind so many events. */
  readonly stopAt: number
}

const TASK = 'mss_1'
const DATABASES = ['d1', 'd2']
const SERVER = 'server'
export const TABLES = ['a', 'b']

/** What outlives the engine that starts at a source with rows. */
export class CopyWorld {
  readonly history: History
  readonly journal = new ModelJournal()
  readonly target: ModelTarget
  readonly copies = new CopyState(TABLES)
  saved: MasterInfo | null = null
  jsonTargets = new Set<string>()
  /** Of the last life. */
  mode: CopyMode | null = null
  #lives = 0

  /** `past`: transactions behind which the stream begins. */
  constructor(history: History, past: number) {
    this.history = history
    this.target = new ModelTarget(history.modes, () => undefined)
    this.saved = { ...positionAt(offsetOf(past)), edited: false, epoch: 0 }
  }

  /** What is wrong at the end; null: nothing. */
  get fault(): string | null {
    const is = new Map(
      this.target
        .stateIn()
        .split('\n')
        .map(line => line.split(': ') as [string, string]),
    )
    const must = this.history.stateAt(this.history.transactions.length).split('\n')
    for (const line of must) {
      const [name, rows] = line.split(': ') as [string, string]
      if (name !== 'd1.log' && is.get(name) !== rows) return `${name} is\n${is.get(name)}\nbut must be\n${rows}`
    }
    if (!this.target.tables.has('d1.log')) return null
    const log = [...this.target.tables.get('d1.log')!]
    const twice = log.find(([, count]) => count !== 1)
    if (twice !== undefined) return `d1.log has ${twice[0]} ${twice[1]} times`
    const [found, wanted] = [
      joinHalves(
        this.history,
        log.map(([row]) => row),
      )
        .map(row => row.replace(/^\d+\.-\d+\.\d+i/, 'copied'))
        .sort(),
      mustHold(this.history, TABLES, this.copies.done),
    ].map(rows => rows!.join(' | '))
    return found === wanted ? null : `d1.log is\n${found}\nbut must be\n${wanted}`
  }

  async live(settings: CopySettings, life: Life): Promise<'crashed' | 'stopped' | Failure | null> {
    const abort = new AbortController()
    const ended = this.#run(settings, life, abort).catch(error => asFailure(error))
    const how = await Promise.race([ended, life.crashed])
    life.end()
    abort.abort(new Failure('streamBroken', 'crash'))
    return how
  }

  async #run(settings: CopySettings, life: Life, abort: AbortController): Promise<'stopped' | Failure | null> {
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
    const resumed: Resumption = await resume(past, sink, () => undefined, transactionLabel, abort.signal)
    const at = resumed.position?.binPos ?? offsetOf(0)
    const judged = await this.copies.judge(chunks => judgeAdmitted(chunks, resumed), life)
    if (resumed.scripts.length === 0) await plan.forgetAll()
    await this.#save(life, positionAt(at), resumed.epoch)
    for (const database of resumed.retired) await sink.removeMark(database, TASK)
    const saver = new PositionSaver<EpochNote>({
      save: (position, { epoch }) => this.#save(life, position, epoch),
      onSaved: (saved, notes) => {
        for (const { epoch } of notes) plan.over(epoch)
        gate.saved(notes.at(-1)!.epoch, saved)
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
    const window = new Window({ maxRows: settings.maxRows, maxBytes: 1e9 })
    const position = () => positionAt(offsetOf(behind))
    const dispatcher = new Dispatcher(
      {
        lanes: settings.lanes,
        idleAdvanceMs: 3_600_000,
        start: positionAt(at),
        firstEpoch: resumed.begun + 1,
        scripts: resumed.scripts,
        traced: false,
        collapseFrom: 2,
      },
      position,
      {
        window,
        pace: new Pace(),
        observer,
        jsonTargets: this.jsonTargets,
        deliveryOf: script => (script?.plan ? labels : atomic),
        onDurable: (durable, note) => saver.save(durable, note),
        owes: epoch => gate.owes(epoch),
      },
    )
    dispatcher.failed.catch(failure => abort.abort(failure))
    abort.signal.addEventListener('abort', () => dispatcher.abandon(asFailure(abort.signal.reason)))
    const routes = this.history.routes(settings.flushRows)
    const cuts = new Map<string, number>()
    const gate: CopyGate = new CopyGate({
      dispatcher,
      position,
      routes: map => routes.get(map.table)!,
      keys: () => KEYS,
      bind: () => (life.random.chance(0.5) ? life.pause() : undefined),
      noteAdmitted: chunk => this.copies.note({ ...chunk, cut: cuts.get(rangeName(chunk.table, chunk.range))! }, life),
      spool: this.copies.spool(life),
      savedEpoch: resumed.durable,
      replays: judged.again,
      onReplayed: chunk => void this.copies.conclude(chunk, life),
      now: () => 1,
    })
    this.mode = nextMode(settings.mode, this.mode, resumed.scripts.length > 0)
    const copiers = this.#copy(settings, gate, routes, cuts, life, () => this.#headOf(behind, life))
    await gate.begin()
    const running = Promise.all(copiers.map(start => start()))
    running.catch(() => undefined)
    let copied = false
    running.then(
      () => {
        copied = true
      },
      () => undefined,
    )
    const room = async (): Promise<void> => {
      while (gate.full) await gate.room()
      if (dispatcher.full) await dispatcher.room()
    }
    const drain = async (): Promise<void> => {
      await room()
      if (!dispatcher.unfinished) await dispatcher.drain()
    }
    const flow = async (): Promise<'stopped' | null> => {
      for (let events = 0; behind < this.history.transactions.length; ) {
        let event = 0
        for (const change of this.history.transactions[behind]!) {
          if (events++ >= settings.stopAt) return 'stopped'
          const place = { binName: 'b.000001', binPos: offsetOf(behind), event: event++ }
          if (change.changes.length > 0) await gate.rows(eventOf(change), place, 1)
          await room()
          await life.pause()
        }
        behind++
        gate.commit()
        await room()
        if (life.random.chance(0.05) && !dispatcher.replaying) {
          await gate.tablesChanged(changeOf(TABLES[life.random.below(2)]!))
          gate.commit()
          await room()
        }
        if (!dispatcher.unfinished && life.random.chance(settings.cut)) {
          const drained = drain()
          drained.catch(() => undefined)
          if (life.random.chance(0.5)) await drained
        }
      }
      // The source is idle; the rest of the rows goes in all the same.
      for (let events = 0; !copied; ) {
        if (Number.isFinite(settings.stopAt) && events++ > 30) return 'stopped'
        await new Promise(resolve => setImmediate(resolve))
        await life.pause()
        await drain()
      }
      return null
    }
    const failed = running.then(() => new Promise<never>(() => undefined))
    try {
      const ended = await Promise.race([flow(), dispatcher.failed, failed])
      gate.abandon(new Failure('streamBroken', 'The engine stops.'))
      if (ended === null && dispatcher.unfinished) throw new Error('the source has ended inside an epoch read again')
      if (dispatcher.unfinished) dispatcher.dropOpen()
      await dispatcher.drain()
      await saver.settled()
      await this.copies.last
      return ended
    } finally {
      dispatcher.abandon(new Failure('streamBroken', 'The engine stops.'))
      await saver.close()
      await plan.close()
    }
  }

  /** Tells the gate of the tables; what is returned begins to read them. */
  #copy(
    { asks }: CopySettings,
    gate: CopyGate,
    routes: ReadonlyMap<string, readonly Route[]>,
    cuts: Map<string, number>,
    life: Life,
    head: () => number,
  ): (() => Promise<void>)[] {
    const mode = this.mode!
    const order = {
      isAtMost: (key: readonly string[], bound: readonly string[]) => {
        const is = Number(key[0]) <= Number(bound[0])
        return life.random.chance(asks) ? life.pause().then(() => is) : is
      },
      areAtMost: async (keys: readonly (readonly string[])[], bound: readonly string[]) => {
        await life.pause()
        return keys.map(key => Number(key[0]) <= Number(bound[0]))
      },
    }
    return TABLES.filter(table => this.copies.frontiers.get(table) !== undefined).map(table => {
      const copyRoutes = { routes: routes.get(table)!, keyTexts: KEYS.keyTexts }
      const frontier = this.copies.frontiers.get(table) ?? null
      const copy = gate.copy({ schema: 's', table, mode, isAgain: false, copyRoutes, order, frontier })
      const parts = { history: this.history, state: this.copies, life, head, cuts, ahead: mode === 'atOnce' ? 2 : 1 }
      return () => copyTable(table, copy, parts)
    })
  }

  /** The source is ahead of the stream, by ever so much. */
  #headOf(behind: number, { random }: Life): number {
    return behind + random.below(this.history.transactions.length - behind + 1)
  }

  async #save(life: Life, position: Position, epoch: number): Promise<void> {
    await life.step()
    this.saved = { ...position, edited: false, epoch }
    await life.step()
  }
}

const KEYS: KeyReader = {
  keyTexts: (images, at, _end, to) => {
    to.push(`${images[at]}`)
    return at + 2
  },
  keyBound: (images, at) => [`${images[at]}`],
}

const MAPS = new Map<string, TableMap>(
  TABLES.map((table, id) => [table, { id, schema: 's', table, columns: [], primaryKey: null }]),
)

function eventOf(event: SourceEvent): RowsEvent {
  const facts = { type: 0, timestamp: 0, logPos: 0, size: 0, artificial: false }
  const whole = { complete: true, bitmaps: () => '', missing: () => [] }
  return { kind: 'rows', ...facts, ...whole, map: MAPS.get(event.table)!, ...imagesOf(event) } as RowsEvent
}

function changeOf(table: string): SchemaChange {
  return { statement: 'ALTER', tables: [{ names: [{ schema: 's', table }], change: {} as never }], unclear: null }
}

function positionAt(binPos: number): Position {
  return { binName: 'b.000001', binPos, gtidSet: '', serverUuid: SERVER }
}
