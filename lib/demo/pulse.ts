import type { Connection } from 'mysql2/promise'
import { pause } from './pause.js'
import { SHOP } from './shop-schema.js'

const BEAT_MS = 200
const LOOK_MS = 50

/** The first beat: the row that all others update. */
export async function firstBeat(source: Connection): Promise<void> {
  await source.query(`insert into ${SHOP}.pulse values (1, ?)`, [Date.now()])
}

/** Writes the wall-clock time into the heartbeat row about five times a second until `signal`; returns how often. */
export async function beat(source: Connection, signal: AbortSignal): Promise<number> {
  let beats = 0
  for (; !signal.aborted; beats++) {
    await source.query(`update ${SHOP}.pulse set at_ms = ? where id = 1`, [Date.now()])
    await pause(BEAT_MS, signal)
  }
  return beats
}

/** The newest beat that is visible in the target (ms since 1970), if any; the table must be there. */
export async function visibleBeat(target: Connection, database: string): Promise<number | undefined> {
  const [rows] = await target.query(`select at_ms from ${database}.pulse where id = 1`)
  const at = (rows as Array<{ at_ms: number | string }>)[0]?.at_ms
  return at === undefined ? undefined : Number(at)
}

/**
 * How old the newest row visible in the target is, measured from outside: the target's heartbeat row is read about 20
 * times a second, and its age by the clock of this machine, at the moment the answer is here, is one sample. Between two
 * beats the age grows, so even an immediate target shows up to 200 ms. What lies before the watch does not count: a beat of
 * before is taken for one at its start.
 */
export class FreshnessProbe {
  readonly #samplesMs: number[] = []
  #sorted = true

  /** Age of the newest visible beat at the last look. */
  lastMs: number | undefined

  /** Looks until `signal`. */
  async watch(target: Connection, database: string, signal: AbortSignal): Promise<void> {
    const startMs = Date.now()
    while (!signal.aborted) {
      const at = await visibleBeat(target, database)
      // A look that was under way when the beats ended would blame the target for their silence.
      if (!signal.aborted) this.add(Date.now() - Math.max(at ?? 0, startMs))
      await pause(LOOK_MS, signal)
    }
  }

  add(ageMs: number): void {
    this.lastMs = ageMs
    this.#samplesMs.push(ageMs)
    this.#sorted = false
  }

  /** The age that the given share (0 to 1) of the samples does not exceed; nothing without samples. */
  quantileMs(share: number): number | undefined {
    if (!this.#sorted) this.#samplesMs.sort((left, right) => left - right)
    this.#sorted = true
    return this.#samplesMs[Math.max(0, Math.ceil(share * this.#samplesMs.length) - 1)]
  }
}
