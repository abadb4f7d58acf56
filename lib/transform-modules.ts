import type { Config } from './config/options.js'
import { loadTransform } from './rules/shape/transform-function.js'

/**
 * Loads the modules of all rules, as their texts were read with the configuration.
 * @throws Failure ruleInvalid naming the rule, the module and the line
 */
export async function loadTransforms({ rule }: Pick<Config, 'rule'>): Promise<void> {
  for (const { transform, at } of rule)
    if (transform !== undefined) await loadTransform(transform, `[[rule]] in ${at.file}, line ${at.line}`)
}
