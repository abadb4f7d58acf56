import { asFailure } from '../model/failure.js'
import { nearest } from '../model/nearest.js'
import { parseArguments } from './arguments.js'
import { type Command, EXIT, HELP_FLAG, type Terminal, UsageError } from './command.js'
import { renderHelp, renderOverview } from './help.js'
import { readVersion } from './version.js'

/** A command's module is loaded only when it is called for: `stop` needs neither the engine nor the sandbox. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  start: async () => (await import('./start.js')).start,
  stop: async () => (await import('./stop.js')).stop,
  status: async () => (await import('./status.js')).status,
  monitor: async () => (await import('./monitor.js')).monitor,
  run: async () => (await import('./run.js')).run,
  reload: async () => (await import('./reload.js')).reload,
  recopy: async () => (await import('./recopy.js')).recopy,
  check: async () => (await import('./check.js')).check,
  schema: async () => (await import('./schema.js')).schema,
  explain: async () => (await import('./explain.js')).explain,
  'test-rules': async () => (await import('./test-rules.js')).testRules,
  copy: async () => (await import('./copy.js')).copy,
  wait: async () => (await import('./wait.js')).wait,
  verify: async () => (await import('./verify.js')).verify,
  halted: async () => (await import('./halted.js')).halted,
  dlq: async () => (await import('./dlq.js')).dlq,
  keys: async () => (await import('./keys.js')).keys,
  sandbox: async () => (await import('./sandbox.js')).sandbox,
  demo: async () => (await import('./demo.js')).demo,
}

/** Runs one command line (without node and script). Resolves with the exit code; never rejects. */
export async function main(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const [name, ...rest] = args
    if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
      const commands: Command[] = []
      for (const load of Object.values(COMMANDS)) commands.push(await load())
      const text = renderOverview(commands)
      if (name === undefined) terminal.err(text)
      else terminal.out(text)
      return name === undefined ? EXIT.usage : EXIT.ok
    }
    if (name === '--version' || name === '-v') {
      terminal.out(readVersion())
      return EXIT.ok
    }
    return await runCommand(name, rest, terminal)
  } catch (error) {
    if (error instanceof UsageError) {
      terminal.err(`${error.message}\nSee mysql-sr-sync --help.`)
      return EXIT.usage
    }
    const failure = asFailure(error)
    terminal.err(`${failure.message}\n${failure.advice}`)
    if (failure.kind === 'internal' && error instanceof Error && error.stack !== undefined) terminal.err(error.stack)
    return failure.exitCode
  }
}

async function runCommand(name: string, args: readonly string[], terminal: Terminal): Promise<number> {
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (load === undefined) {
    const guess = nearest(name, Object.keys(COMMANDS))
    throw new UsageError(`unknown command ${name}${guess === null ? '' : `; did you mean ${guess}?`}`)
  }
  const command = await load()
  if (command.takesArguments === true) return command.run({}, terminal, args)
  const { values, words } = parseArguments(args, { ...command.flags, ...HELP_FLAG })
  if (values.help === true) {
    terminal.out(renderHelp(command))
    return EXIT.ok
  }
  if (command.words === undefined && words.length > 0) throw new UsageError(`unexpected argument "${words[0]}"`)
  return command.run(values, terminal, words)
}
