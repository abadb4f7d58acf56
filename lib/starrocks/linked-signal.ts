/**
 * Runs `act` under a signal that aborts as soon as one of two does, with its reason. Nothing of it stays on them
 * afterwards: `AbortSignal.any` leaves an entry on a signal that lives as long as the process for each load.
 */
export async function underEither<T>(
  a: AbortSignal,
  b: AbortSignal,
  act: (either: AbortSignal) => Promise<T>,
): Promise<T> {
  const either = new AbortController()
  const follow = (signal: AbortSignal) => {
    const abort = () => either.abort(signal.reason)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    return () => signal.removeEventListener('abort', abort)
  }
  const leave = [follow(a), follow(b)]
  try {
    return await act(either.signal)
  } finally {
    for (const each of leave) each()
  }
}
