import { expect, test } from '@jest/globals'
import { Failure } from '../../lib/model/failure.js'
import { type CopySettings, CopyWorld } from '../support/copy-world.js'
import { Life } from '../support/crashing-life.js'
import { History } from '../support/model-history.js'
import { Random } from '../support/random.js'

const SEEDS = Number(process.env.SEEDS ?? 25)
const FIRST = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9))
/** Histories that run side by side: what waits for one waits for all. */
const ABREAST = 100
const NEVER = Number.POSITIVE_INFINITY

interface Story {
  /** Targets of changes and of sums beside those of rows. */
  readonly strict: boolean
  readonly modes: readonly CopySettings['mode'][]
  readonly deliveries: readonly CopySettings['delivery'][]
  /** Lanes, window and flush sizes change at restarts. */
  readonly changing?: boolean
}

const STORIES: Readonly<Record<string, Story>> = {
  'labels, all targets': { strict: true, modes: ['behindFrontier'], deliveries: ['labels'] },
  'transactions, all targets': { strict: true, modes: ['behindFrontier'], deliveries: ['atomic'] },
  'labels, rows': { strict: false, modes: ['atOnce'], deliveries: ['labels'], changing: true },
  'transactions, rows': { strict: false, modes: ['atOnce'], deliveries: ['atomic'], changing: true },
  'labels, rows behind the frontier': {
    strict: false,
    modes: ['behindFrontier'],
    deliveries: ['labels'],
    changing: true,
  },
  'labels, rows, now this way and now that': {
    strict: false,
    modes: ['atOnce', 'behindFrontier'],
    deliveries: ['labels'],
    changing: true,
  },
}

test.each(Object.entries(STORIES))(
  `%s: tables with rows are copied under traffic, crash after crash, and end as the source (${SEEDS} seeds from ${FIRST})`,
  async (_, story) => {
    const wrong: object[] = []
    for (let seed = FIRST; seed < FIRST + SEEDS; seed += ABREAST) {
      const seeds = Array.from({ length: Math.min(ABREAST, FIRST + SEEDS - seed) }, (_, i) => seed + i)
      const faults = await Promise.all(seeds.map(one => tell(one, story, new Random(one))))
      wrong.push(...faults.filter(fault => fault !== null))
    }
    expect(wrong.slice(0, 3)).toEqual([])
  },
)

async function tell(seed: number, story: Story, random: Random): Promise<object | null> {
  const past = random.below(9)
  const world = new CopyWorld(new History(random, past + 1 + random.below(12), story.strict), past)
  let settings = settingsOf(random, story)
  const told: string[] = []
  for (let n = 0; n < 40; n++) {
    const last = n >= 8 || random.chance(0.1)
    const next = settingsOf(random, story)
    const { delivery, mode, stopAt } = next
    settings = { ...(story.changing ? next : { ...settings, delivery, mode }), stopAt: last ? NEVER : stopAt }
    if (random.chance(0.5)) world.jsonTargets = new Set()
    const crashAt = last ? NEVER : 1 + random.below(random.chance(0.5) ? 40 : 200)
    const end = await world.live(settings, new Life(new Random(seed * 64 + n), crashAt))
    told.push(`${settings.delivery} ${settings.lanes}/${settings.maxRows}/${settings.flushRows} ${end}`)
    if (end === null) {
      while (world.target.late.length > 0) world.target.land(0)
      return world.fault === null ? null : { seed, fault: world.fault, told }
    }
    if (end instanceof Failure && !end.retriable) return { seed, fault: String(end.stack), told }
  }
  return { seed, fault: 'it never came to an end', told }
}

function settingsOf(random: Random, { deliveries, modes }: Story): CopySettings {
  return {
    delivery: deliveries[random.below(deliveries.length)]!,
    mode: modes[random.below(modes.length)]!,
    lanes: 1 + random.below(4),
    maxRows: random.chance(0.4) ? 1000 : 3 + random.below(15),
    flushRows: random.chance(0.5) ? 1000 : 1 + random.below(6),
    cut: random.chance(0.3) ? 1 : random.next(),
    asks: random.chance(0.5) ? 0 : random.next(),
    stopAt: random.chance(0.8) ? NEVER : random.below(30),
  }
}
