/** From this on a transaction without its end counts as long. */
const LONG_TRANSACTION_MS = 5000

export interface FreshnessFacts {
  /** Everything that is being tried again now: a target table, "stream" or "master.info", and its last error. */
  readonly retries: readonly { readonly what: string; readonly attempt: number; readonly message: string }[]
  readonly window: { readonly rows: number; readonly bytes: number; readonly waiting: boolean } | null
  /** Sentences about flush intervals that are longer than asked. */
  readonly pace: readonly string[]
  /** The transaction of the source whose end has not been read yet: behind which place, and since when. */
  readonly open: { readonly at: string; readonly sinceMs: number } | null
}

/** Why rows become visible later than asked, as one line, the gravest cause first; null when nothing is known to delay them. */
export function freshnessNote(facts: FreshnessFacts, nowMs: number): string | null {
  const causes = facts.retries.map(({ what, attempt, message }) => `trying ${what} again (try ${attempt}): ${message}`)
  const { window, open } = facts
  if (window?.waiting)
    causes.push(
      `the source waits: the ack window is full (${window.rows} rows, ${window.bytes} bytes are not durable yet)`,
    )
  const openMs = open === null ? 0 : nowMs - open.sinceMs
  if (open !== null && openMs >= LONG_TRANSACTION_MS)
    causes.push(`the end of the transaction behind ${open.at} has not been read for ${Math.round(openMs / 1000)} s`)
  causes.push(...facts.pace)
  return causes.length === 0 ? null : causes.join('; ')
}
