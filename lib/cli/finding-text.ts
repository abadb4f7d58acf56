import type { Finding } from '../model/finding.js'

/** A finding for people: what was seen, and below it what to do. */
export function renderFinding({ check, level, message, remedy }: Finding): string {
  const line = `${level.padEnd(7)}  ${check}: ${message}`
  return remedy === '' ? line : `${line}\n         -> ${remedy.replaceAll('\n', '\n            ')}`
}
