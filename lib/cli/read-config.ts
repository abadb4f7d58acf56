import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { SourceText } from '../config/document.js'
import { type ConfigInput, loadConfig, loadWorkplace, type Workplace } from '../config/load.js'
import type { Config } from '../config/options.js'
import { type Problem, renderProblems } from '../config/problem.js'
import { Failure } from '../model/failure.js'
import { errorCode, errorText } from '../model/system-error.js'
import { type FlagValues, textFlag } from './command.js'

export interface Read<T> {
  readonly config: T
  /** Absolute path of the configuration file. */
  readonly file: string
  /** Folder that relative paths of the configuration start from: the file's own. */
  readonly baseDir: string
  readonly dataDir: string
  readonly logFile: string
}

/** Reads sync.toml, the files of rules/ and .env beside it. Throws a Failure whose message is the whole report of problems. */
export function readConfig(values: FlagValues): Read<Config> {
  const { file, input } = readFiles(values)
  const result = loadConfig(input)
  if (!result.ok) throw invalid(result.problems)
  return placed(file, withModules(result.config))
}

/** The same, but looks only at the keys that say where a process has its files. */
export function readWorkplace(values: FlagValues): Read<Workplace> {
  const { file, input } = readFiles(values)
  const result = loadWorkplace(input)
  if (!result.ok) throw invalid(result.problems)
  return placed(file, result.workplace)
}

/** Modules are read once, with the configuration: what runs is what was read. */
function withModules(config: Config): Config {
  const rule = config.rule.map(block => {
    const { transform, at } = block
    if (transform === undefined) return block
    const file = resolve(dirname(at.file), transform.path)
    const read = readText(file)
    if (read !== null) return { ...block, transform: { ...transform, file, source: read.text } }
    throw new Failure(
      'configInvalid',
      `[[rule]] in ${at.file}, line ${at.line}: transform = "${transform.path}": there is no file ${file}`,
      {
        advice: 'The path of a module begins at the folder of the file that names it.',
      },
    )
  })
  return { ...config, rule }
}

function placed<T extends Workplace>(file: string, config: T): Read<T> {
  const path = resolve(file)
  const baseDir = dirname(path)
  return {
    config,
    file: path,
    baseDir,
    dataDir: resolve(baseDir, config.data_dir),
    logFile: resolve(baseDir, config.log_file),
  }
}

function readFiles(values: FlagValues): { file: string; input: ConfigInput } {
  const file = textFlag(values, 'config', 'sync.toml')
  const main = readText(file)
  if (main === null) {
    throw new Failure('configInvalid', `there is no file ${file}`, {
      advice: 'Name the configuration file with -c FILE.',
    })
  }
  const folder = dirname(file)
  const rules = ruleFiles(join(folder, 'rules')).map(path => readText(path)!)
  const environment = new Map(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
  return { file, input: { main, rules, environment, dotEnv: readText(join(folder, '.env')) } }
}

/** Files of tests for rules, beside them. */
const TESTS = '.test.toml'

/** `*.toml` files of a folder in name order, without those of tests; none when the folder is missing. */
function ruleFiles(folder: string): string[] {
  return filesOf(folder, name => name.endsWith('.toml') && !name.endsWith(TESTS))
}

/** The files of tests beside a configuration and in its rules/, in name order. Throws a Failure for a folder that cannot be read. */
export function testFiles(baseDir: string): string[] {
  return [baseDir, join(baseDir, 'rules')].flatMap(folder => filesOf(folder, name => name.endsWith(TESTS)))
}

function filesOf(folder: string, wanted: (name: string) => boolean): string[] {
  try {
    const names = readdirSync(folder).filter(name => wanted(name) && !name.startsWith('.'))
    return names.sort().map(name => join(folder, name))
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw unreadable(folder, error)
  }
}

/** The text of a file, or null when it is missing. Throws a Failure for one that cannot be read. */
export function readText(file: string): SourceText | null {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw unreadable(file, error)
  }
  try {
    return { file, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch (error) {
    if (errorCode(error) !== 'ERR_ENCODING_INVALID_ENCODED_DATA') throw error
    throw new Failure('configInvalid', `${file} is not UTF-8 text`, { cause: error, advice: 'Save it as UTF-8.' })
  }
}

function unreadable(path: string, error: unknown): Failure {
  const reason = errorCode(error) === 'EISDIR' ? 'it is a folder' : errorText(error)
  return new Failure('configInvalid', `cannot read ${path}: ${reason}`, {
    cause: error,
    advice: 'Check the path and its permissions.',
  })
}

function invalid(problems: readonly Problem[]): Failure {
  return new Failure('configInvalid', renderProblems(problems), {
    advice: 'Correct these lines; `mysql-sr-sync keys` lists all keys.',
  })
}
