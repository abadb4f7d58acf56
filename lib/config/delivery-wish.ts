import type { Config } from './options.js'

/** What the configuration asks of the delivery of epochs, which hold rows of all rules: what is said above them or in one of them. */
export function deliveryWish({ delivery, rule }: Pick<Config, 'delivery' | 'rule'>): Config['delivery'] {
  return [delivery, ...rule.map(block => block.delivery ?? 'auto')].find(wish => wish !== 'auto') ?? 'auto'
}
