import type { Mask } from '../model/mask.js'
import { nearest } from '../model/nearest.js'
import { checkedText, type Kind } from './value-kinds.js'

type Argument = number | bigint | string

interface MaskForm {
  /** Arguments in the words of messages and documentation. */
  readonly shown: string
  readonly example: string
  /** The mask, or what its arguments must be. */
  readonly make: (given: readonly Argument[]) => Mask | string
}

const MOST_CHARACTERS = 1_048_576
const MOST_FIXED = 1_024

function plain(by: 'email' | 'sha256' | 'null' | 'year' | 'month'): MaskForm {
  return { shown: by, example: by, make: given => (given.length === 0 ? { by } : 'takes no arguments') }
}

/** The masks there are, by name. */
export const MASKS: Readonly<Record<Mask['by'], MaskForm>> = {
  keep: { shown: "keep(first,last) or keep(first,last,'x')", example: 'keep(3,4)', make: makeKeep },
  email: plain('email'),
  sha256: plain('sha256'),
  null: plain('null'),
  fixed: { shown: "fixed('text')", example: "fixed('hidden')", make: makeFixed },
  truncate: { shown: 'truncate(characters)', example: 'truncate(1)', make: makeTruncate },
  year: plain('year'),
  month: plain('month'),
  round: { shown: 'round(step)', example: 'round(1000)', make: makeRound },
}

/** A mask as a rule writes it, or what is wrong with it as the end of a sentence that begins with the key. */
export function parseMask(text: string): Mask | string {
  const call = /^\s*([A-Za-z0-9_]+)\s*(?:\((.*)\))?\s*$/s.exec(text)
  if (call === null) return `must be a mask: ${listed()}`
  const name = call[1]!.toLowerCase()
  if (!isMask(name)) return `names no mask that there is${guess(name)}; there are ${listed()}`
  const given = call[2] === undefined ? [] : parseArguments(call[2])
  const { shown, make } = MASKS[name]
  if (given === null)
    return `has arguments that cannot be read: whole numbers and texts in single quotes, with commas between them (${shown})`
  const made = make(given)
  return typeof made === 'string' ? `${made} (${shown})` : made
}

/** A text that `parseMask` takes. */
export function mask(): Kind<string> {
  return checkedText('mask', text => {
    const parsed = parseMask(text)
    return typeof parsed === 'string' ? parsed : null
  })
}

function isMask(name: string): name is Mask['by'] {
  return Object.hasOwn(MASKS, name)
}

/** Names that other tools give to the same. */
const ELSEWHERE: Readonly<Record<string, Mask['by']>> = {
  hash: 'sha256',
  hmac: 'sha256',
  hide: 'keep',
  partial: 'keep',
  inner: 'keep',
  phone: 'keep',
  redact: 'fixed',
  constant: 'fixed',
  nullify: 'null',
  none: 'null',
  bucket: 'round',
  range: 'round',
  first: 'truncate',
  left: 'truncate',
}

function guess(name: string): string {
  const found = ELSEWHERE[name] ?? nearest(name, Object.keys(MASKS))
  return found === null ? '' : `; did you mean ${MASKS[found as Mask['by']].example}?`
}

function listed(): string {
  return Object.values(MASKS)
    .map(({ example }) => example)
    .join(', ')
}

/** Null: they cannot be read. No arguments between the parentheses: none. */
function parseArguments(text: string): Argument[] | null {
  if (text.trim() === '') return []
  const found: Argument[] = []
  const pattern = /\s*(?:(-?\d+)|'((?:[^']|'')*)'|"((?:[^"]|"")*)")\s*(,|$)/y
  for (;;) {
    const match = pattern.exec(text)
    if (match === null) return null
    const [, digits, single, double, end] = match
    if (digits !== undefined) found.push(number(digits))
    else found.push(single?.replaceAll("''", "'") ?? double!.replaceAll('""', '"'))
    if (end === '') return found
  }
}

function number(digits: string): number | bigint {
  const value = Number(digits)
  return Number.isSafeInteger(value) ? value : BigInt(digits)
}

function makeKeep(given: readonly Argument[]): Mask | string {
  if (given.length < 2 || given.length > 3) return 'needs how many of the first and of the last characters stay'
  const [head, tail, fill = '*'] = given
  if (!isCount(head)) return `has a first argument that is not a whole number from 0 to ${MOST_CHARACTERS}`
  if (!isCount(tail)) return `has a second argument that is not a whole number from 0 to ${MOST_CHARACTERS}`
  if (typeof fill !== 'string' || [...fill].length !== 1 || isControl(fill))
    return 'has a third argument that is not one visible character in quotes'
  return { by: 'keep', head, tail, fill }
}

function makeFixed(given: readonly Argument[]): Mask | string {
  const [text] = given
  if (given.length !== 1 || typeof text !== 'string') return 'needs one text in quotes'
  if ([...text].length > MOST_FIXED) return `has a text of more than ${MOST_FIXED} characters`
  return { by: 'fixed', text }
}

function makeTruncate(given: readonly Argument[]): Mask | string {
  const [length] = given
  if (given.length !== 1 || !isCount(length) || length === 0)
    return `needs one whole number from 1 to ${MOST_CHARACTERS}`
  return { by: 'truncate', length }
}

function makeRound(given: readonly Argument[]): Mask | string {
  const [step] = given
  if (given.length !== 1 || typeof step === 'string' || step === undefined || step < 2)
    return 'needs one whole number from 2 on'
  return { by: 'round', step: BigInt(step) }
}

function isCount(value: Argument | undefined): value is number {
  return typeof value === 'number' && value >= 0 && value <= MOST_CHARACTERS
}

function isControl(character: string): boolean {
  return /\p{C}/u.test(character)
}
