import { setTimeout as delay } from 'node:timers/promises'
import { lockDataDir } from '../checkpoint/data-dir.js'
import { HaltedTables } from '../checkpoint/halted-tables.js'
import { MasterInfoFile } from '../checkpoint/master-info.js'
import type { Config } from '../config/options.js'
import { Filing } from '../dead-letter/filing.js'
import { LetterFolder } from '../dead-letter/letter-folder.js'
import { renderChange } from '../dead-letter/letter-line.js'
import { replay } from '../dead-letter/replay.js'
import { type FiledLetter, isReadAgain } from '../model/dead-letter.js'
import { FAILURES, Failure } from '../model/failure.js'
import { tableName } from '../model/schema.js'
import { CONFIG_FLAG, type Command, EXIT, type FlagValues, type Terminal, UsageError } from './command.js'
import { letterFacts, renderLetters, renderOne } from './dlq-text.js'
import { readConfig, readWorkplace } from './read-config.js'

const LIFE_EVERY_MS = 1000

export const dlq: Command = {
  name: 'dlq',
  words: 'list | show ID | replay ID...|--all | drop ID...|--all',
  summary: 'Lists, shows, replays and drops the rows that StarRocks refused.',
  details:
    'list     Rows parked by on_bad_row = "dead_letter" that wait; --all-states: also those that do no more.\n' +
    'show     Everything that is known of one row.\n' +
    'replay   Loads rows as they were, in their order. Mend the target or the row first. What is refused again stays.\n' +
    'Changes that a module of yours failed with have no row to be loaded: mend it, copy them again with recopy, and drop them.\n' +
    'drop     Gives rows up: they are never loaded. They stay in the file.\n' +
    'replay and drop need the engine stopped. A row whose key was changed since is superseded: it needs neither.\n' +
    `Exit codes: 0 done; 1 a row was refused again, or could not be taken; ${FAILURES.alreadyRunning.exitCode} the engine runs.`,
  flags: {
    ...CONFIG_FLAG,
    all: { type: 'boolean', text: 'replay, drop: every row that waits.' },
    'all-states': { type: 'boolean', text: 'list: also superseded, replayed and dropped rows.' },
    json: { type: 'boolean', text: 'list: as a JSON array.' },
  },
  async run(values, terminal, [action, ...ids]) {
    switch (action) {
      case 'list':
        if (ids.length > 0) throw new UsageError(`unexpected argument "${ids[0]}"`)
        return list(values, terminal)
      case 'show':
        if (ids.length !== 1) throw new UsageError('dlq show needs one ID')
        return show(values, terminal, ids[0]!)
      case 'replay':
      case 'drop': {
        if ((values.all === true) === ids.length > 0) throw new UsageError(`dlq ${action} needs IDs, or --all`)
        return action === 'drop' ? drop(values, terminal, ids) : replayRows(values, terminal, ids)
      }
      default:
        throw new UsageError(
          `dlq needs one of list, show, replay, drop${action === undefined ? '' : `, not "${action}"`}`,
        )
    }
  },
}

async function list(values: FlagValues, terminal: Terminal): Promise<number> {
  const { filing } = await openLetters(readWorkplace(values).dataDir)
  const letters = values['all-states'] === true ? filing.letters : filing.open
  const now = Date.now()
  terminal.out(
    values.json === true
      ? JSON.stringify(
          letters.map(filed => letterFacts(filed, now)),
          null,
          2,
        )
      : renderLetters(letters, now),
  )
  return EXIT.ok
}

async function show(values: FlagValues, terminal: Terminal, id: string): Promise<number> {
  const { filing } = await openLetters(readWorkplace(values).dataDir)
  terminal.out(renderOne(find(filing, id), Date.now()))
  return EXIT.ok
}

async function drop(values: FlagValues, terminal: Terminal, ids: readonly string[]): Promise<number> {
  return whileStopped(readWorkplace(values).dataDir, async ({ filing, folder }) => {
    const { taken, left } = choose(filing, ids, terminal)
    const atMs = Date.now()
    for (const target of new Set(taken.map(({ letter }) => letter.target))) {
      const own = taken.filter(({ letter }) => letter.target === target)
      await folder.append(
        target,
        own.map(({ letter }) => renderChange({ id: letter.id, state: 'dropped', atMs, by: 'drop', reason: null })),
      )
    }
    terminal.out(`dropped: ${taken.length}`)
    return left === 0 ? EXIT.ok : EXIT.finding
  })
}

async function replayRows(values: FlagValues, terminal: Terminal, ids: readonly string[]): Promise<number> {
  const { config, dataDir } = readConfig(values)
  return whileStopped(dataDir, async ({ filing, folder }) => {
    const chosen = choose(filing, ids, terminal)
    const waiting = await readAgain(chosen.taken, dataDir)
    for (const { letter } of waiting)
      terminal.err(`${letter.id} is left: the engine reads it again at its next start, and parks it again if it must`)
    const unmade = chosen.taken.filter(filed => !waiting.includes(filed) && filed.letter.load.unmade === true)
    for (const { letter } of unmade)
      terminal.err(
        `${letter.id} is left: the rule made no row of it, so there is none to be loaded. Mend the module and copy the row again (mysql-sr-sync recopy ${letter.source} --where …), then drop it`,
      )
    const left = [...waiting, ...unmade]
    const taken = chosen.taken.filter(filed => !left.includes(filed)).map(filed => filed.letter)
    const sink = await openSink(config)
    try {
      const { loaded, refused } = await replay(taken, {
        sink,
        record: async (target, changes) => {
          await folder.append(target, changes.map(renderChange))
          for (const { id, state, reason } of changes)
            if (state === 'open') terminal.err(`${id} is refused again: ${reason}`)
        },
        pause: delay,
        now: Date.now,
        signal: new AbortController().signal,
      })
      terminal.out(`replayed: ${loaded}; refused again: ${refused}`)
      return refused + chosen.left + left.length === 0 ? EXIT.ok : EXIT.finding
    } finally {
      await sink.close()
    }
  })
}

/** The composition is loaded only when something is to be loaded. */
async function openSink(config: Config) {
  const { createSink } = await import('../registry.js')
  return createSink(config)
}

interface Opened {
  readonly filing: Filing
  readonly folder: LetterFolder
}

async function openLetters(dataDir: string): Promise<Opened> {
  const filing = new Filing()
  return { filing, folder: await LetterFolder.open(dataDir, line => filing.take(line)) }
}

async function whileStopped(dataDir: string, work: (opened: Opened) => Promise<number>): Promise<number> {
  const lock = lockForLetters(dataDir)
  // The watchdog takes a holder of the data_dir that shows no life for an engine that hangs.
  const life = setInterval(() => lock.showLife(), LIFE_EVERY_MS)
  try {
    return await work(await openLetters(dataDir))
  } finally {
    clearInterval(life)
    lock.release()
  }
}

function lockForLetters(dataDir: string): ReturnType<typeof lockDataDir> {
  try {
    return lockDataDir(dataDir)
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== 'alreadyRunning') throw error
    throw new Failure(
      'alreadyRunning',
      `${error.message}: parked rows can be replayed or dropped only while it is stopped`,
      {
        cause: error,
        advice: 'Stop the engine with ./stop.sh, and start it again afterwards.',
      },
    )
  }
}

/** The open letters that are meant, in their order, and how many of those meant are not open. No ids: all open ones. */
function choose(
  filing: Filing,
  ids: readonly string[],
  terminal: Terminal,
): { readonly taken: readonly FiledLetter[]; readonly left: number } {
  if (ids.length === 0) return { taken: filing.open, left: 0 }
  const meant = new Set(ids.map(id => find(filing, id)))
  const taken = filing.open.filter(filed => meant.has(filed))
  for (const filed of meant)
    if (filed.state !== 'open') terminal.err(`${filed.letter.id} is ${filed.state}, by ${filed.change?.by}`)
  return { taken, left: meant.size - taken.length }
}

function find(filing: Filing, id: string): FiledLetter {
  const filed = filing.letters.find(({ letter }) => letter.id === id)
  if (filed === undefined) throw new UsageError(`there is no parked row ${id}; \`dlq list --all-states\` shows all`)
  return filed
}

/** Rows that must not be loaded twice, and whose change the saved position is not behind. */
async function readAgain(letters: readonly FiledLetter[], dataDir: string): Promise<readonly FiledLetter[]> {
  const once = letters.filter(({ letter }) => letter.mode !== 'upsert')
  if (once.length === 0) return []
  const saved = await new MasterInfoFile(dataDir).load()
  const { tables: halted } = await HaltedTables.open(dataDir)
  return once.filter(({ letter }) => {
    if (halted.some(table => tableName(table) === letter.source && isReadAgain(letter, table.from))) return true
    if (saved === null || saved.binName === null || saved.binPos === null) return true
    const { binName, binPos } = saved
    return isReadAgain(letter, { binName, binPos, serverUuid: saved.serverUuid ?? letter.server })
  })
}
