/** A value that cannot be written; the row encoder that meets it turns it into a Failure naming table and column. */
export class ValueProblem extends Error {
  /** Source offset inside the value, to find its column by. */
  readonly at: number

  constructor(reason: string, at: number) {
    super(reason)
    this.name = 'ValueProblem'
    this.at = at
  }
}
