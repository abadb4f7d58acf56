import { DATE_FUNCTIONS } from './date-functions.js'
import { DIGEST_FUNCTIONS } from './digest-functions.js'
import { FLOW_FUNCTIONS } from './flow-functions.js'
import type { FunctionRow } from './function-row.js'
import { JSON_FUNCTIONS } from './json-functions.js'
import { NUMBER_FUNCTIONS } from './number-functions.js'
import { TEXT_FUNCTIONS } from './text-functions.js'

/** All functions of the language, by what they are about; docs/expressions.md is made of it. */
export const FUNCTION_GROUPS: Readonly<Record<string, readonly FunctionRow[]>> = {
  Choices: FLOW_FUNCTIONS,
  Numbers: NUMBER_FUNCTIONS,
  Texts: TEXT_FUNCTIONS,
  'Dates and times': DATE_FUNCTIONS,
  JSON: JSON_FUNCTIONS,
  Digests: DIGEST_FUNCTIONS,
}

const ROWS = new Map(
  Object.values(FUNCTION_GROUPS)
    .flat()
    .flatMap(row => row.names.map(name => [name, row] as const)),
)

/** The function of this name (lower case), or undefined. */
export function functionNamed(name: string): FunctionRow | undefined {
  return ROWS.get(name)
}

export function functionNames(): string[] {
  return [...ROWS.keys()]
}
