import { type Command, type Flag, HELP_FLAG } from './command.js'

/** The text of `mysql-sr-sync --help`. */
export function renderOverview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(command => command.name.length))
  return [
    'Keeps StarRocks in step with MySQL and MariaDB.',
    '',
    'Usage: mysql-sr-sync COMMAND [flags]',
    '',
    ...commands.map(command => `  ${command.name.padEnd(width)}  ${command.summary}`),
    '',
    'mysql-sr-sync COMMAND --help tells more; mysql-sr-sync --version tells the version.',
    'Exit codes: 0 well; 1 a finding, or not running; 2 wrong usage or configuration; 3 and above a failure, with its remedy.',
  ].join('\n')
}

/** The text of `mysql-sr-sync COMMAND --help`. */
export function renderHelp(command: Command): string {
  const flags = Object.entries({ ...command.flags, ...HELP_FLAG }).map(
    ([name, flag]) => [flagForm(name, flag), flag.text] as const,
  )
  const width = Math.max(...flags.map(([form]) => form.length))
  return [
    `Usage: mysql-sr-sync ${command.name} ${command.words === undefined ? '' : `${command.words} `}[flags]`,
    '',
    command.summary,
    command.details,
    '',
    ...flags.map(([form, text]) => `  ${form.padEnd(width)}  ${text}`),
  ].join('\n')
}

function flagForm(name: string, flag: Flag): string {
  const short = flag.short === undefined ? '    ' : `-${flag.short}, `
  return `${short}--${name}${flag.value === undefined ? '' : ` ${flag.value}`}`
}
