import type { Happening, Observer } from '../model/observer.js'

export interface Watcher {
  /** For the message when it throws: "statsd", "status". */
  readonly name: string
  readonly observe: Observer
}

/**
 * One observer out of several watchers. A watcher that throws does not touch the flow or the other watchers; its first
 * error is reported, later ones are only its own loss.
 */
export function combineWatchers(
  watchers: readonly Watcher[],
  report: (watcher: string, error: unknown) => void,
): Observer {
  const reported = new Set<string>()
  return (happening: Happening) => {
    for (const watcher of watchers) {
      try {
        watcher.observe(happening)
      } catch (error) {
        if (reported.has(watcher.name)) continue
        reported.add(watcher.name)
        report(watcher.name, error)
      }
    }
  }
}
