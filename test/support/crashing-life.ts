import type { Random } from './random.js'

/**
 * One process of the engine under test, which dies at its n-th step: at each call of what outlives it, before it takes
 * effect and again before it is answered. What waits for a dead one waits for ever.
 */
export class Life {
  readonly crashed: Promise<'crashed'>
  readonly random: Random
  steps = 0
  readonly #crashAt: number
  readonly #onDeath: (() => void)[] = []
  #dead = false
  #die!: (word: 'crashed') => void

  constructor(random: Random, crashAt: number) {
    this.random = random
    this.#crashAt = crashAt
    this.crashed = new Promise(resolve => {
      this.#die = resolve
    })
  }

  get dead(): boolean {
    return this.#dead
  }

  onDeath(act: () => void): void {
    this.#onDeath.push(act)
  }

  /** A place where it may die; others that are under way get ahead or fall behind. */
  async step(): Promise<void> {
    if (!this.#dead && ++this.steps === this.#crashAt) this.end()
    await this.pause()
  }

  /** Others get ahead. */
  async pause(): Promise<void> {
    for (let n = this.#dead ? 0 : this.random.below(6); n > 0; n--) await null
    if (this.#dead) await new Promise(() => undefined)
  }

  end(): void {
    if (this.#dead) return
    this.#dead = true
    for (const act of this.#onDeath) act()
    this.#die('crashed')
  }
}
