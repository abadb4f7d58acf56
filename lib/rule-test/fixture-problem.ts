/** Something in a test that cannot be carried out: a sentence for the one who wrote it. */
export class FixtureProblem extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'FixtureProblem'
  }
}
