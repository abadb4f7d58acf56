import type { Random } from './random.js'

const NAMES = [
  'Ada Lovelace',
  'Zoë Núñez',
  '李小龙',
  'Łukasz Żółć',
  'محمد علي',
  'Jürgen Groß',
  'Ольга 🙂',
  "O'Brien",
  'Nils "N" \\ Ek',
]
const NOTES = [
  null,
  '',
  'plain',
  ' spaces at both ends ',
  'two\nlines',
  'tab\there, comma, "quotes" and \\ backslash',
  '\\N',
  'NULL',
  'línea\r\nwith carriage return',
  '{"looks":["like","json"]}',
  '😀'.repeat(20),
]
/** Rare: the bytes that load formats use as separators, and others that seldom travel well. */
const NASTY = ['field\u0001separator', 'row\u0002separator', 'bell\u0007 escape\u001b delete\u007f', 'zero\u0000byte']

export function customerName(random: Random): string {
  return random.pick(NAMES)
}

export function note(random: Random): string | null {
  return random.chance(0.01) ? random.pick(NASTY) : random.pick(NOTES)
}

/** A decimal text with the given number of digits behind the point. */
export function amount(random: Random, highest: number, scale: number): string {
  return (random.fraction() * highest).toFixed(scale)
}

/** A datetime(6) text of the last ten years; one in four has no fraction. */
export function moment(random: Random): string {
  const at = new Date(Date.UTC(2016, 0, 1) + Math.floor(random.fraction() * 315_000_000) * 1000)
  const seconds = at.toISOString().slice(0, 19).replace('T', ' ')
  return random.chance(0.25) ? seconds : `${seconds}.${String(random.between(0, 999_999)).padStart(6, '0')}`
}

export function birthday(random: Random): string | null {
  return random.chance(0.2) ? null : moment(random).slice(0, 10).replace(/^20/, '19')
}

export function reference(random: Random): Buffer | null {
  if (random.chance(0.2)) return null
  return Buffer.from(Array.from({ length: random.between(0, 16) }, () => random.between(0, 255)))
}
