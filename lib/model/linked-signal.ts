/** What each signal has to tell when it aborts. */
const followers = new WeakMap<AbortSignal, Set<() => void>>()

/**
 * Runs `act` under a signal of its own that aborts as soon as one of `signals` does, with its reason. Nothing of it stays on them
 * afterwards: `AbortSignal.any` leaves an entry on a signal that lives as long as the process for each load. However many run
 * at the same time (a load for each target and lane), each signal has one listener.
 */
export async function underSignals<T>(
  signals: readonly AbortSignal[],
  act: (own: AbortSignal) => Promise<T>,
): Promise<T> {
  const own = new AbortController()
  const leave = signals.map(signal => follow(signal, () => own.abort(signal.reason)))
  try {
    return await act(own.signal)
  } finally {
    for (const each of leave) each()
  }
}

/** The function that is returned ends it. */
function follow(signal: AbortSignal, abort: () => void): () => void {
  if (signal.aborted) {
    abort()
    return () => undefined
  }
  const all = followers.get(signal) ?? listen(signal)
  all.add(abort)
  return () => {
    all.delete(abort)
    if (all.size === 0 && followers.get(signal) === all) unlisten(signal)
  }
}

/** One function for all signals, so that it is found again. */
function tellAll({ target }: Event): void {
  const signal = target as AbortSignal
  const all = followers.get(signal)
  unlisten(signal)
  for (const abort of all ?? []) abort()
}

function listen(signal: AbortSignal): Set<() => void> {
  const all = new Set<() => void>()
  followers.set(signal, all)
  signal.addEventListener('abort', tellAll)
  return all
}

function unlisten(signal: AbortSignal): void {
  followers.delete(signal)
  signal.removeEventListener('abort', tellAll)
}
