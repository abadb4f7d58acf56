import { parseMask } from './mask.js'
import type { RuleBlock } from './options.js'

/** Shorter ones are tried out: a million phone numbers take a second. */
export const LEAST_SALT = 16

/**
 * What is wrong with the salt where a rule needs one, as the end of a sentence that begins with "mask"; null: nothing.
 * @param salt mask_salt of the configuration; undefined where it could not be read, which has been said then
 */
export function saltProblem({ mask }: Pick<RuleBlock, 'mask'>, salt: string | undefined): string | null {
  if (salt === undefined || mask === undefined) return null
  const hashed = [...mask].find(([, text]) => isHash(text))
  if (hashed === undefined || [...salt].length >= LEAST_SALT) return null
  const what = salt === '' ? 'mask_salt is not set' : `mask_salt has less than ${LEAST_SALT} characters`
  return `hides "${hashed[0]}" by sha256, and ${what}: without a secret, hashes of phone numbers are found by trying them all; put mask_salt = "\${MASK_SALT}" above the first [section]`
}

/** Whether one of a rule's masks needs the salt. */
export function needsSalt({ mask }: Pick<RuleBlock, 'mask'>): boolean {
  return [...(mask?.values() ?? [])].some(isHash)
}

function isHash(text: string): boolean {
  const parsed = parseMask(text)
  return typeof parsed !== 'string' && parsed.by === 'sha256'
}
