import { parseArgs } from 'node:util'
import { nearest } from '../model/nearest.js'
import { type Flag, type FlagValues, UsageError } from './command.js'

/** Parses what stands behind a command's name: flags, and words beside them. Throws UsageError naming the nearest known flag. */
export function parseArguments(
  args: readonly string[],
  flags: Readonly<Record<string, Flag>>,
): { readonly values: FlagValues; readonly words: readonly string[] } {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { type, short }]) => [name, short === undefined ? { type } : { type, short }]),
  )
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true, allowPositionals: true })
  const values: Record<string, string | boolean> = {}
  const words: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value)
    if (token.kind !== 'option') continue
    const flag = flags[token.name]
    if (flag === undefined) throw new UsageError(unknownFlag(token.rawName, Object.keys(flags)))
    if (flag.type === 'boolean' && token.value !== undefined) throw new UsageError(`${token.rawName} takes no value`)
    if (flag.type === 'string' && (token.value === undefined || (token.value === '' && flag.mayBeEmpty !== true))) {
      throw new UsageError(`${token.rawName} needs a value: ${flag.value}`)
    }
    const earlier = flag.repeats === true ? values[token.name] : undefined
    values[token.name] = earlier === undefined ? (token.value ?? true) : `${earlier}\n${token.value}`
  }
  return { values, words }
}

function unknownFlag(rawName: string, known: readonly string[]): string {
  const guess = nearest(rawName.replace(/^-+/, ''), known)
  return `unknown flag ${rawName}${guess === null ? '' : `; did you mean --${guess}?`}`
}
