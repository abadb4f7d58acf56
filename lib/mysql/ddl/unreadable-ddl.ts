/** A statement that is, or may be, DDL of a table and that this parser does not understand. */
export class UnreadableDdl extends Error {
  /** Offset in the statement, in characters. */
  readonly at: number

  constructor(reason: string, at: number) {
    super(reason)
    this.name = 'UnreadableDdl'
    this.at = at
  }
}
