import { FAULTS, type FaultName, type FaultOp, isFaultOp } from './fault-names.js'

/** What is being handled, for faults aimed at one table, label or operation. */
export interface FaultTarget {
  readonly database: string
  /** Empty for what is not about one table. */
  readonly table: string
  readonly label: string
  readonly op: FaultOp
}

export interface FaultRule {
  /** How many times it strikes; Infinity until cleared. */
  times?: number
  /** The one operation it strikes; without it, those that are usual for the fault. */
  op?: FaultOp
  database?: string
  table?: string
  label?: string
  value?: string | number
  /** Whether it strikes now. */
  when?: (target: FaultTarget) => boolean
}

/** A number strikes that many times, true until cleared, a predicate whenever it says so; false, 0 and null clear. */
export type FaultSetting = number | boolean | string | null | FaultRule | ((target: FaultTarget) => boolean)

interface ArmedFault extends FaultRule {
  times: number
}

/** The switchboard of one sandbox. Every point asks `take` once per request it concerns. */
export class Faults {
  readonly #armed = new Map<FaultName, ArmedFault>()
  readonly #struck = new Map<FaultName, number>()
  readonly #waiters = new Set<() => void>()

  /** Arms or clears faults by name. Throws a TypeError for an unknown name or a setting of the wrong form; then nothing is changed. */
  set(settings: Readonly<Record<string, FaultSetting>>): void {
    const armed = Object.entries(settings).map(([text, setting]) => {
      const name = faultName(text)
      return [name, arm(name, setting)] as const
    })
    for (const [name, fault] of armed) {
      if (fault === null) this.#armed.delete(name)
      else this.#armed.set(name, fault)
    }
    for (const wake of this.#waiters) wake()
  }

  clear(): void {
    this.#armed.clear()
    for (const wake of this.#waiters) wake()
  }

  /** The fault's value (true when it has none) if it strikes now, which uses up one of its times; else null. */
  take(name: FaultName, target: FaultTarget): string | number | true | null {
    const fault = this.#armed.get(name)
    if (fault === undefined || !strikes(name, fault, target)) return null
    fault.times -= 1
    if (fault.times <= 0) this.#armed.delete(name)
    this.#struck.set(name, this.struck(name) + 1)
    return fault.value ?? true
  }

  /** Resolves when the hold is cleared or set anew; at once when it does not concern this request, or has held as many as it shall. */
  async held(name: HoldName, target: FaultTarget): Promise<void> {
    const fault = this.#armed.get(name)
    if (fault === undefined || !this.holds(name, target)) return
    fault.times -= 1
    this.#struck.set(name, this.struck(name) + 1)
    await new Promise<void>(resolve => {
      const check = () => {
        if (this.#armed.get(name) === fault) return
        this.#waiters.delete(check)
        resolve()
      }
      this.#waiters.add(check)
    })
  }

  /** Whether a hold would hold this request now. */
  holds(name: HoldName, target: FaultTarget): boolean {
    const fault = this.#armed.get(name)
    return fault !== undefined && fault.times > 0 && strikes(name, fault, target)
  }

  /** How often a fault has struck since the sandbox started. */
  struck(name: FaultName): number {
    return this.#struck.get(name) ?? 0
  }

  /** How often each fault that has struck did so. */
  allStruck(): Record<string, number> {
    return Object.fromEntries(this.#struck)
  }

  /** The armed faults and how many times each is left (null: until cleared). */
  armed(): Record<string, number | null> {
    return Object.fromEntries([...this.#armed].map(([name, f]) => [name, Number.isFinite(f.times) ? f.times : null]))
  }
}

/**
 * Reads a fault of the command line: `NAME` (until cleared), `NAME=3` (three times), `NAME=text` (its value), or `NAME={"op":
 * "commit","times":1}` (a FaultRule). Throws a TypeError when the rule is no JSON.
 */
export function parseFault(text: string): Record<string, FaultSetting> {
  const at = text.indexOf('=')
  if (at < 0) return { [text]: true }
  const [name, value] = [text.slice(0, at), text.slice(at + 1)]
  if (/^\d+$/.test(value)) return { [name]: Number(value) }
  if (!value.startsWith('{')) return { [name]: value }
  try {
    return { [name]: JSON.parse(value) as FaultRule }
  } catch (error) {
    throw new TypeError(`fault "${name}": ${error instanceof Error ? error.message : String(error)}`)
  }
}

export type HoldName = Extract<FaultName, `hold${string}`>

function strikes(name: FaultName, fault: ArmedFault, target: FaultTarget): boolean {
  if (fault.op === undefined ? !FAULTS[name].usual.includes(target.op) : fault.op !== target.op) return false
  const { database, table, label, when } = fault
  if (database !== undefined && database !== target.database) return false
  if (table !== undefined && table !== target.table) return false
  if (label !== undefined && label !== target.label) return false
  return when?.(target) ?? true
}

function faultName(name: string): FaultName {
  if (Object.hasOwn(FAULTS, name)) return name as FaultName
  throw new TypeError(`unknown fault "${name}"; known: ${Object.keys(FAULTS).join(', ')}`)
}

function arm(name: FaultName, setting: FaultSetting): ArmedFault | null {
  const always = { times: Number.POSITIVE_INFINITY }
  if (setting === null || setting === false || setting === 0) return null
  if (setting === true) return always
  if (typeof setting === 'function') return { ...always, when: setting }
  if (typeof setting === 'string') {
    if (FAULTS[name].valued !== true) throw new TypeError(`fault "${name}" takes a number of times, true or false`)
    return { ...always, value: setting }
  }
  if (typeof setting === 'number') {
    if (!Number.isInteger(setting) || setting < 0) throw new TypeError(`fault "${name}": ${setting} is not a count`)
    if (name === 'slowContinueMs') return { ...always, value: setting }
    return { times: setting }
  }
  if (typeof setting !== 'object') throw new TypeError(`fault "${name}": not a setting`)
  const times = setting.times ?? Number.POSITIVE_INFINITY
  if (typeof times !== 'number' || times < 0) throw new TypeError(`fault "${name}": times must be a number from 0`)
  const { usual, also = [] } = FAULTS[name]
  if (setting.op !== undefined && !(isFaultOp(setting.op) && [...usual, ...also].includes(setting.op))) {
    throw new TypeError(`fault "${name}" can strike at ${[...usual, ...also].join(', ')} only`)
  }
  return times === 0 ? null : { ...setting, times }
}
