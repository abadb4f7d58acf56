import type { Zone } from '../model/zone.js'

/** A zone without transitions needs no question per value. */
export function zoneOffset(zone: Zone): (utcSeconds: number) => number {
  const { fixedOffset } = zone
  return fixedOffset === null ? utcSeconds => zone.offsetAt(utcSeconds) : () => fixedOffset
}
