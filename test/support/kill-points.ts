import type { Happening } from '../../lib/model/observer.js'
import type { FaultName } from '../../lib/sandbox/fault-names.js'
import type { Random } from './random.js'

export type DeliveryMode = 'labels' | 'atomic'
type Step = Extract<Happening, { kind: 'step' }>['step']
type Hold = Extract<FaultName, 'holdBody' | 'holdAnswer' | 'holdCommit'>

/** Where an engine is killed: by itself at the n-th happening of a step; while StarRocks holds a request; at any moment. */
export type KillPoint =
  | { readonly at: 'step'; readonly name: Step | 'fsync'; readonly nth: number }
  | { readonly at: 'hold'; readonly name: Hold; readonly skip: number; readonly releaseFirst: boolean }
  | { readonly at: 'any'; readonly name: 'any moment'; readonly afterMs: number }

const STEPS = ['sealed', 'planned', 'sending', 'sent', 'committed', 'saving', 'fsync'] as const
const HOLDS: readonly Hold[] = ['holdBody', 'holdAnswer', 'holdCommit']

/** Every kill point of a delivery once, with its chances drawn. */
export function killPoints(delivery: DeliveryMode, random: Random): KillPoint[] {
  const steps = delivery === 'atomic' ? [...STEPS, 'committing' as const] : STEPS
  return [
    ...steps.map(name => ({ at: 'step' as const, name, nth: 1 + random.below(4) })),
    ...HOLDS.map(name => ({ at: 'hold' as const, name, skip: random.below(3), releaseFirst: random.chance(0.5) })),
    { at: 'any', name: 'any moment', afterMs: random.below(2500) },
  ]
}

/** So many kill points, all of them as often as the others, in a random order. */
export function killSchedule(delivery: DeliveryMode, kills: number, random: Random): KillPoint[] {
  const schedule: KillPoint[] = []
  while (schedule.length < kills) {
    const round = killPoints(delivery, random)
    for (let n = round.length - 1; n > 0; n--) {
      const other = random.below(n + 1)
      ;[round[n], round[other]] = [round[other]!, round[n]!]
    }
    schedule.push(...round)
  }
  return schedule.slice(0, kills)
}
