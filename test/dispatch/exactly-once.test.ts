import { expect, test } from '@jest/globals'
import { Failure, type FailureKind } from '../../lib/model/failure.js'
import { Life } from '../support/crashing-life.js'
import { History } from '../support/model-history.js'
import { type Settings, World } from '../support/model-world.js'
import { Random } from '../support/random.js'

const SEEDS = Number(process.env.SEEDS ?? 25)
const FIRST = Number(process.env.SEED ?? 20261121)
/** Histories that run side by side: what waits for one waits for all. */
const ABREAST = 100
const NEVER = Number.POSITIVE_INFINITY
const RESTARTS = 60

interface Story {
  readonly strict: boolean
  readonly deliveries: readonly Settings['delivery'][]
  /** Lanes, window and flush sizes change at restarts. */
  readonly changing?: boolean
  /** master.info and the journal may be gone at a restart. */
  readonly loses?: boolean
  /** StarRocks may forget labels. */
  readonly forgets?: boolean
  readonly trouble?: number
  /** How an end may be that is no crash; the run before is then tried again as it was. */
  readonly allowed?: readonly FailureKind[]
}

const STORIES: Readonly<Record<string, Story>> = {
  'labels, all modes': { strict: true, deliveries: ['labels'] },
  'transactions, all modes': { strict: true, deliveries: ['atomic'] },
  'both in turn, all modes': { strict: true, deliveries: ['atomic', 'labels'], allowed: ['planUnfit'] },
  'labels, settings that change': { strict: true, deliveries: ['labels'], changing: true, allowed: ['planUnfit'] },
  'both in turn, settings that change, upserts': {
    strict: false,
    deliveries: ['atomic', 'labels'],
    changing: true,
    allowed: ['planUnfit'],
  },
  'labels, settings that change, upserts': { strict: false, deliveries: ['labels'], changing: true },
  'transactions, settings that change, data_dir lost': {
    strict: true,
    deliveries: ['atomic'],
    changing: true,
    loses: true,
  },
  'labels forgotten, upserts': { strict: false, deliveries: ['labels'], forgets: true },
  'labels forgotten, all modes': { strict: true, deliveries: ['labels'], forgets: true, allowed: ['loadDoubtful'] },
  'answers lost and busy, labels': { strict: true, deliveries: ['labels'], trouble: 2 },
  'answers lost and busy, transactions': { strict: true, deliveries: ['atomic'], trouble: 2 },
}

test.each(Object.entries(STORIES))(
  `%s: crash after crash, the target ends as the source (${SEEDS} seeds from ${FIRST})`,
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

test(`a crash at every single step, and at steps of the restarts behind it (seeds from ${FIRST})`, async () => {
  const wrong: object[] = []
  for (const delivery of ['labels', 'atomic'] as const)
    for (let seed = FIRST; seed < FIRST + Math.ceil(SEEDS / 100); seed++) {
      const story: Story = { strict: true, deliveries: [delivery] }
      for (let step = 1, steps = 2; step < steps; step++) {
        const random = new Random(seed)
        const world = new World(new History(random, 5, true))
        const settings = settingsOf(random, story)
        const first = new Life(new Random(seed), step)
        await world.live(settings, first)
        steps = first.steps + 2
        const fault = await finish(world, settings, seed, step)
        if (fault !== null) wrong.push({ seed, delivery, step, fault })
      }
    }
  expect(wrong.slice(0, 3)).toEqual([])
})

/** Crashes at one step later from life to life, so that each restart gets a little further; then lives to the end. */
async function finish(world: World, settings: Settings, seed: number, step: number): Promise<string | null> {
  for (let crashAt = 1 + (step % 7); crashAt < 30; crashAt += 7)
    await world.live(settings, new Life(new Random(seed + crashAt), crashAt))
  let end = await world.live({ ...settings, stopAt: NEVER }, new Life(new Random(seed), NEVER))
  for (let n = 0; n < 9 && end instanceof Failure && end.retriable; n++)
    end = await world.live({ ...settings, stopAt: NEVER }, new Life(new Random(seed), NEVER))
  return end === null ? faultOf(world) : String(end)
}

function faultOf(world: World): string | null {
  while (world.target.late.length > 0) world.target.land(0)
  if (world.faults.length > 0) return world.faults[0]!
  const [is, must] = [world.target.stateIn(), world.history.stateAt(world.history.transactions.length)]
  return is === must ? null : `is\n${is}\nbut must be\n${must}`
}

async function tell(seed: number, story: Story, random: Random): Promise<object | null> {
  const world = new World(new History(random, 1 + random.below(12), story.strict))
  world.target.trouble = story.trouble ?? 0
  let settings = settingsOf(random, story)
  const told: string[] = []
  const say = (fault: string | null): object | null => (fault === null ? null : { seed, fault, told })
  const used: Settings[] = []
  let refused = 0
  let restarted = true
  for (let n = 0; n < RESTARTS; n++) {
    const last = n >= 8 || random.chance(0.1)
    const next = settingsOf(random, story)
    const other = story.changing ? next : { ...settings, delivery: next.delivery, stopAt: next.stopAt }
    // What cannot go on with new settings goes on with earlier ones.
    const chosen = refused > 0 ? (used.at(-refused) ?? other) : other
    const now = { ...chosen, stopAt: last ? NEVER : chosen.stopAt }
    if (story.loses && world.atomicOnly && random.chance(0.2)) {
      world.saved = null
      world.journal.clear()
    }
    if (story.forgets && random.chance(0.4)) {
      world.target.forget(random.chance(0.5) ? 1 : random.next())
      world.journal.age(3_600_000)
    }
    if (restarted && random.chance(0.5)) world.jsonTargets = new Set()
    const crashAt = last ? NEVER : 1 + random.below(random.chance(0.5) ? 20 : 120)
    const end = await world.live(now, new Life(new Random(seed * 64 + n), crashAt))
    told.push(`${now.delivery} ${now.lanes}/${now.maxRows}/${now.flushRows} ${end}`)
    if (world.faults.length > 0) return say(world.faults[0]!)
    if (end === null) return say(faultOf(world))
    restarted = !(end instanceof Failure)
    if (!(end instanceof Failure)) {
      settings = now
      refused = 0
      used.push(now)
    } else if (end.kind === 'loadDoubtful' && story.allowed?.includes('loadDoubtful')) return null
    else if (story.allowed?.includes(end.kind)) {
      // No settings are left to go back to: it stands still, and has told no lie.
      if (++refused > used.length + 20) return null
    } else if (!end.retriable) return say(String(end.stack))
  }
  told.splice(0, told.length - 14)
  return say('it never came to an end')
}

function settingsOf(random: Random, { deliveries }: Story): Settings {
  return {
    delivery: deliveries[random.below(deliveries.length)]!,
    lanes: 1 + random.below(4),
    maxRows: random.chance(0.4) ? 1000 : 3 + random.below(15),
    flushRows: random.chance(0.5) ? 1000 : 1 + random.below(6),
    cut: random.chance(0.3) ? 1 : random.next(),
    stopAt: random.chance(0.8) ? NEVER : random.below(30),
    collapseFrom: random.chance(0.6) ? 2 : NEVER,
  }
}
