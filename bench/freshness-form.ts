/** How old rows were when they became visible in the target, at one rate. */
export interface FreshnessSample {
  readonly flush_interval_ms: number
  /** Row changes per second: asked for, and what the writer reached. */
  readonly asked: number
  readonly reached: number
  readonly p50_ms: number
  readonly p99_ms: number
  /** Cores that the engine's process kept busy meanwhile. */
  readonly engine_cores: number
}

export interface Freshness {
  readonly samples: readonly FreshnessSample[]
  /** By flush_interval_ms, the highest rate tried at which p99 stayed under 2 s and the writer kept the rate; null: at none. */
  readonly highest: Readonly<Record<string, number | null>>
}
