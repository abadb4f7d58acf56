import type { chooseDelivery, DeliveryFacts } from './delivery-choice.js'
import type { TargetTable } from './model/schema.js'
import type { Zone } from './model/zone.js'
import type { TargetWish } from './rules/target-wish.js'

type Delivery = Awaited<ReturnType<typeof chooseDelivery>>

/**
 * What one pipeline found out about source and StarRocks and the next one of this process need not ask again, because nothing came
 * between: the stream is held up for as long as such questions take. Each answer counts for the very same question only.
 */
export class CarriedFacts {
  #targets = new Map<string, TargetTable>()
  #handedOver: ReadonlyMap<string, TargetTable> = new Map()
  #delivery: { readonly question: string; readonly answer: Delivery } | null = null
  #zone: { readonly setting: string; readonly zone: Zone } | null = null
  #isHandedOver = false

  /** The target of a wish: as it was handed over, or as `prepare` makes sure of it now. */
  async target(wish: TargetWish, prepare: () => Promise<TargetTable>): Promise<TargetTable> {
    const question = JSON.stringify(wish)
    const target = this.#handedOver.get(question) ?? (await prepare())
    this.#targets.set(question, target)
    return target
  }

  /** How epochs are delivered: as it was handed over, or as it is chosen now. */
  async delivery(facts: DeliveryFacts, choose: () => Promise<Delivery>): Promise<Delivery> {
    const question = questionOf(facts)
    if (!this.#isHandedOver || this.#delivery?.question !== question)
      this.#delivery = { question, answer: await choose() }
    return this.#delivery.answer
  }

  /** The zone that a setting of time_zone means: as the pipeline before took it, or as the source tells now. */
  async zone(setting: string, resolve: () => Promise<Zone>): Promise<Zone> {
    if (!this.#isHandedOver || this.#zone?.setting !== setting) this.#zone = { setting, zone: await resolve() }
    return this.#zone.zone
  }

  /** A target that was made sure of for the next pipeline while this one runs. */
  noteTarget(wish: TargetWish, target: TargetTable): void {
    this.#targets.set(JSON.stringify(wish), target)
  }

  /** Chooses for the next pipeline while this one runs, unless that is answered already. */
  async chooseAhead(facts: DeliveryFacts, choose: () => Promise<Delivery>): Promise<void> {
    const question = questionOf(facts)
    if (this.#delivery?.question !== question) this.#delivery = { question, answer: await choose() }
  }

  /** Targets have changed, or are about to: each is asked for again. */
  forgetTargets(): void {
    this.#targets = new Map()
    this.#handedOver = new Map()
  }

  /** The pipeline that found these out has ended well: they count for the next one. */
  handOver(): void {
    this.#handedOver = this.#targets
    this.#targets = new Map()
    this.#isHandedOver = true
  }

  /** A pipeline is ready: from now on targets may change. */
  used(): void {
    this.#handedOver = new Map()
    this.#isHandedOver = false
  }

  /** A pipeline has failed: why, may lie in what was known. */
  forget(): void {
    this.forgetTargets()
    this.#delivery = null
    this.#zone = null
    this.used()
  }
}

function questionOf(facts: DeliveryFacts): string {
  return JSON.stringify({ ...facts, databases: [...facts.databases].sort() })
}
