/** A load that StarRocks answers with `Status: "Fail"`; the message is what the client reads in `Message`. */
export class LoadError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'LoadError'
  }
}
