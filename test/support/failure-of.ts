import { asFailure, Failure } from '../../lib/model/failure.js'

/** The Failure that `act` throws; anything else it throws goes on, and so does an Error when it throws nothing. */
export function failureOf(act: () => unknown): Failure {
  try {
    act()
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

/** The Failure a promise rejects with, whatever was thrown; an Error when it resolves. */
export async function rejectionOf(promise: Promise<unknown>): Promise<Failure> {
  return promise.then(
    () => {
      throw new Error('it was to fail')
    },
    (error: unknown) => asFailure(error),
  )
}
