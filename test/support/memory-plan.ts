import type { PlanLog } from '../../lib/model/epoch-plan.js'

/** A plan that is written at once and read by nobody. */
export const noPlan: PlanLog = {
  begin: async () => undefined,
  ship: async () => undefined,
  rebase: async () => undefined,
  reduce: async () => undefined,
  transaction: async () => undefined,
  settled: () => undefined,
  over: () => undefined,
}
