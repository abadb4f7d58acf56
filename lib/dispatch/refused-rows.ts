import type { DeadLetter } from '../model/dead-letter.js'
import { targetName } from '../model/schema.js'
import type { BadRowPolicy } from './bad-row-policy.js'
import type { Refusal } from './epoch.js'
import { letterId } from './letter.js'

/** Resolves when these changes are on disk. There is no row of theirs that could be loaded: they tell what the source had. */
export async function parkRefused(
  refusals: readonly Refusal[],
  { parking, server }: BadRowPolicy,
  atMs: number,
): Promise<readonly DeadLetter[]> {
  const letters = refusals.map(refusal => letterOf(refusal, server, atMs))
  await parking.park(letters)
  return letters
}

function letterOf({ route, row, place: event, commitMs }: Refusal, server: string, atMs: number): DeadLetter {
  const { source, rule = '', mode, target, columnSeparator, rowDelimiter } = route
  const { op, reason, before, after } = row
  const place = { ...event, row: row.row, takesAway: false }
  const { database, table, model, key } = target
  const into = targetName(target)
  return {
    id: letterId({ source, rule, op, place, commitMs, server, target: into }),
    ...{ atMs, server, reason, source, target: into, rule, mode, op, place, commitMs },
    key: {},
    keyHash: 0,
    before,
    after,
    load: {
      ...{ database, table, model, key, columnSeparator, rowDelimiter },
      ...{ format: 'json' as const, columns: '', row: new Uint8Array(0), unmade: true as const },
    },
  }
}
