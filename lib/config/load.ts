import { nearest } from '../model/nearest.js'
import { CROSS_CHECKS, type CrossCheck } from './config-checks.js'
import { Document, type SourceText } from './document.js'
import type { Key } from './key.js'
import { saltProblem } from './mask-checks.js'
import {
  type Config,
  type Location,
  type RuleBlock,
  type RuleLocation,
  SECTIONS,
  type Section,
  TOP_KEYS,
} from './options.js'
import { PARTIAL_CHECKS } from './partial-checks.js'
import type { Problem } from './problem.js'
import { RULE_CHECKS } from './rule-checks.js'
import { SHAPE_CHECKS } from './shape-checks.js'
import type { Path } from './toml-places.js'
import { isTable, type Parsed } from './value-kinds.js'
import { expandVariables, parseDotEnv, type Variables } from './variables.js'

export interface ConfigInput {
  readonly main: SourceText
  /** Further [[source]] and [[rule]] blocks, in the order in which they are appended. */
  readonly rules: readonly SourceText[]
  readonly environment: Variables
  readonly dotEnv: SourceText | null
}

export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** Parses and checks the configuration. Reports every problem of all files at once, in the order of files and lines. */
export function loadConfig(input: ConfigInput): ConfigResult {
  return new Loader(input).run()
}

/** Where the process leaves its traces: what one must know to find and stop it. */
export type Workplace = Pick<Config, 'data_dir' | 'log_file' | 'log_level' | 'log_max_bytes' | 'log_keep'>

export type WorkplaceResult =
  | { readonly ok: true; readonly workplace: Workplace }
  | { readonly ok: false; readonly problems: readonly Problem[] }

const { data_dir, log_file, log_level, log_max_bytes, log_keep } = TOP_KEYS
const WORKPLACE: Section = {
  name: '',
  form: 'top',
  text: '',
  keys: { data_dir, log_file, log_level, log_max_bytes, log_keep },
}

/** Reads the keys of the workplace alone, so that a process can be stopped whatever else is wrong with the file by now. */
export function loadWorkplace(input: Omit<ConfigInput, 'rules'>): WorkplaceResult {
  return new Loader({ ...input, rules: [] }).runWorkplace()
}

/** Of a text that is not TOML, the top-level lines that give one of these keys; the others are left blank. */
function linesOf({ file, text }: SourceText, keys: readonly string[]): SourceText {
  const lines = text.split('\n')
  const firstHeader = lines.findIndex(line => /^\s*\[/.test(line))
  const wanted = new RegExp(`^\\s*["']?(?:${keys.join('|')})["']?\\s*=`)
  const top = lines.slice(0, firstHeader === -1 ? lines.length : firstHeader)
  return { file, text: top.map(line => (wanted.test(line) ? line : '')).join('\n') }
}

type Values = Record<string, unknown>

class Loader {
  readonly #input: ConfigInput
  readonly #problems: Problem[] = []
  #variables: Variables = new Map()

  constructor(input: ConfigInput) {
    this.#input = input
  }

  run(): ConfigResult {
    this.#variables = this.#readVariables()
    const main = new Document(this.#input.main)
    const config = this.#readMain(main)
    const blocks: Record<string, Values[]> = { source: [], rule: [] }
    const documents = [main, ...this.#input.rules.map(source => new Document(source))]
    for (const document of documents) {
      this.#problems.push(...document.problems)
      for (const [name, list] of Object.entries(blocks)) list.push(...this.#readBlocks(document, name, config))
      if (document !== main) this.#refuseOthers(document)
    }
    if (main.data !== null && !documents.some(document => document.data?.source !== undefined)) {
      this.#problems.push(main.problemAt([], '[[source]] is missing; at least one block names the tables to follow'))
    }
    this.#crossCheck({ ...config, ...blocks }, CROSS_CHECKS, main, [])
    if (this.#problems.length > 0) return { ok: false, problems: inOrder(this.#problems, documents) }
    return { ok: true, config: { ...config, ...blocks } as unknown as Config }
  }

  runWorkplace(): WorkplaceResult {
    this.#variables = this.#readVariables()
    this.#problems.length = 0
    const whole = new Document(this.#input.main)
    const main = whole.data === null ? new Document(linesOf(this.#input.main, Object.keys(WORKPLACE.keys))) : whole
    if (main.data === null) return { ok: false, problems: whole.problems }
    const values = this.#readValues(main, WORKPLACE, main.data, [])
    if (this.#problems.length > 0) return { ok: false, problems: this.#problems }
    return { ok: true, workplace: values as unknown as Workplace }
  }

  #readVariables(): Variables {
    const { dotEnv, environment } = this.#input
    if (dotEnv === null) return environment
    const parsed = parseDotEnv(dotEnv.text)
    for (const line of parsed.badLines) {
      const message = 'must be NAME=value, a comment or blank'
      this.#problems.push({ file: dotEnv.file, line, column: 1, message, sourceLine: null })
    }
    return new Map([...parsed.variables, ...environment])
  }

  #readMain(main: Document): Values {
    const config: Values = {}
    if (main.data === null) return config
    for (const section of SECTIONS) {
      if (section.form === 'top') Object.assign(config, this.#readKeys(main, section, main.data, []))
      if (section.form !== 'table') continue
      const table = main.data[section.name] ?? {}
      if (isTable(table)) config[section.name] = this.#readKeys(main, section, table, [section.name])
      else
        this.#problems.push(
          main.problemAt([section.name], `${section.name} must be a section: [${section.name}]`, 'key'),
        )
    }
    return config
  }

  #readBlocks(document: Document, name: string, config: Values): Values[] {
    const section = SECTIONS.find(other => other.name === name)!
    const list = document.data?.[name]
    if (list === undefined) return []
    if (!Array.isArray(list) || list.length === 0 || !list.every(isTable)) {
      this.#problems.push(document.problemAt([name], `${name} must be written as blocks: [[${name}]]`, 'key'))
      return []
    }
    return list.map((table, index) => {
      const path = [name, index]
      const values = this.#readKeys(document, section, table, path)
      if (name === 'rule') {
        this.#crossCheck(values, [...RULE_CHECKS, ...SHAPE_CHECKS, ...PARTIAL_CHECKS], document, path)
        this.#checkSalt(values, config, document, path)
      }
      const at: Location = { file: document.file, line: document.lineOf(path) }
      if (name !== 'rule') return { ...values, at }
      const characterAt = (inner: Path, character: number) => document.placeOfCharacter([...path, ...inner], character)
      return { ...values, at: { ...at, characterAt } satisfies RuleLocation }
    })
  }

  #readKeys(document: Document, section: Section, table: Readonly<Values>, path: Path): Values {
    this.#refuseUnknown(document, section, table, path)
    return this.#readValues(document, section, table, path)
  }

  #refuseUnknown(document: Document, section: Section, table: Readonly<Values>, path: Path): void {
    for (const name of Object.keys(table)) {
      if (Object.hasOwn(section.keys, name) || (section.form === 'top' && isSection(name))) continue
      document.mask([...path, name])
      this.#problems.push(document.problemAt([...path, name], unknownKey(name, section), 'key'))
    }
  }

  /** The values of one section, defaults filled in. A key with a problem is left out. */
  #readValues(document: Document, section: Section, table: Readonly<Values>, path: Path): Values {
    const values: Values = {}
    for (const [name, key] of Object.entries(section.keys)) {
      if (key.secret) document.mask([...path, name])
      if (Object.hasOwn(table, name)) {
        const parsed = this.#readValue(document, name, key, table[name], [...path, name])
        if (parsed !== null) values[name] = parsed.value
      } else if (key.presence === 'required') {
        const where = section.form === 'top' ? '' : ` in ${headerOf(section)}`
        this.#problems.push(document.problemAt(path, `${name} is missing${where}; ${key.text}`, 'key'))
      } else if (key.presence === 'default') {
        values[name] = defaultOf(name, key)
      } else {
        values[name] = undefined
      }
    }
    return values
  }

  #readValue(
    document: Document,
    name: string,
    key: Key<unknown>,
    raw: unknown,
    path: Path,
  ): { readonly value: unknown } | null {
    const before = this.#problems.length
    const { value, used } = this.#expand(document, name, raw, path)
    if (this.#problems.length > before) return null
    const parsed = parseExpanded(key, value, used.length > 0)
    if (parsed.ok) return parsed
    const origin = used.length > 0 ? ` (with the value of ${used.join(', ')})` : ''
    // Where variables are filled in, the characters of the value are not those of the file.
    const character = used.length > 0 ? null : (parsed.character ?? null)
    const whole = [...path, ...(parsed.at ?? [])]
    this.#problems.push(document.problemAt(whole, `${name} ${parsed.problem}${origin}`, 'value', character))
    return null
  }

  /** Replaces variables in all strings of a value and reports those that are not set. */
  #expand(document: Document, name: string, raw: unknown, path: Path): { value: unknown; used: readonly string[] } {
    if (typeof raw === 'string') {
      const { text, missing, malformed, used } = expandVariables(raw, this.#variables)
      for (const variable of missing) {
        const message = `${name} needs the variable ${variable}, which neither the environment nor a .env file sets`
        this.#problems.push(document.problemAt(path, message))
      }
      if (malformed.length > 0) {
        const message = `${name} holds a "\${" that begins no variable; write \${NAME}, \${NAME:-default}, or $\${ for the characters themselves`
        this.#problems.push(document.problemAt(path, message))
      }
      return { value: text, used }
    }
    if (Array.isArray(raw)) {
      const items = raw.map((item, index) => this.#expand(document, name, item, [...path, index]))
      return { value: items.map(item => item.value), used: items.flatMap(item => item.used) }
    }
    if (!isTable(raw)) return { value: raw, used: [] }
    const entries = Object.entries(raw).map(
      ([k, item]) => [k, this.#expand(document, name, item, [...path, k])] as const,
    )
    return {
      value: Object.fromEntries(entries.map(([k, item]) => [k, item.value])),
      used: entries.flatMap(([, item]) => item.used),
    }
  }

  #refuseOthers(document: Document): void {
    for (const name of Object.keys(document.data ?? {})) {
      if (name === 'source' || name === 'rule') continue
      document.mask([name])
      const message = `${name} does not belong here; a file in rules/ holds [[source]] and [[rule]] blocks only`
      this.#problems.push(document.problemAt([name], message, 'key'))
    }
  }

  #checkSalt(rule: Values, config: Values, document: Document, path: Path): void {
    const problem = saltProblem(rule as Pick<RuleBlock, 'mask'>, config.mask_salt as string | undefined)
    if (problem !== null) this.#problems.push(document.problemAt([...path, 'mask'], `mask ${problem}`))
  }

  #crossCheck<T>(values: Values, checks: readonly CrossCheck<T>[], document: Document, path: Path): void {
    for (const { keys, problem } of checks) {
      if (!keys.every(key => Object.hasOwn(values, key))) continue
      const message = problem(values as T)
      if (message === null) continue
      const written = keys.find(key => document.has([...path, key])) ?? keys[0]!
      this.#problems.push(document.problemAt([...path, written], `${keys[0]} ${message}`))
    }
  }
}

/** A variable is always text; where the key wants a number or a boolean, text that spells one counts as it. */
function parseExpanded(key: Key<unknown>, value: unknown, expanded: boolean): Parsed<unknown> {
  const parsed = key.kind.parse(value)
  if (parsed.ok || !expanded || typeof value !== 'string') return parsed
  const word = value.trim()
  if (/^[+-]?\d+$/.test(word)) return key.kind.parse(Number(word))
  if (word === 'true' || word === 'false') return key.kind.parse(word === 'true')
  return parsed
}

function defaultOf(name: string, key: Key<unknown>): unknown {
  const parsed = key.kind.parse(key.fallback)
  if (!parsed.ok) throw new TypeError(`the default of ${name} ${parsed.problem}`)
  return parsed.value
}

function unknownKey(name: string, section: Section): string {
  const where = section.form === 'top' ? '' : ` in ${headerOf(section)}`
  const names = Object.keys(section.keys)
  const renamed = name.replace(/^pg_/, 'sr_')
  if (renamed !== name && names.includes(renamed)) return `unknown key ${name}${where}; it is spelled ${renamed} here`
  const home = SECTIONS.find(other => Object.hasOwn(other.keys, name))
  const guess = nearest(name, section.form === 'top' ? [...names, ...sectionNames()] : names)
  if (guess !== null) return `unknown key ${name}${where}; did you mean ${isSection(guess) ? `[${guess}]` : guess}?`
  if (home === undefined) return `unknown key ${name}${where}`
  const place = home.form === 'top' ? 'above the first [section]' : `in ${headerOf(home)}`
  return `unknown key ${name}${where}; it belongs ${place}`
}

function headerOf(section: Section): string {
  return section.form === 'blocks' ? `[[${section.name}]]` : `[${section.name}]`
}

function sectionNames(): string[] {
  return SECTIONS.filter(section => section.form !== 'top').map(section => section.name)
}

function isSection(name: string): boolean {
  return sectionNames().includes(name)
}

function inOrder(problems: readonly Problem[], documents: readonly Document[]): Problem[] {
  const rank = (file: string) => documents.findIndex(document => document.file === file)
  return [...problems].sort((a, b) => rank(a.file) - rank(b.file) || a.line - b.line || a.column - b.column)
}
