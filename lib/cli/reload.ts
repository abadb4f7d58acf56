import { askEngine } from '../control/ask-engine.js'
import type { RequestHandlers } from '../control/control-server.js'
import type { Log } from '../observe/log.js'
import type { Reloaded } from '../reload.js'
import { CONFIG_FLAG, type Command, EXIT, type Terminal } from './command.js'
import { readWorkplace } from './read-config.js'

export const reload: Command = {
  name: 'reload',
  summary: 'Has the running engine take a changed configuration.',
  details:
    'The engine reads its file again, shows what differs, checks it as a start would, and goes on with it behind the next\n' +
    'transaction. What cannot be carried out is refused, and the old configuration runs on; so are keys that change only with\n' +
    'a restart (mysql_addr, flavor, server_id, data_dir, log_*, statsd_*). Missing targets are made. SIGHUP does the same.\n' +
    'Exit codes: 0 in force, or nothing to change; 1 no engine runs; 2 refused; otherwise those of the failure.',
  flags: { ...CONFIG_FLAG, 'dry-run': { type: 'boolean', text: 'Only shows and checks what would change.' } },
  async run(values, terminal) {
    const { dataDir, file } = readWorkplace(values)
    const dryRun = values['dry-run'] === true
    const result = await askEngine({
      dataDir,
      request: 'reload',
      options: { dryRun, file },
      onProgress: line => terminal.out(String(line)),
    })
    tell(result as Reloaded, dryRun, terminal)
    return EXIT.ok
  },
}

function tell({ applied, changes, notes, heldMs, drainMs }: Reloaded, dryRun: boolean, terminal: Terminal): void {
  for (const note of notes) terminal.out(`note: ${note}`)
  if (applied)
    terminal.out(`in force; reading was held up for ${heldMs} ms, of which ${drainMs} ms to load what had been read`)
  else if (changes.length === 0) terminal.out('nothing has changed')
  else if (dryRun) terminal.out('this can be carried out; nothing was changed')
}

/** What SIGHUP does. What comes of it is logged by those who are told of all that happens. */
export async function reloadBySignal(handlers: RequestHandlers, log: Log): Promise<void> {
  log.info('SIGHUP: reads the configuration again')
  const handler = handlers.get('reload')
  if (handler === undefined) {
    log.warn('SIGHUP came before there was anything to reload', 'Send it again when the engine streams.')
    return
  }
  try {
    const exchange = { progress: () => undefined, gone: new AbortController().signal }
    const { changes } = (await handler({}, exchange)) as Reloaded
    if (changes.length === 0) log.info('SIGHUP: nothing has changed')
  } catch {
    // The handler has had it logged with its advice; the old configuration runs on.
    return
  }
}
