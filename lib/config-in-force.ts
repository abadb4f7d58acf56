import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EpochJournal } from './checkpoint/epoch-journal.js'
import { replaceFile } from './checkpoint/replace-file.js'
import { type Config, SECTIONS, type Section } from './config/options.js'
import { compareConfigs } from './config-change.js'
import { Failure } from './model/failure.js'
import { errorCode, errorText } from './model/system-error.js'

const FILE = 'config.in-force'

/** How source and StarRocks are reached, and where things are, is as it is now. */
const OF_NOW: ReadonlySet<string> = new Set([
  'mysql_addr',
  'mysql_user',
  'mysql_charset',
  'mysql_ssl',
  'mysql_ssl_ca',
  'sr_host',
  'sr_port',
  'sr_http_port',
  'sr_user',
  'sr_be_address_map',
  'sr_be_http',
  'data_dir',
  'server_id',
  'flavor',
])

type Values = Readonly<Record<string, unknown>>

/**
 * `<data_dir>/config.in-force`: the configuration that the epochs on their way were made with, without secrets. An epoch that
 * is read again must come out as it was planned, so it is read under these rules, whatever the file of the operator says by
 * then: a process that is killed while its configuration changes has the old one or the new one, never half of each.
 */
export class ConfigInForce {
  readonly #path: string
  readonly #dataDir: string
  #written: string | null = null

  constructor(dataDir: string) {
    this.#path = join(dataDir, FILE)
    this.#dataDir = dataDir
  }

  /**
   * The configuration under which epochs that are not through must be read again before anything else is done; null: there are
   * none, or they may be read under `now` while it goes on. `alone`: they may not, whatever has changed.
   */
  async unfinished(now: Config, alone: boolean): Promise<Config | null> {
    const text = await this.#read()
    this.#written = text
    const found = text === null ? null : parse(text, now)
    const isSame = found === null || compareConfigs(found, now).length === 0
    if (isSame && !alone) return null
    const journal = await EpochJournal.open(this.#dataDir)
    await journal.close()
    return journal.epochs.length > 0 ? (found ?? now) : null
  }

  /**
   * The configuration of the engine that runs, or ran last, reached as `now` says; null: none has run yet, or one whose
   * configuration this version cannot read.
   */
  async current(now: Config): Promise<Config | null> {
    const text = await this.#read()
    return text === null ? null : parse(text, now)
  }

  /** Durable when it resolves; from now on epochs are made with it. Rejects with positionUnsaved. */
  async write(config: Config): Promise<void> {
    const text = render(config)
    if (text === this.#written) return
    try {
      await replaceFile(this.#path, text)
    } catch (error) {
      throw new Failure('positionUnsaved', `${this.#path}: ${errorText(error)}`, {
        cause: error,
        advice: `${this.#path} cannot be written. Free space on the disk of data_dir and check its permissions.`,
      })
    }
    this.#written = text
  }

  async #read(): Promise<string | null> {
    try {
      return await readFile(this.#path, 'utf8')
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return null
      throw new Failure('configInvalid', `${this.#path}: ${errorText(error)}`, { cause: error })
    }
  }
}

/** Another configuration with the servers, users and places of this one. */
export function reachedAs(now: Config, other: Config): Config {
  const values = now as unknown as Values
  const keys = [...OF_NOW, 'mysql_pass', 'sr_pass'] satisfies string[]
  return { ...other, ...Object.fromEntries(keys.map(key => [key, values[key]])) }
}

function render(config: Config): string {
  const sections = SECTIONS.map(section => {
    const values = valuesOf(config, section)
    const blocks = section.form === 'blocks' ? (values as unknown as readonly Values[]) : [values]
    return [section.name, blocks.map(block => pick(block, section))]
  })
  const text = { keys: keysOfAll(), sections: Object.fromEntries(sections) }
  return `${JSON.stringify(text, (_, value) => (value instanceof Map ? { ofMap: [...value] } : value), 1)}\n`
}

/** Null where a version with other keys wrote it, or it is no such text: then only the configuration of now is known. */
function parse(text: string, now: Config): Config | null {
  const found = parseJson(text)
  if (found === null || JSON.stringify(found.keys) !== JSON.stringify(keysOfAll())) return null
  const config: Record<string, unknown> = { ...now }
  for (const section of SECTIONS) {
    const blocks = found.sections[section.name]!.map(block => pick(block, section))
    if (section.form === 'top') Object.assign(config, blocks[0])
    else if (section.form === 'table') config[section.name] = { ...valuesOf(now, section), ...blocks[0] }
    else config[section.name] = blocks
  }
  return config as unknown as Config
}

interface Stored {
  readonly keys: unknown
  readonly sections: Readonly<Record<string, readonly Values[]>>
}

function parseJson(text: string): Stored | null {
  const reviver = (_: string, value: unknown): unknown => {
    const { ofMap } = Object(value) as { ofMap?: [string, unknown][] }
    return ofMap === undefined ? value : new Map(ofMap)
  }
  try {
    return JSON.parse(text, reviver) as Stored
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

function valuesOf(config: Config, { name, form }: Section): Values {
  return (form === 'top' ? config : config[name as keyof Config]) as Values
}

/** The keys that are kept, those that are not set too, and where a block stands. */
function pick(values: Values, { keys, form }: Section): Values {
  const kept = Object.keys(keys).filter(key => !keys[key]!.secret && !(form === 'top' && OF_NOW.has(key)))
  const picked = Object.fromEntries(kept.map(key => [key, values[key]]))
  return form === 'blocks' ? { ...picked, at: values.at } : picked
}

function keysOfAll(): readonly (readonly [string, readonly string[]])[] {
  return SECTIONS.map(({ name, keys }) => [name, Object.keys(keys)])
}
