import { runningProcess } from '../checkpoint/data-dir.js'
import { readStopMark, type StopMark } from '../checkpoint/stop-mark.js'
import { formatPosition } from '../model/position.js'
import type { Status } from '../observe/status.js'
import { readStatusFile } from '../observe/status-file.js'
import { CONFIG_FLAG, type Command, EXIT } from './command.js'
import { snapshotLines } from './copy-bars.js'
import { readWorkplace } from './read-config.js'

export const status: Command = {
  name: 'status',
  summary: 'Shows state, position, lag and rows.',
  details:
    'Exit codes: 0 it runs (also while it tries again); 1 it does not run or has failed, or a table is halted\n' +
    '(mysql-sr-sync halted list).',
  flags: { ...CONFIG_FLAG, json: { type: 'boolean', text: 'The whole status as one JSON object, with "running".' } },
  async run(values, terminal) {
    const { dataDir } = readWorkplace(values)
    const running = runningProcess(dataDir)
    const last = readStatusFile(dataDir)?.status ?? null
    const current = last !== null && running?.pid === last.pid ? last : null
    if (values.json === true) {
      terminal.out(JSON.stringify({ running: running !== null, ...(current ?? last) }, null, 2))
    } else if (running === null) {
      terminal.out(renderStopped(last, readStopMark(dataDir)))
    } else {
      terminal.out(current === null ? `starting: pid ${running.pid}` : renderStatus(current, Date.now()))
    }
    const well = running !== null && current?.state !== 'failed' && (current?.halted ?? []).length === 0
    return well ? EXIT.ok : EXIT.finding
  },
}

function renderStopped(last: Status | null, mark: StopMark | null): string {
  const lines = ['not running']
  if (mark?.by === 'operator') lines.push('stopped on purpose')
  if (mark?.by === 'failure') lines.push(`failed: ${mark.message}`, `to do: ${mark.advice}`)
  if (last?.position) lines.push(`position: ${formatPosition(last.position)}`)
  return lines.join('\n')
}

/** The status as a few lines of text. */
export function renderStatus(status: Status, nowMs: number): string {
  const { position, window, retry, last_error, last_load, freshness_ms } = status
  const rows: [string, string | null][] = [
    ['state', `${status.state} since ${time(status.since_ms)}`],
    ['pid', String(status.pid)],
    ['server', status.server],
    ['position', position === null ? null : formatPosition(position)],
    ['gtid set', position?.gtidSet ? position.gtidSet : null],
    ['lag', status.lag_ms === null ? null : `${status.lag_ms} ms`],
    [
      'freshness',
      freshness_ms === null
        ? null
        : `${freshness_ms.last} ms (last minute: p50 ${freshness_ms.p50}, p99 ${freshness_ms.p99})`,
    ],
    ['delayed', status.freshness_note ?? null],
    ['delivery', status.delivery ? `${status.delivery.mode}: ${status.delivery.reason}` : null],
    ['rows/s', String(status.rows_per_second)],
    [
      'window',
      window === null
        ? null
        : `${window.fill_percent} % (${window.rows} rows, ${window.bytes} bytes)${window.waiting ? ', the source waits' : ''}`,
    ],
    ['last event', status.last_event_at_ms === null ? null : `${nowMs - status.last_event_at_ms} ms ago`],
    [
      'last load',
      last_load === null
        ? null
        : `${last_load.rows} rows into ${last_load.target} in ${last_load.ms} ms at ${time(last_load.at_ms)}`,
    ],
    ['parked', status.dead_letters ? `${status.dead_letters} rows wait: mysql-sr-sync dlq list` : null],
    ['verify', renderVerify(status)],
    ['retry', retry === null ? null : `${retry.what}, try ${retry.attempt}, next at ${time(retry.next_try_at_ms)}`],
    ['last error', last_error === null ? null : `${time(last_error.at_ms)} ${last_error.message}`],
    ['to do', last_error === null ? null : last_error.advice],
  ]
  const halted = status.halted ?? []
  const lines = rows.filter(([, text]) => text !== null).map(([name, text]) => `${name.padEnd(11)}${text}`)
  for (const { source, position, reason, advice, statement, held_events, catching_up, since_ms } of halted) {
    const what = catching_up ? 'being caught up, now' : `since ${time(since_ms)}, ${held_events} events held,`
    lines.push(`halted     ${source}: ${what} at ${formatPosition(position)}: ${reason}`)
    if (statement !== null && !reason.includes(statement)) lines.push(`  statement ${statement}`)
    if (!catching_up) lines.push(`  to do    ${advice}`)
  }
  lines.push(...snapshotLines(status.snapshot ?? null))
  for (const [name, volume] of Object.entries(status.sources))
    lines.push(`source     ${name}: ${volume.rows} rows, ${volume.bytes} bytes received`)
  for (const [name, target] of Object.entries(status.targets)) {
    const parked = target.parked > 0 ? `, ${target.parked} rows parked` : ''
    lines.push(`target     ${name}: ${target.rows} rows, ${target.bytes} bytes in ${target.loads} loads${parked}`)
  }
  for (const [source, targets] of Object.entries(status.tables ?? {}))
    for (const [target, account] of Object.entries(targets)) {
      const { decoded, filtered, collapsed, loaded, parked } = account
      lines.push(
        `rows       ${source} -> ${target}: ${decoded} decoded = ${filtered} filtered + ${collapsed} collapsed + ${loaded} loaded + ${parked} parked`,
      )
    }
  return lines.join('\n')
}

/** The last comparison with the source, and what is not as it should be. */
function renderVerify({ verify }: Status): string | null {
  if (!verify) return null
  const counts = verify.findings.map(({ target, differs, missing, extra, pending }) => {
    return `${target} ${differs} differ, ${missing} missing, ${extra} extra, ${pending} pending`
  })
  return `${verify.tables} tables at ${time(verify.at_ms)}: ${counts.length === 0 ? 'all the same' : counts.join('; ')}`
}

function time(ms: number): string {
  return new Date(ms).toISOString()
}
