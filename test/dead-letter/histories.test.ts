import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { DeadLetters } from '../../lib/dead-letter/dead-letters.js'
import { Filing } from '../../lib/dead-letter/filing.js'
import { LetterFolder } from '../../lib/dead-letter/letter-folder.js'
import { renderChange } from '../../lib/dead-letter/letter-line.js'
import { replay } from '../../lib/dead-letter/replay.js'
import { setBadRowsAside, supersedeParked } from '../../lib/dispatch/bad-rows.js'
import type { Load } from '../../lib/dispatch/sink.js'
import type { FiledLetter } from '../../lib/model/dead-letter.js'
import { Failure } from '../../lib/model/failure.js'
import { Random } from '../support/random.js'
import { readRows, type TracedChange, tracedLoad } from '../support/traced-loads.js'

class Killed extends Error {}

/**
 * A source of changes, a target that takes values up to a width, and an engine that reads, parks and is killed at any step;
 * while it is down an operator may widen the target and replay. Binlog, target and dead letters outlive it.
 */
class World {
  readonly changes: TracedChange[]
  readonly table = new Map<string, string>()
  readonly #random: Random
  readonly #dataDir: string
  /** Index of the first change that is not behind the saved position. */
  #saved = 0
  #width = 3
  kills = 0

  constructor(random: Random, dataDir: string) {
    this.#random = random
    this.#dataDir = dataDir
    const keys = Array.from({ length: 1 + random.below(6) }, (_, i) => 'k'.repeat(1 + (i % 3)) + i)
    this.changes = Array.from({ length: 5 + random.below(40) }, (_, i) => ({
      key: keys[random.below(keys.length)]!,
      value: `${i}${random.chance(0.4) ? '-too-wide' : ''}`,
      binPos: 10 * (i + 1),
      deletes: random.chance(0.1),
    }))
  }

  async run(): Promise<void> {
    while (this.#saved < this.changes.length) {
      try {
        await this.#engine()
      } catch (error) {
        if (!(error instanceof Killed)) throw error
        this.kills++
      }
      await this.#checkNothingLost()
      if (this.#random.chance(0.2)) this.#width += this.#random.below(10)
      if (this.#random.chance(0.3)) await this.#operator()
    }
    this.#width = 100
    await this.#operator()
  }

  truth(upTo = this.changes.length): Map<string, string> {
    const rows = new Map<string, string>()
    for (const { key, value, deletes } of this.changes.slice(0, upTo))
      if (deletes) rows.delete(key)
      else rows.set(key, value)
    return rows
  }

  async letters(): Promise<{ folder: LetterFolder; open: readonly FiledLetter[] }> {
    const filing = new Filing()
    const folder = await LetterFolder.open(this.#dataDir, line => filing.take(line))
    return { folder, open: filing.open }
  }

  async #engine(): Promise<void> {
    const parking = await DeadLetters.open(this.#dataDir, { onOpen: () => undefined, now: () => 0 })
    const position = { binName: 'b.000001', binPos: this.changes[this.#saved]!.binPos, gtidSet: '', serverUuid: 'u-1' }
    parking.expectFrom(position)
    while (this.#saved < this.changes.length) {
      const end = Math.min(this.changes.length, this.#saved + 1 + this.#random.below(8))
      const format = this.#random.chance(0.5) ? 'csv' : 'json'
      const traced = tracedLoad(this.changes.slice(this.#saved, end), format)
      await supersedeParked(traced, parking)
      this.#mayBeKilled()
      const reason = this.#judge(traced.load)
      if (reason === null) this.#apply(traced.load)
      else {
        const rest = await setBadRowsAside(traced, reason, {
          parking: {
            park: async letters => {
              await parking.park(letters)
              this.#mayBeKilled()
            },
            supersede: letters => parking.supersede(letters),
            parkedIn: target => parking.parkedIn(target),
            touch: (target, hash, row) => parking.touch(target, hash, row),
          },
          observer: () => undefined,
          judge: async load => this.#judge(load),
          maxParked: 1000,
          server: 'u-1',
          now: () => this.#saved,
        })
        this.#mayBeKilled()
        this.#apply({ ...traced.load, ...rest })
      }
      this.#mayBeKilled()
      this.#saved = end
    }
  }

  async #operator(): Promise<void> {
    const { folder, open } = await this.letters()
    await replay(
      open.map(filed => filed.letter),
      {
        sink: {
          write: async load => {
            const reason = this.#judge(load)
            if (reason !== null) throw new Failure('rowRejected', reason)
            this.#apply(load)
            return { rows: load.rows }
          },
        },
        record: (target, changes) => folder.append(target, changes.map(renderChange)),
        pause: async () => undefined,
        now: () => 0,
        signal: new AbortController().signal,
      },
    )
  }

  /** Of every key, what the source had at the saved position is in the target, or parked, or overtaken by what was read since. */
  async #checkNothingLost(): Promise<void> {
    const { open } = await this.letters()
    const truth = this.truth(this.#saved)
    const newer = new Set(this.changes.slice(this.#saved).map(({ key }) => key))
    for (const key of new Set(this.changes.slice(0, this.#saved).map(change => change.key))) {
      if (newer.has(key)) continue
      const parked = open
        .filter(({ letter }) => letter.key.k === key)
        .map(({ letter }) => readRows({ ...letter.load, body: [frame(letter.load)] })[0]!)
      const wanted = truth.get(key)
      const found = parked.length > 0 ? (parked[0]![2] === '1' ? undefined : parked[0]![1]) : this.table.get(key)
      if (parked.length > 1 || found !== wanted)
        throw new Error(`${key} is ${wanted} at the source, found ${found}, parked ${JSON.stringify(parked)}`)
    }
  }

  #judge(load: Load): string | null {
    const bad = readRows(load).find(([, value]) => value.length > this.#width)
    return bad === undefined ? null : `"${bad[1]}" is wider than ${this.#width}`
  }

  #apply(load: Load): void {
    for (const [key, value, op] of readRows(load))
      if (op === '1') this.table.delete(key)
      else this.table.set(key, value)
  }

  #mayBeKilled(): void {
    if (this.#random.chance(0.08)) throw new Killed()
  }
}

function frame({ format, row }: { readonly format: string; readonly row: Uint8Array }): Uint8Array {
  return format === 'csv' ? row : Buffer.concat([Buffer.from('['), row, Buffer.from(']')])
}

const sorted = (rows: ReadonlyMap<string, string>) => [...rows].sort(([a], [b]) => (a < b ? -1 : 1))

test('whatever is refused, parked, overtaken, replayed and killed: in the end the target is as the source', async () => {
  const seed = Math.floor(Math.random() * 2 ** 32)
  const random = new Random(seed)
  let kills = 0
  for (let run = 0; run < 60; run++) {
    const dataDir = mkdtempSync(join(tmpdir(), 'histories-'))
    try {
      const world = new World(random, dataDir)
      await world.run()
      kills += world.kills
      expect(sorted(world.table)).toEqual(sorted(world.truth()))
      expect((await world.letters()).open).toEqual([])
    } catch (error) {
      throw new Error(`seed ${seed}, run ${run}`, { cause: error })
    } finally {
      rmSync(dataDir, { recursive: true, force: true })
    }
  }
  expect(kills).toBeGreaterThan(10)
})
