import { setTimeout as delay } from 'node:timers/promises'

/** One step after the other until it is stopped, beside what the test does. It may be started again. */
export class TrafficLoop {
  readonly #step: () => Promise<void>
  readonly #pauseMs: number
  #running: Promise<void> = Promise.resolve()
  #stopped = true

  /** `pauseMs` between two steps: the machine is for the engine. */
  constructor(step: () => Promise<void>, pauseMs: number) {
    this.#step = step
    this.#pauseMs = pauseMs
  }

  start(): void {
    this.#stopped = false
    this.#running = this.#run()
    // Whoever stops it hears of it.
    this.#running.catch(() => undefined)
  }

  /** Rejects with what ended it before. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  /** At the end of a test that may have failed: what ended the traffic was told to whoever stopped it before. */
  async abandon(): Promise<void> {
    this.#stopped = true
    await this.#running.catch(() => undefined)
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      await this.#step()
      await delay(this.#pauseMs)
    }
  }
}
