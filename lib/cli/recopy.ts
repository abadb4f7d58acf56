import { lockDataDir, runningProcess } from '../checkpoint/data-dir.js'
import { askEngine } from '../control/ask-engine.js'
import type { CopyOrder } from '../model/copy-order.js'
import { Failure } from '../model/failure.js'
import { tableName } from '../model/schema.js'
import { CONFIG_FLAG, type Command, EXIT, type FlagValues, type Terminal, UsageError } from './command.js'
import { readConfig, readWorkplace } from './read-config.js'

export const recopy: Command = {
  name: 'recopy',
  words: 'SCHEMA.TABLE...|--all',
  summary: 'Copies tables again while their changes go on.',
  details:
    'The running engine copies them beside the stream, and this shows how far it is. Without --truncate rows are written over\n' +
    'those that are there; rows that are gone at the source stay (`verify --repair` removes them). Targets with a row for every\n' +
    'change (mode = "append") or with sums (group_by) must be emptied first, since their rows would count twice: --truncate\n' +
    'does so between two transactions. Without an engine the order is noted and carried out by the next start.\n' +
    'Exit codes: 0 copied, or ordered; 2 refused; otherwise those of the failure.',
  flags: {
    ...CONFIG_FLAG,
    all: { type: 'boolean', text: 'All tables that are followed; needs the engine.' },
    where: { type: 'string', value: 'SQL', text: 'Only rows for which this condition in the SQL of the source holds.' },
    truncate: { type: 'boolean', text: 'Empties the targets first.' },
    'no-wait': { type: 'boolean', text: 'Ends when the copy is ordered.' },
  },
  async run(values, terminal, tables) {
    const all = values.all === true
    if (all === tables.length > 0) throw new UsageError('recopy needs one SCHEMA.TABLE or more, or --all')
    const { dataDir } = readWorkplace(values)
    const where = typeof values.where === 'string' ? values.where : null
    const wish = { tables, all, where, truncate: values.truncate === true }
    if (runningProcess(dataDir) === null) return note(values, wish, terminal)
    await askEngine({
      dataDir,
      request: 'recopy',
      options: { ...wish, wait: values['no-wait'] !== true },
      onProgress: line => terminal.out(String(line)),
    })
    return EXIT.ok
  },
}

/** Notes the orders for the next start. */
async function note(
  values: FlagValues,
  wish: { tables: readonly string[]; all: boolean; where: string | null; truncate: boolean },
  terminal: Terminal,
): Promise<number> {
  if (wish.all)
    throw new Failure('notRunning', 'which tables there are is known to a running engine only', {
      advice: 'Start it with ./start.sh, or name the tables.',
    })
  const { config, dataDir } = readConfig(values)
  const { CopyOrderFile } = await import('../checkpoint/copy-order-file.js')
  const { ruleBookOf } = await import('../registry.js')
  const { objection } = await import('../snapshot/ordered-copies.js')
  const orders = wish.tables.map((name): CopyOrder => {
    const [schema = '', table = '', ...more] = name.split('.')
    if (schema === '' || table === '' || more.length > 0) throw new UsageError(`${name} is no SCHEMA.TABLE`)
    return { schema, table, where: wish.where, truncate: wish.truncate }
  })
  const book = ruleBookOf(config)
  for (const order of orders) {
    // Which other tables there are is looked at when it is carried out.
    const reason = objection(order, book, [], orders)
    if (reason !== null)
      throw new Failure('requestRefused', `${tableName(order)} is not copied again: ${reason}.`, {
        advice: 'Nothing was done.',
      })
  }
  const lock = lockDataDir(dataDir)
  try {
    const file = await CopyOrderFile.open(dataDir)
    await file.add(orders)
  } finally {
    lock.release()
  }
  terminal.out(`noted: the next start copies ${orders.map(tableName).join(', ')} again`)
  return EXIT.ok
}
