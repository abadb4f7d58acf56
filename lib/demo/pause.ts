import { setTimeout as delay } from 'node:timers/promises'

/** Waits so long. An abort only ends the pause early: whoever waits looks at the signal next. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined)
}
