import { errorCode, errorText } from '../model/system-error.js'
import { type FaultSetting, Faults, parseFault } from '../sandbox/faults.js'
import type { Sandbox } from '../sandbox/sandbox.js'
import { type Command, EXIT, type FlagValues, numberFlag, type Terminal, textFlag, UsageError } from './command.js'

const MODES = ['duckdb', 'count', 'null'] as const

export const sandbox: Command = {
  name: 'sandbox',
  summary: 'Runs a local stand-in for StarRocks, for trying out and for tests.',
  details: 'Listens on 127.0.0.1 until SIGTERM or SIGINT. Port 0 takes any free one.',
  flags: {
    'fe-port': { type: 'string', value: 'N', text: 'FE HTTP port (default: 8030).' },
    'be-port': { type: 'string', value: 'N', text: 'BE HTTP port (default: 8040).' },
    'mysql-port': { type: 'string', value: 'N', text: 'Port of the MySQL protocol (default: 9030).' },
    data: { type: 'string', value: 'DIR', text: 'Folder of the data (default: in memory).' },
    user: { type: 'string', value: 'U', text: 'User (default: root).' },
    password: { type: 'string', value: 'P', mayBeEmpty: true, text: 'Password (default: none).' },
    mode: {
      type: 'string',
      value: 'MODE',
      text: 'duckdb keeps rows; count and null only take them (default: duckdb).',
    },
    version: { type: 'string', value: 'V', text: 'StarRocks release whose answers and limits it has (default: 4.1).' },
    fault: {
      type: 'string',
      value: 'NAME[=VALUE]',
      repeats: true,
      text: 'Misbehaves as clusters do: answerLost=3 loses three answers; may be given several times.',
    },
    'label-keep': { type: 'string', value: 'N', text: 'Finished labels remembered of a database (default: 1000).' },
    json: { type: 'boolean', text: 'The first line of output is a JSON object with the ports.' },
  },
  async run(values, terminal) {
    const running = await open(values)
    await new Promise<void>((stop, fail) => {
      const close = () => running.close().then(stop, fail)
      process.once('SIGTERM', close)
      process.once('SIGINT', close)
      tellReady(running, values, terminal)
    })
    return EXIT.ok
  },
}

async function open(values: FlagValues): Promise<Sandbox> {
  const port = (name: string, fallback: number) => numberFlag(values, name, fallback, { min: 0, max: 65_535 })
  const mode = MODES.find(name => name === textFlag(values, 'mode', 'duckdb'))
  if (mode === undefined) throw new UsageError(`--mode must be one of ${MODES.join(', ')}`)
  const version = textFlag(values, 'version', '')
  if (!/^(\d+\.\d+\S*)?$/.test(version))
    throw new UsageError('--version must be a release of StarRocks, as 3.3 or 4.0.7')
  const options = {
    feHttpPort: port('fe-port', 8030),
    beHttpPort: port('be-port', 8040),
    mysqlPort: port('mysql-port', 9030),
    dataDir: typeof values.data === 'string' ? values.data : null,
    user: textFlag(values, 'user', 'root'),
    password: textFlag(values, 'password', ''),
    mode,
    labelKeep: { count: numberFlag(values, 'label-keep', 1000, { min: 0, max: 1_000_000 }) },
    faults: readFaults(textFlag(values, 'fault', '')),
    ...(version === '' ? {} : { emulatedVersion: version }),
  }
  const { startSandbox } = await load()
  return startSandbox(options)
}

/** The lines of `--fault` as settings, tried out so that a mistake is told before anything starts. */
function readFaults(lines: string): Record<string, FaultSetting> {
  try {
    const settings = Object.assign({}, ...lines.split('\n').filter(Boolean).map(parseFault)) as Record<
      string,
      FaultSetting
    >
    new Faults().set(settings)
    return settings
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(`--fault: ${error.message}`)
    throw error
  }
}

/** The sandbox needs DuckDB, an optional dependency, so it is loaded only when it is asked for. */
async function load(): Promise<typeof import('../sandbox/sandbox.js')> {
  try {
    return await import('../sandbox/sandbox.js')
  } catch (error) {
    if (errorCode(error) !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new UsageError(
      `the sandbox needs @duckdb/node-api, which is not installed here: run \`npm ci --include=optional\` (${errorText(error).split('\n')[0]})`,
    )
  }
}

function tellReady(running: Sandbox, values: FlagValues, terminal: Terminal): void {
  const { feHttpPort: fe_port, beHttpPort: be_port, mysqlPort: mysql_port } = running
  if (values.json === true) {
    terminal.out(JSON.stringify({ ready: true, fe_port, be_port, mysql_port }))
    return
  }
  const user = textFlag(values, 'user', 'root')
  terminal.out(
    [
      `sandbox: FE HTTP 127.0.0.1:${fe_port}, BE HTTP 127.0.0.1:${be_port}, MySQL protocol 127.0.0.1:${mysql_port}`,
      `mysql -h 127.0.0.1 -P ${mysql_port} -u ${user}${textFlag(values, 'password', '') === '' ? '' : ' -p'}`,
      'SIGTERM or Ctrl-C ends it.',
    ].join('\n'),
  )
}
