import type { ResidentSample, ResidentTrend } from './resident-trend.js'

/** How the engine fared over a long time at a steady rate. */
export interface Soak {
  readonly minutes: number
  /** Row changes per second: asked for, and what the writer reached. */
  readonly asked: number
  readonly reached: number
  /** Row changes written; the engine decoded and ended as many. */
  readonly rows: number
  /** Cores that the engine's process kept busy meanwhile. */
  readonly engine_cores: number
  readonly trend: ResidentTrend
  readonly samples: readonly ResidentSample[]
}
