import { type DataDirLock, lockDataDir } from '../checkpoint/data-dir.js'
import { MasterInfoFile } from '../checkpoint/master-info.js'
import { secretsOf } from '../config/redact.js'
import { Screen } from '../demo/live-view.js'
import { FAILURES, Failure } from '../model/failure.js'
import type { Observer } from '../model/observer.js'
import { logHappenings } from '../observe/log-happenings.js'
import { CONFIG_FLAG, type Command, EXIT, type FlagValues, type Terminal, textFlag } from './command.js'
import { CopyBoard } from './copy-board.js'
import { renderCopyReport } from './copy-text.js'
import { openFileLog } from './open-log.js'
import { renderPlan } from './plan-text.js'
import { readConfig } from './read-config.js'

const DRAW_EVERY_MS = 500
const LINES_EVERY_MS = 10_000
const LIFE_EVERY_MS = 1000

export const copy: Command = {
  name: 'copy',
  summary: 'Copies all tables once into StarRocks and exits.',
  details:
    'Each target is filled beside the old one, counted, and put in its place by ALTER TABLE … SWAP WITH: readers see the old rows\n' +
    'or the new ones, never a part. A target that fails keeps its old rows. The binlog and master.info are not touched, and the\n' +
    'engine of this data_dir must not run. --table picks targets by a source table; they are copied with all their tables.\n' +
    `Exit codes: 0 all copied; 1 a target or table was not; ${FAILURES.alreadyRunning.exitCode} the engine runs; otherwise those of the failure.`,
  flags: {
    ...CONFIG_FLAG,
    table: { type: 'string', value: 'SCHEMA.TABLE', repeats: true, text: 'Only targets of this table; repeatable.' },
    'dry-run': { type: 'boolean', text: 'Shows what would be copied and about how long it takes; copies nothing.' },
    json: { type: 'boolean', text: 'The report, or the plan, as JSON.' },
  },
  async run(values, terminal) {
    const read = readConfig(values)
    const tables = textFlag(values, 'table', '').split('\n').filter(Boolean)
    if (values['dry-run'] === true) {
      const { readPlan } = await import('../snapshot/plan-source.js')
      const { chooseTargets } = await import('../snapshot/batch-targets.js')
      const plan = await readPlan(read.config, { kind: 'batch', choose: all => chooseTargets(all, tables) })
      terminal.out(values.json === true ? JSON.stringify(plan, null, 2) : renderPlan(plan))
      return EXIT.ok
    }
    const lock = lockWhileStopped(read.dataDir)
    const life = setInterval(() => lock.showLife(), LIFE_EVERY_MS)
    try {
      await warnOfPosition(read.dataDir, terminal)
      return await runCopy(read, tables, values, terminal)
    } finally {
      clearInterval(life)
      lock.release()
    }
  },
}

async function runCopy(
  read: ReturnType<typeof readConfig>,
  tables: readonly string[],
  values: FlagValues,
  terminal: Terminal,
): Promise<number> {
  const { copyTables } = await import('../copy-command.js')
  const stop = stopBySignal()
  const screen = process.stderr.isTTY && values.json !== true ? new Screen(process.stderr) : null
  const log = openFileLog(read, secretsOf(read.config))
  const board = new CopyBoard(Date.now, line => {
    log.info(line)
    if (screen === null) terminal.err(line)
  })
  const draw = (): void => {
    if (screen !== null) screen.draw(board.lines)
    else for (const line of board.lines) terminal.err(line)
  }
  const drawing = setInterval(draw, screen === null ? LINES_EVERY_MS : DRAW_EVERY_MS)
  try {
    const logged = logHappenings(log)
    const observer: Observer = happening => {
      logged(happening)
      if (happening.kind === 'warning') terminal.err(`${happening.message} ${happening.advice}`)
    }
    const report = await copyTables(read.config, { tables, observer, progress: board }, stop.signal)
    screen?.draw([])
    terminal.out(values.json === true ? JSON.stringify(report, null, 2) : renderCopyReport(report))
    const failed = report.targets.some(({ failure }) => failure !== null)
    return failed || report.findings.some(({ level }) => level === 'error') ? EXIT.finding : EXIT.ok
  } catch (error) {
    screen?.draw([])
    if (!stop.signal.aborted) throw error
    terminal.err('stopped: what was not exchanged yet is as it was before')
    return EXIT.finding
  } finally {
    clearInterval(drawing)
    stop.dispose()
  }
}

/** SIGTERM and SIGINT let what was begun be taken back; a second one ends the process, and the next copy takes it back. */
function stopBySignal(): { readonly signal: AbortSignal; dispose(): void } {
  const stop = new AbortController()
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(EXIT.finding)
    stop.abort(new Failure('streamBroken', 'The copy was stopped.'))
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  return {
    signal: stop.signal,
    dispose: () => void process.off('SIGTERM', onSignal).off('SIGINT', onSignal),
  }
}

function lockWhileStopped(dataDir: string): DataDirLock {
  try {
    return lockDataDir(dataDir)
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== 'alreadyRunning') throw error
    throw new Failure('alreadyRunning', `${error.message}: what it loads meanwhile would be exchanged away`, {
      cause: error,
      advice:
        'Stop the engine with ./stop.sh and copy then; or, to copy a table again while it runs, use `mysql-sr-sync recopy`.',
    })
  }
}

/** A stream that goes on from before the copy brings its changes once more. */
async function warnOfPosition(dataDir: string, terminal: Terminal): Promise<void> {
  if ((await new MasterInfoFile(dataDir).load()) === null) return
  terminal.err(
    'data_dir holds a saved position, which stays as it is: an engine that starts from it loads again what has changed since.\n' +
      'Rows of mode "upsert" come out the same; targets of mode "append" and "aggregate" would count those changes twice.',
  )
}
