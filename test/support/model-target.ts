import type { LabelOutcome, Load, PositionMark, Sink, SinkTransaction } from '../../lib/dispatch/sink.js'
import { Failure } from '../../lib/model/failure.js'
import { targetName } from '../../lib/model/schema.js'
import type { Life } from './crashing-life.js'
import { applyRow, type Modes, modeOf, type Rows, stateText } from './model-history.js'
import { PlainSink } from './plain-sink.js'
import { readToyBody, type ToyRow } from './toy-route.js'

/** Something that becomes visible at once, under a label. */
interface Commit {
  readonly key: string
  readonly database: string
  readonly loads: readonly { readonly load: Load; readonly rows: readonly ToyRow[] }[]
  readonly mark: PositionMark | null
}

/** StarRocks as the engine may rely on it, over many lives of the engine. */
export class ModelTarget {
  readonly tables: ReadonlyMap<string, Rows>
  readonly marks = new Map<string, PositionMark>()
  /** "database/label"; the visible ones in the order in which they became so. */
  readonly labels = new Map<string, 'open' | 'visible' | 'aborted'>()
  /** Commits whose sender has died: they may still come, unless somebody asks for their label. */
  readonly late: Commit[] = []
  /** How often it may still be busy, or an answer be lost. */
  trouble = 0
  readonly #modes: Modes
  readonly #seen: (database: string, mark: PositionMark | null) => void

  /** `seen` hears of everything that becomes visible. */
  constructor(modes: Modes, seen: (database: string, mark: PositionMark | null) => void) {
    this.#modes = modes
    this.#seen = seen
    this.tables = new Map(Object.keys(modes).map(name => [name, new Map()]))
  }

  /** What readers see in a database, or in all. */
  stateIn(database = ''): string {
    return stateText(this.tables, database)
  }

  connect(life: Life): Sink {
    return new Connection(this, life)
  }

  commit({ key, database, loads, mark }: Commit): void {
    for (const { load, rows } of loads)
      for (const row of rows) applyRow(modeOf(this.#modes, load.target), this.tables.get(targetName(load.target))!, row)
    if (mark !== null) this.marks.set(database, mark)
    this.labels.delete(key)
    this.labels.set(key, 'visible')
    this.#seen(database, mark)
  }

  /** A late commit comes, whichever label it has. */
  land(index: number): void {
    const [commit] = this.late.splice(index, 1)
    if (commit !== undefined && this.labels.get(commit.key) !== 'visible') this.commit(commit)
  }

  /** For good: a late commit is in by then, or never will be. */
  settle(key: string, comes: boolean): LabelOutcome {
    for (let i = this.late.length - 1; i >= 0; i--)
      if (this.late[i]!.key === key) {
        if (comes) this.land(i)
        else this.late.splice(i, 1)
      }
    if (this.labels.get(key) === 'open') this.labels.set(key, 'aborted')
    const state = this.labels.get(key)
    return state === 'visible' ? 'committed' : state === 'aborted' ? 'aborted' : 'absent'
  }

  /** Forgets the oldest labels. */
  forget(share: number): void {
    const done = [...this.labels].filter(([, state]) => state !== 'open').map(([key]) => key)
    for (const key of done.slice(0, Math.ceil(done.length * share))) this.labels.delete(key)
  }
}

/** What one life of the engine sees of it. */
class Connection extends PlainSink {
  readonly #target: ModelTarget
  readonly #life: Life
  readonly #underWay = new Set<Commit>()

  constructor(target: ModelTarget, life: Life) {
    super()
    this.#target = target
    this.#life = life
    life.onDeath(() => {
      for (const commit of this.#underWay) if (life.random.chance(0.5)) target.late.push(commit)
    })
  }

  async truncate(): Promise<void> {
    throw new Error('nothing here truncates')
  }

  async write(load: Load): Promise<{ rows: number }> {
    const { database } = load.target
    const key = `${database}/${load.label}`
    await this.#commit({ key, database, loads: [{ load, rows: readToyBody(load.body) }], mark: null })
    return { rows: load.rows }
  }

  override async settleLabel(database: string, label: string): Promise<LabelOutcome> {
    await this.step()
    const outcome = this.#target.settle(`${database}/${label}`, this.#life.random.chance(0.5))
    await this.step()
    return outcome
  }

  override async lacksTransactions(): Promise<null> {
    return null
  }

  override async begin(database: string, label: string): Promise<SinkTransaction> {
    const key = `${database}/${label}`
    const { labels, late } = this.#target
    await this.step()
    const state = labels.get(key)
    // One that was rolled back keeps its label, as in StarRocks.
    if (state !== undefined || late.some(commit => commit.key === key)) throw new Failure('labelTaken', key)
    labels.set(key, 'open')
    await this.step()
    return this.#transaction(key, database)
  }

  override async settleTransaction(database: string, label: string): Promise<LabelOutcome> {
    return this.settleLabel(database, label)
  }

  override async readMarks(): Promise<ReadonlyMap<string, PositionMark>> {
    await this.step()
    return new Map(this.#target.marks)
  }

  override async removeMark(database: string): Promise<void> {
    await this.step()
    this.#target.marks.delete(database)
    await this.step()
  }

  async close(): Promise<void> {
    return undefined
  }

  async step(): Promise<void> {
    const { late } = this.#target
    if (late.length > 0 && this.#life.random.chance(0.1)) this.#target.land(this.#life.random.below(late.length))
    await this.#life.step()
  }

  #transaction(key: string, database: string): SinkTransaction {
    const loads: Commit['loads'][number][] = []
    const busy = new Set<string>()
    const mustBeOpen = (): void => {
      if (this.#target.labels.get(key) !== 'open') throw new Failure('loadRejected', `${key} is not open`)
    }
    return {
      load: async load => {
        const name = targetName(load.target)
        if (busy.has(name) || load.target.database !== database) throw new Error(`${name}: not now, or not here`)
        busy.add(name)
        const rows = readToyBody(load.body)
        await this.step()
        mustBeOpen()
        this.#mayBeBusy()
        loads.push({ load, rows })
        await this.step()
        busy.delete(name)
      },
      commit: async mark => {
        if (busy.size > 0) throw new Error('a load is under way')
        await this.#commit({ key, database, loads, mark }, mustBeOpen)
      },
      rollback: async () => {
        await this.step()
        this.#target.settle(key, this.#life.random.chance(0.5))
        await this.step()
      },
    }
  }

  async #commit(commit: Commit, check: () => void = () => undefined): Promise<void> {
    const { random } = this.#life
    const target = this.#target
    this.#underWay.add(commit)
    await this.step()
    this.#underWay.delete(commit)
    // One label, one commit: what comes late holds the same rows.
    const before = target.late.findIndex(({ key }) => key === commit.key)
    if (before >= 0) target.land(before)
    if (target.labels.get(commit.key) !== 'visible') {
      check()
      this.#mayBeBusy()
      if (this.#inTrouble()) {
        if (random.chance(0.5)) target.late.push(commit)
        throw new Failure('loadUnknown', `${commit.key}: the answer was lost, and nothing is known`)
      }
      target.commit(commit)
      if (this.#inTrouble()) throw new Failure('loadUnknown', `${commit.key}: the answer was lost behind the commit`)
    }
    await this.step()
  }

  #mayBeBusy(): void {
    if (this.#inTrouble()) throw new Failure('targetBusy', 'too many versions')
  }

  #inTrouble(): boolean {
    if (this.#target.trouble === 0 || !this.#life.random.chance(0.1)) return false
    this.#target.trouble--
    return true
  }
}
