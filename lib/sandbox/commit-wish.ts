/** How a commit shall go. */
export interface CommitWish {
  /** Awaited after the verdict on the rows, before anything is written; a rejection rolls back. */
  beforeCommit(): Promise<void>
  /** It shall be rolled back and answered as if it had been made; asked for transactions over several tables. */
  abortsSilently(): boolean
  /** The state the label has after it. */
  publishedState(): 'COMMITTED' | 'VISIBLE'
}
