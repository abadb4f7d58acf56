/** What a comparison of all tables found, as status.json shows it. */
export interface VerifySummary {
  /** When it began and how long it took; ms since 1970, and ms. */
  readonly at_ms: number
  readonly ms: number
  readonly tables: number
  readonly rows: number
  /** Tables that are not as they should be. */
  readonly findings: readonly VerifyFinding[]
}

export interface VerifyFinding {
  readonly source: string
  readonly target: string
  readonly state: 'pending' | 'differs'
  readonly differs: number
  readonly missing: number
  readonly extra: number
  readonly pending: number
}
