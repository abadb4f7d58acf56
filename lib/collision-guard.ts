import type { DeliverySink } from './dispatch/delivery.js'
import type { Sink } from './dispatch/sink.js'
import { Failure } from './model/failure.js'
import type { Observer } from './model/observer.js'
import { type TableSchema, type TargetTable, tableName, targetName } from './model/schema.js'
import type { RowTag } from './model/target-change.js'
import { type KeyListener, unwatchable, type WatchedKey, type WatchedPlace } from './rules/key-watch.js'
import type { MatchedRule } from './rules/rule-book.js'
import type { SharedTargets } from './shared-targets.js'

type TableRef = { readonly schema: string; readonly table: string }

/** Keys that one SELECT asks for. */
const KEYS_AT_ONCE = 2_000

export interface GuardParts {
  readonly shared: SharedTargets
  readonly sink: Pick<Sink, 'findKey'>
  /** Of these source tables the first that has one of the keys now, and which; null: none has. */
  readonly askSource: (
    tables: readonly TableRef[],
    keys: readonly WatchedKey[],
  ) => Promise<{ readonly table: TableRef; readonly key: string } | null>
  readonly observer: Observer
}

interface Asked extends WatchedKey {
  readonly by: TableSchema
  readonly again: boolean
  readonly tag: RowTag | null
}

/** What is known of the keys of one target. */
interface Watched {
  target: TargetTable
  /** By key: the table that has it, behind what the stream has brought; null: nobody. Keys whose epochs are durable are not here. */
  readonly recent: Map<string, { readonly by: TableSchema | null; readonly epoch: number }>
  readonly epochs: Map<number, string[]>
  /** Keys that nobody had as far as is known here: the target is to be asked before they are loaded. */
  readonly pending: Map<string, Asked>
  asked: Promise<void>
  failure: Failure | null
}

/**
 * Finds out when two source tables have the same key in a target where nothing in the key tells them apart, before the row of
 * one replaces that of the other. It sees every key that comes to be in the stream or is copied: keys of rows that are not
 * durable yet are compared here, the others are asked of the target, many at a time, before their load is sent. Which table a
 * row of the target belongs to, a tag tells; without one the source is asked which of its tables have the key now.
 */
export class CollisionGuard {
  readonly #parts: GuardParts
  readonly #targets = new Map<string, Watched>()
  /** Counts up when other tables may share a target than before. */
  #generation = 0
  readonly #toldUnwatched = new Set<string>()

  constructor(parts: GuardParts) {
    this.#parts = parts
  }

  /** See `RouterParts.listen`. Asked anew whenever a table has changed or come: then others may share its target. */
  listen(schema: TableSchema, matched: MatchedRule, target: TargetTable): KeyListener | null {
    this.#generation++
    if (matched.rule.shards.onCollision === 'last_wins' || target.model !== 'primary') return null
    const watched = this.#watched(target)
    // Asked for every row that comes or goes.
    let facts = this.#factsOf(schema, matched)
    let generation = this.#generation
    const factsOf = () => {
      if (generation !== this.#generation) {
        facts = this.#factsOf(schema, matched)
        generation = this.#generation
      }
      return facts
    }
    const why = this.#unwatched(schema, matched)
    if (why !== null) {
      if (factsOf().active && !this.#toldUnwatched.has(tableName(schema))) {
        this.#toldUnwatched.add(tableName(schema))
        this.#parts.observer({
          kind: 'warning',
          message: `Whether keys of ${tableName(schema)} are in other tables of ${targetName(target)} too is not looked at: ${why}.`,
          advice: 'Give the target a tag in its key (shard_key), which needs no looking.',
        })
      }
      return null
    }
    const guard = this
    return {
      get active() {
        return factsOf().active
      },
      appears(key, place) {
        guard.#appears(watched, schema, factsOf().tag, key, place)
      },
      vanishes(key, place) {
        guard.#vanishes(watched, schema, key, place)
      },
    }
  }

  /**
   * To be awaited before rows are sent to a target: resolves when no key among those heard of so far is another table's.
   * Rejects with keyCollision, or with a Failure of a connection: then it can be called again.
   */
  async cleared(target: { readonly database: string; readonly table: string }, signal: AbortSignal): Promise<void> {
    const watched = this.#targets.get(targetName(target))
    if (watched === undefined) return
    if (watched.failure !== null) throw watched.failure
    if (watched.pending.size > 0) await this.#ask(watched, signal)
  }

  /** Everything up to this epoch is durable and visible: what was said of it, the target tells from now on. */
  durable(epoch: number): void {
    for (const { epochs, recent } of this.#targets.values())
      for (const [ordinal, keys] of epochs) {
        if (ordinal > epoch) continue
        for (const key of keys) if (recent.get(key)?.epoch === ordinal) recent.delete(key)
        epochs.delete(ordinal)
      }
  }

  #appears(watched: Watched, by: TableSchema, tag: RowTag | null, key: WatchedKey, place: WatchedPlace): void {
    if (watched.failure !== null) throw watched.failure
    const name = key.texts.join('\0')
    const last = watched.recent.get(name)
    if (last === undefined) watched.pending.set(name, { ...key, by, tag, again: place.again })
    else if (last.by !== null && tableName(last.by) !== tableName(by))
      throw this.#collision(watched, by, last.by, key.texts, 'it wrote a row, and that one is there')
    this.#note(watched, name, by, place.epoch)
  }

  /** A delete that would take away the row of another table. */
  #vanishes(watched: Watched, by: TableSchema, key: WatchedKey, { epoch }: WatchedPlace): void {
    const name = key.texts.join('\0')
    const last = watched.recent.get(name)?.by ?? null
    if (last !== null && tableName(last) !== tableName(by))
      throw this.#collision(watched, by, last, key.texts, 'it deletes its row, which would delete that one')
    this.#note(watched, name, null, epoch)
  }

  #note(watched: Watched, name: string, by: TableSchema | null, epoch: number): void {
    const before = watched.recent.get(name)
    watched.recent.set(name, { by, epoch })
    if (before?.epoch === epoch) return
    const keys = watched.epochs.get(epoch)
    if (keys === undefined) watched.epochs.set(epoch, [name])
    else keys.push(name)
  }

  /** One question after the other: what one has answered the next need not ask. */
  #ask(watched: Watched, signal: AbortSignal): Promise<void> {
    const before = watched.asked.catch(() => undefined)
    // Whoever waited for the question before has heard why it failed; what it left open is asked again here.
    const asked = before.then(async () => {
      while (watched.pending.size > 0) await this.#askSome(watched, signal)
    })
    watched.asked = asked
    return asked
  }

  async #askSome(watched: Watched, signal: AbortSignal): Promise<void> {
    const some = [...watched.pending].slice(0, KEYS_AT_ONCE)
    const byTable = new Map<TableSchema, Asked[]>()
    for (const [, asked] of some) byTable.set(asked.by, [...(byTable.get(asked.by) ?? []), asked])
    for (const [by, keys] of byTable) {
      const found = await this.#otherOwner(watched, by, keys, signal)
      if (found === null) continue
      watched.failure = this.#collision(watched, by, found.other, [found.key], 'it wrote a row, and that one is there')
      throw watched.failure
    }
    for (const [name, asked] of some) if (watched.pending.get(name) === asked) watched.pending.delete(name)
  }

  /** The table that has a row with one of these keys in the target already, and the key; null: none. */
  async #otherOwner(
    { target }: Watched,
    by: TableSchema,
    keys: readonly Asked[],
    signal: AbortSignal,
  ): Promise<{ readonly other: TableRef | string; readonly key: string } | null> {
    const { tag, again } = keys[0]!
    const texts = keys.map(key => key.texts)
    const found = await this.#parts.sink.findKey(target, texts, tag, signal)
    if (found === null) return null
    const others = this.#parts.shared.othersOf(target, by)
    if (tag !== null && !again) {
      const owner = others.find(other => this.#parts.shared.tagOf(target, other)?.text === found.tag)
      return { other: owner ?? `the rows with ${tag.name} = ${found.tag ?? 'NULL'}`, key: found.key.join(', ') }
    }
    // The row may be its own: of an earlier try, or copied before.
    const asked = await this.#parts.askSource(others, keys)
    return asked === null ? null : { other: asked.table, key: asked.key }
  }

  #collision(
    { target }: Watched,
    by: TableRef,
    other: TableRef | string,
    key: readonly string[],
    what: string,
  ): Failure {
    const owner = typeof other === 'string' ? other : tableName(other)
    return new Failure(
      'keyCollision',
      `${targetName(target)}: ${tableName(by)} and ${owner} both have the key (${target.key.join(', ')}) = (${key.join(', ')}): of ${tableName(by)} ${what}. Nothing of it was loaded.`,
    )
  }

  #watched(target: TargetTable): Watched {
    const name = targetName(target)
    let watched = this.#targets.get(name)
    if (watched === undefined) {
      const nothing = { recent: new Map(), epochs: new Map(), pending: new Map(), asked: Promise.resolve() }
      watched = { target, ...nothing, failure: null }
      this.#targets.set(name, watched)
    }
    watched.target = target
    return watched
  }

  #factsOf(schema: TableSchema, matched: MatchedRule): { readonly active: boolean; readonly tag: RowTag | null } {
    const { shared } = this.#parts
    const active = shared.isShared(matched, schema) && !shared.isTagged(matched, schema)
    return { active, tag: active ? shared.tagOf(matched, schema) : null }
  }

  /** Why keys of a table cannot be followed, as the end of a sentence; null: they can. */
  #unwatched(schema: TableSchema, { rule }: MatchedRule): string | null {
    const key = schema.columns.filter(({ name }) => schema.key.includes(name))
    const masked = key.find(({ name }) => rule.shape.mask.has(name))
    if (masked !== undefined) return `its key column ${masked.name} is masked`
    if (rule.shape.transform !== null) return 'a module makes its rows'
    if (rule.shape.key.size > 0) return 'its rule names other key columns'
    return key.map(unwatchable).find(reason => reason !== null) ?? null
  }
}

/** The sink as deliveries use it: what they send waits until its keys are found to be nobody else's. */
export function guardedSink(sink: Sink, guard: Pick<CollisionGuard, 'cleared'>): DeliverySink {
  return {
    write: async (load, signal) => {
      await guard.cleared(load.target, signal)
      return sink.write(load, signal)
    },
    begin: async (database, label, signal) => {
      const transaction = await sink.begin(database, label, signal)
      return {
        load: async (load, stop) => {
          await guard.cleared(load.target, stop)
          await transaction.load(load, stop)
        },
        commit: (mark, stop) => transaction.commit(mark, stop),
        rollback: () => transaction.rollback(),
      }
    },
    dryRun: (load, signal) => sink.dryRun(load, signal),
    settleTransaction: (database, label, signal) => sink.settleTransaction(database, label, signal),
    lacksTransactions: (...question) => sink.lacksTransactions(...question),
  }
}
