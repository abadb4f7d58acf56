import { lockDataDir } from '../checkpoint/data-dir.js'
import { HaltedTables } from '../checkpoint/halted-tables.js'
import { FAILURES, Failure } from '../model/failure.js'
import type { HaltedTable } from '../model/halted-table.js'
import { formatPosition } from '../model/position.js'
import { tableName } from '../model/schema.js'
import { CONFIG_FLAG, type Command, EXIT, type Terminal, UsageError } from './command.js'
import { readWorkplace } from './read-config.js'

export const halted: Command = {
  name: 'halted',
  words: 'list | accept SCHEMA.TABLE | drop SCHEMA.TABLE',
  summary: 'Lists the tables that are not followed, and lets them go on.',
  details:
    'list     Tables whose change could not be followed while the others go on: where, why, what to do.\n' +
    'accept   The statement at which the table is halted was carried out in StarRocks by hand: it is followed from behind it.\n' +
    'drop     What was held of the table is given up, as when it was copied again: it is followed from where the others stand.\n' +
    'accept and drop need the engine stopped; they count from the next start. A start alone tries every halted table again.\n' +
    `Exit codes: 0 done; 1 list: a table is halted; ${FAILURES.alreadyRunning.exitCode} the engine runs.`,
  flags: { ...CONFIG_FLAG, json: { type: 'boolean', text: 'list: as a JSON array.' } },
  async run(values, terminal, [action, ...names]) {
    const { dataDir } = readWorkplace(values)
    if (action === 'list') {
      if (names.length > 0) throw new UsageError(`unexpected argument "${names[0]}"`)
      const { tables } = await HaltedTables.open(dataDir)
      terminal.out(values.json === true ? JSON.stringify(tables, null, 2) : render(tables))
      return tables.length === 0 ? EXIT.ok : EXIT.finding
    }
    if (action !== 'accept' && action !== 'drop')
      throw new UsageError(`halted needs one of list, accept, drop${action === undefined ? '' : `, not "${action}"`}`)
    if (names.length !== 1) throw new UsageError(`halted ${action} needs one SCHEMA.TABLE`)
    const lock = lockWhileStopped(dataDir)
    try {
      const file = await HaltedTables.open(dataDir)
      const table = find(file, names[0]!)
      await (action === 'accept' ? accept(file, table, terminal) : drop(file, table, terminal))
      return EXIT.ok
    } finally {
      lock.release()
    }
  },
}

async function accept(file: HaltedTables, table: HaltedTable, terminal: Terminal): Promise<void> {
  const { position, statement, advice } = table.obstacle
  if (statement === null)
    throw new UsageError(
      `${tableName(table)} is not halted at a statement but at rows that cannot be loaded; the next start tries them again.\n${advice}`,
    )
  await file.accept(table.id)
  terminal.out(
    `taken as done in StarRocks: ${statement} (${formatPosition(position)})\n./start.sh catches the table up.`,
  )
}

async function drop(file: HaltedTables, table: HaltedTable, terminal: Terminal): Promise<void> {
  await file.drop(table.id)
  terminal.out(
    `given up: the changes of ${tableName(table)} behind ${formatPosition(table.obstacle.position)}\n./start.sh follows it from where the others stand.`,
  )
}

function render(tables: readonly HaltedTable[]): string {
  if (tables.length === 0) return 'no table is halted'
  return tables
    .map(({ obstacle: { position, reason, statement, advice, atMs }, dropped, accepted, ...table }) => {
      const isAccepted = accepted.some(
        ({ binName, binPos }) => binName === position.binName && binPos === position.binPos,
      )
      const next = dropped
        ? 'dropped; it is followed again from the next start on'
        : isAccepted
          ? 'accepted; the next start catches it up'
          : advice
      return [
        `${tableName(table)}  at ${formatPosition(position)} since ${new Date(atMs).toISOString()}`,
        `  why        ${reason}`,
        ...(statement === null ? [] : [`  statement  ${statement}`]),
        `  to do      ${next}`,
      ].join('\n')
    })
    .join('\n')
}

function find(file: HaltedTables, name: string): HaltedTable {
  const table = file.tables.find(halted => tableName(halted) === name)
  if (table !== undefined) return table
  const names = file.tables.map(tableName)
  throw new UsageError(`${name} is not halted${names.length === 0 ? '' : `; halted: ${names.join(', ')}`}`)
}

function lockWhileStopped(dataDir: string): ReturnType<typeof lockDataDir> {
  try {
    return lockDataDir(dataDir)
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== 'alreadyRunning') throw error
    throw new Failure('alreadyRunning', `${error.message}: halted tables can be changed only while it is stopped`, {
      cause: error,
      advice: 'Stop the engine with ./stop.sh, and start it again afterwards.',
    })
  }
}
