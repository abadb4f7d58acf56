import { Failure, type FailureKind } from '../../lib/model/failure.js'
import { type CopySettings, CopyWorld } from './copy-world.js'
import { Life } from './crashing-life.js'
import { History } from './model-history.js'
import { Random } from './random.js'

const NEVER = Number.POSITIVE_INFINITY

export interface Story {
  /** Targets of changes and of sums beside those of rows. */
  readonly strict: boolean
  readonly modes: readonly CopySettings['mode'][]
  readonly deliveries: readonly CopySettings['delivery'][]
  /** Lanes, window and flush sizes change at restarts. */
  readonly changing?: boolean
  /** How an end may be that is no crash; it is tried again the other way. */
  readonly allowed?: readonly FailureKind[]
}

export const STORIES: Readonly<Record<string, Story>> = {
  'labels, all targets': { strict: true, modes: ['behindFrontier'], deliveries: ['labels'] },
  'transactions, all targets': { strict: true, modes: ['behindFrontier'], deliveries: ['atomic'] },
  'both in turn, all targets': {
    strict: true,
    modes: ['behindFrontier'],
    deliveries: ['atomic', 'labels'],
    allowed: ['planUnfit'],
  },
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

/** One history, with crashes: null when all ends well, else what is wrong. */
export async function tell(seed: number, story: Story, random: Random): Promise<object | null> {
  const past = random.below(9)
  const world = new CopyWorld(new History(random, past + 1 + random.below(12), story.strict), past)
  let settings = settingsOf(random, story)
  const told: string[] = []
  let restarted = true
  for (let n = 0; n < 40; n++) {
    const last = n >= 8 || random.chance(0.1)
    const next = settingsOf(random, story)
    const { delivery, mode, stopAt } = next
    settings = { ...(story.changing ? next : { ...settings, delivery, mode }), stopAt: last ? NEVER : stopAt }
    if (restarted && random.chance(0.5)) world.jsonTargets = new Set()
    const crashAt = last ? NEVER : 1 + random.below(random.chance(0.5) ? 40 : 200)
    const end = await world.live(settings, new Life(new Random(seed * 64 + n), crashAt))
    told.push(`${settings.delivery} ${settings.lanes}/${settings.maxRows}/${settings.flushRows} ${end}`)
    restarted = !(end instanceof Failure)
    if (end === null) {
      while (world.target.late.length > 0) world.target.land(0)
      return world.fault === null ? null : { seed, fault: world.fault, told }
    }
    if (end instanceof Failure && !end.retriable && !story.allowed?.includes(end.kind))
      return { seed, fault: String(end.stack), told }
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
