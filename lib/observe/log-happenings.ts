import type { Failure } from '../model/failure.js'
import type { Happening, Observer } from '../model/observer.js'
import { formatPosition, type Position } from '../model/position.js'
import { tableName } from '../model/schema.js'
import { copyLines } from './copy-lines.js'
import type { Log } from './log.js'

const PARKED_ADVICE =
  '`mysql-sr-sync dlq list` shows them. Mend the target or the source, then `dlq replay` or `dlq drop` them while it is stopped.'

/** The log policy: which happening becomes which line. */
export function logHappenings(log: Log): Observer {
  /** What failed and is being tried again: its recovery is told too. */
  const troubled = new Set<string>()
  /** The table whose catch-up has been told. */
  let catchingUp: string | null = null
  const logCopies = copyLines(log)
  const recovered = (what: string): void => {
    if (troubled.delete(what)) log.info(`${what}: works again`)
  }
  return (happening: Happening) => {
    switch (happening.kind) {
      case 'starting':
        log.info('starting', { server: happening.version, position: at(happening.position) })
        return
      case 'connected':
        log.info('connected', { server: happening.server, position: at(happening.position) })
        return
      case 'disconnected':
        log.warn(happening.failure.message, happening.failure.advice, {
          kind: happening.failure.kind,
          retry_in_ms: happening.retryInMs,
        })
        return
      case 'tableBound':
        log.info('table', { source: happening.source, targets: happening.targets.join(',') })
        return
      case 'tableIgnored':
        log.warn(`table passed over: ${happening.reason}`, '', { source: happening.source })
        return
      case 'ddl':
        log.info(`schema change: ${happening.action}`, { source: happening.source, statement: happening.statement })
        return
      case 'warning':
        log.warn(happening.message, happening.advice)
        return
      case 'verified': {
        if (happening.again) return
        const { tables, rows, ms } = happening.summary
        log.info('compared with the source', { tables, rows, ms })
        return
      }
      case 'loaded': {
        const { target, label, rows, bytes, ms } = happening
        log.debug('loaded', { target, label, rows, bytes, ms: Math.round(ms) })
        recovered(target)
        return
      }
      case 'retrying': {
        const { target, label, rows, attempt, delayMs, failure } = happening
        troubled.add(target)
        log.warn(failure.message, failure.advice, {
          kind: failure.kind,
          target: failure.message.includes(target) ? null : target,
          label: failure.message.includes(label) ? null : label,
          rows,
          attempt,
          retry_in_ms: delayMs,
        })
        return
      }
      case 'parked': {
        const { target, source, rows, reason } = happening
        log.warn(`rows refused and parked: ${reason}`, PARKED_ADVICE, { target, source, rows })
        return
      }
      case 'tableHalted': {
        const { position, kind, reason, statement, advice } = happening.table.obstacle
        const source = tableName(happening.table)
        const message = `${source} is halted, the other tables go on: ${reason}`
        log.error(message, advice, { source, position: at(position), kind, statement: statement ?? undefined })
        return
      }
      case 'catchingUp': {
        const { source, position, end } = happening
        const told = catchingUp === source
        catchingUp = source
        log[told ? 'debug' : 'info'](`catching up ${source}`, { position: at(position), end: at(end) })
        return
      }
      case 'tableRejoined': {
        const { source, position, dropped } = happening
        if (dropped)
          log.warn(`${source} is followed again; what was held of it is given up`, '', { position: at(position) })
        else log.info(`${source} is caught up and followed again`, { position: at(position) })
        return
      }
      case 'advanced':
        log.debug('durable', { position: at(happening.position), rows: happening.rows })
        recovered('master.info')
        return
      case 'reloading':
        log.info('the stream goes over to another configuration')
        return
      case 'reloaded':
        for (const change of happening.changes) log.info('configuration changed', { change })
        for (const note of happening.notes) log.info('configuration changed', { note })
        log.info('another configuration is in force', { held_up_ms: happening.heldMs })
        return
      case 'copyStarted':
      case 'copyDelayed':
      case 'copied':
      case 'snapshot':
        logCopies(happening)
        return
      case 'unsaved':
        troubled.add('master.info')
        log.warn(happening.failure.message, happening.failure.advice, {
          kind: happening.failure.kind,
          retry_in_ms: happening.retryInMs,
        })
        return
      case 'pace':
        if (happening.reason === null) log.info(`flush interval back to ${happening.usedMs} ms`)
        else log.warn(happening.reason, 'Rows are visible later until StarRocks has recovered; nothing is lost.')
        return
      case 'delivery':
        log.info(`delivery: ${happening.mode}`, { reason: happening.reason })
        return
      case 'accounted': {
        const { source, target, decoded, filtered, collapsed, loaded, parked } = happening
        log.debug('accounted', { source, target, decoded, filtered, collapsed, loaded, parked })
        return
      }
      case 'failed':
        logFailure(log, happening.failure, happening.position)
        return
      case 'stopped':
        log.info('stopped', { position: at(happening.position) })
        return
      case 'received':
      case 'filtered':
      case 'deadLetters':
      case 'haltedTables':
      case 'tryingHalted':
      case 'held':
      case 'window':
        return
    }
  }
}

/** The last line of an engine that ends: what, where, what to do; the stack too when it is a defect. */
export function logFailure(log: Log, failure: Failure, position: Position | null): void {
  const stack = failure.kind === 'internal' ? ((failure.cause as Error | undefined)?.stack ?? failure.stack) : undefined
  log.error(failure.message, failure.advice, { kind: failure.kind, position: at(position), stack })
}

function at(position: Position | null): string | undefined {
  return position === null ? undefined : formatPosition(position)
}
