import type { TransformModule } from '../model/transform-module.js'
import { checkedText, type Kind } from './value-kinds.js'

/** The path of a module. Its text is read by who reads the files of a configuration: see `withSource`. */
export function modulePath(): Kind<TransformModule> {
  const base = checkedText('path of a .mjs file', value =>
    /\.m?js$/.test(value) ? null : 'must be the path of a .mjs or .js file, from the folder of this file',
  )
  return {
    type: base.type,
    parse: value => {
      const parsed = base.parse(value)
      return parsed.ok ? { ok: true, value: { path: parsed.value, file: '', source: '' } } : parsed
    },
  }
}
