import { Failure } from '../model/failure.js'
import type { Zone } from '../model/zone.js'
import type { SourceSession } from './session.js'

const FIRST_SECOND = 86_400
const LAST_SECOND = 0x7fffffff
/** Zones change at most a few times a year; probes this far apart find every change that lasts. */
const PROBE_SECONDS = 15 * 86_400

type OffsetsAt = (instants: readonly number[]) => Promise<number[]>

/**
 * The zone in which TIMESTAMP values are written. "source" is the source server's own global zone: the server itself is asked
 * for its offsets, so names it alone understands (SYSTEM, "CST") are exact. Otherwise "+08:00" or an IANA name.
 */
export async function resolveZone(setting: string, session: SourceSession): Promise<Zone> {
  const fixed = parseOffset(setting)
  if (fixed !== null) return fixedZone(setting, fixed)
  if (setting !== 'source') return zoneFromProbes(setting, async instants => instants.map(ianaOffsets(setting)))
  const [row] = await session.query('SELECT @@GLOBAL.time_zone AS zone')
  const named = row?.zone ?? 'SYSTEM'
  const offset = parseOffset(named)
  if (offset !== null) return fixedZone(`${named} (source)`, offset)
  await session.query('SET time_zone = @@GLOBAL.time_zone')
  return zoneFromProbes(`${named} (source)`, instants => serverOffsets(session, instants))
}

function fixedZone(name: string, offset: number): Zone {
  return { name, fixedOffset: offset, offsetAt: () => offset }
}

/** "+08:00" as seconds east of UTC, "UTC" as 0; null for anything else. */
function parseOffset(text: string): number | null {
  if (/^(utc|z|gmt)$/i.test(text)) return 0
  const parts = /^([+-])(\d{1,2}):(\d{2})$/.exec(text)
  if (!parts) return null
  const seconds = Number(parts[2]) * 3600 + Number(parts[3]) * 60
  return parts[1] === '-' ? -seconds : seconds
}

/** Finds every change of offset by halving between probes that differ, and compiles them into a lookup. */
async function zoneFromProbes(name: string, offsetsAt: OffsetsAt): Promise<Zone> {
  const instants: number[] = []
  for (let t = FIRST_SECOND; t < LAST_SECOND; t += PROBE_SECONDS) instants.push(t)
  instants.push(LAST_SECOND)
  const offsets = await offsetsAt(instants)
  let open = instants
    .slice(1)
    .map((after, i) => ({ before: instants[i]!, beforeOffset: offsets[i]!, after, afterOffset: offsets[i + 1]! }))
    .filter(gap => gap.beforeOffset !== gap.afterOffset)
  while (open.some(gap => gap.after - gap.before > 1)) {
    const middles = open.map(gap => Math.floor((gap.before + gap.after) / 2))
    const found = await offsetsAt(middles)
    open = open.map((gap, i) =>
      found[i] === gap.beforeOffset
        ? { ...gap, before: middles[i]! }
        : { ...gap, after: middles[i]!, afterOffset: found[i]! },
    )
  }
  if (open.length === 0) return fixedZone(name, offsets[0]!)
  return {
    name,
    fixedOffset: null,
    offsetAt: lookup([FIRST_SECOND, ...open.map(g => g.after)], [offsets[0]!, ...open.map(g => g.afterOffset)]),
  }
}

/** Binary search with a memory: neighbouring rows mostly lie in one stretch. */
function lookup(starts: readonly number[], offsets: readonly number[]): (utcSeconds: number) => number {
  let from = 0
  let until = -1
  let offset = 0
  return utcSeconds => {
    if (utcSeconds >= from && utcSeconds < until) return offset
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (starts[middle]! <= utcSeconds) low = middle
      else high = middle - 1
    }
    from = low === 0 ? Number.NEGATIVE_INFINITY : starts[low]!
    until = starts[low + 1] ?? Number.POSITIVE_INFINITY
    offset = offsets[low]!
    return offset
  }
}

async function serverOffsets(session: SourceSession, instants: readonly number[]): Promise<number[]> {
  const offsets: number[] = []
  for (let i = 0; i < instants.length; i += 200) {
    const part = instants.slice(i, i + 200)
    // The difference of two local texts, not TIMESTAMPDIFF with UTC_TIMESTAMP: each instant has an offset of its own.
    const [row] = await session.query(`SELECT ${part.map((t, k) => `FROM_UNIXTIME(${t}) AS t${k}`).join(', ')}`)
    part.forEach((t, k) => {
      const local = Date.parse(`${(row?.[`t${k}`] ?? '').replace(' ', 'T').slice(0, 19)}Z`) / 1000
      if (!Number.isFinite(local))
        throw new Failure('sourceUnfit', `The source could not convert ${t} to its own time zone.`, {
          advice: 'Set time_zone = "+00:00" (or another offset) in sync.toml.',
        })
      offsets.push(local - t)
    })
  }
  return offsets
}

function ianaOffsets(zone: string): (utcSeconds: number) => number {
  let format: Intl.DateTimeFormat
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch (error) {
    throw new Failure('configInvalid', `time_zone = "${zone}" is not a zone this runtime knows.`, {
      cause: error,
      advice: 'Use "source", an offset like "+08:00", or an IANA name like "Asia/Shanghai".',
    })
  }
  return utcSeconds => {
    const part: Record<string, number> = {}
    for (const { type, value } of format.formatToParts(utcSeconds * 1000)) part[type] = Number(value)
    return Date.UTC(part.year!, part.month! - 1, part.day!, part.hour!, part.minute!, part.second!) / 1000 - utcSeconds
  }
}
