import { type FiledLetter, formatPlace } from '../model/dead-letter.js'

const SHOWN_REASON = 100

/** What `dlq list` tells of a letter; `nowMs` since 1970. */
export function letterFacts({ letter, state, reason, change }: FiledLetter, nowMs: number) {
  return {
    id: letter.id,
    target: letter.target,
    key: letter.key,
    op: letter.op,
    position: formatPlace(letter.place),
    reason,
    age_s: Math.max(0, Math.round((nowMs - letter.atMs) / 1000)),
    state,
    by: change?.by ?? null,
    source: letter.source,
    rule: letter.rule,
    parked_at: time(letter.atMs),
    commit_at: time(letter.commitMs),
  }
}

/** Letters as a table. */
export function renderLetters(letters: readonly FiledLetter[], nowMs: number): string {
  if (letters.length === 0) return 'no parked rows'
  const rows = letters.map(filed => {
    const { id, target, op, position, reason, age_s, state } = letterFacts(filed, nowMs)
    return [id, target, renderKey(filed), op, position, age(age_s), state, oneLine(reason)]
  })
  const table = [['ID', 'TARGET', 'KEY', 'OP', 'POSITION', 'AGE', 'STATE', 'REASON'], ...rows]
  const widths = table[0]!.map((_, i) => Math.max(...table.map(row => row[i]!.length)))
  return table
    .map(row =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** Everything that is known of one letter. */
export function renderOne(filed: FiledLetter, nowMs: number): string {
  const { letter, state, reason, change } = filed
  const { load } = letter
  const facts: [string, string][] = [
    ['id', letter.id],
    ['state', change === null ? state : `${state} at ${time(change.atMs)} by ${change.by}`],
    ['parked', `${time(letter.atMs)} (${letterFacts(filed, nowMs).age_s} s ago)`],
    ['target', `${letter.target} (${letter.mode})`],
    ['source', letter.source],
    ['rule', letter.rule],
    ['key', renderKey(filed)],
    ['op', letter.place.takesAway ? `${letter.op} (the row takes away)` : letter.op],
    ['position', `${formatPlace(letter.place)}, server ${letter.server}`],
    ['committed', time(letter.commitMs)],
    ['reason', reason],
    ['before', letter.before ?? '(none)'],
    ['after', letter.after ?? '(none)'],
    ['columns', load.columns],
    ['row', `${load.format} ${JSON.stringify(Buffer.from(load.row).toString())}`],
  ]
  return facts.map(([name, text]) => `${name.padEnd(11)}${text}`).join('\n')
}

function renderKey({ letter }: FiledLetter): string {
  return Object.entries(letter.key)
    .map(([name, text]) => `${name}=${text ?? 'NULL'}`)
    .join(',')
}

function oneLine(reason: string): string {
  const line = reason.replace(/\s+/g, ' ').trim()
  return line.length > SHOWN_REASON ? `${line.slice(0, SHOWN_REASON - 1)}…` : line
}

/** "40s", "12m", "5h", "3d". */
function age(seconds: number): string {
  if (seconds < 60) return `${seconds}s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`
}

function time(ms: number): string {
  return new Date(ms).toISOString()
}
