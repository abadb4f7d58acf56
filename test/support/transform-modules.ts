import type { TransformModule } from '../../lib/model/transform-module.js'
import { loadTransform } from '../../lib/rules/shape/transform-function.js'

/** A module with this text, as if it had been read from /rules/NAME. */
export function moduleOf(source: string, name = 'rows.mjs'): TransformModule {
  return { path: name, file: `/rules/${name}`, source }
}

/** The same, ready to be used by rules. */
export async function loadedModule(source: string, name?: string): Promise<TransformModule> {
  const module = moduleOf(source, name)
  await loadTransform(module, '[[rule]] in sync.toml, line 7')
  return module
}
