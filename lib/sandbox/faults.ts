/** What a request asks for; `begin` to `rollback` are those of transactions. */
export type FaultOp = 'streamLoad' | 'begin' | 'load' | 'prepare' | 'commit' | 'rollback' | 'state' | 'cancel'

/** What is being handled, for faults aimed at one table, label or operation. */
export interface FaultTarget {
  readonly database: string
  /** Empty for what is not about one table. */
  readonly table: string
  readonly label: string
  readonly op: FaultOp
}

/**
 * The points where the sandbox can be made to misbehave as real clusters do.
 *
 * FE: `noBackendAlive` (answers that no node is alive), `unauthorized` (401), `followerRedirect` (one extra 307 to the FE
 * itself), `redirectTo` (value "host:port": the 307 points there), `feError` (500), `stateUnknown` (get_load_state answers UNKNOWN).
 * BE: `slowContinueMs` (value: milliseconds before 100 Continue), `holdContinue` and `holdAnswer` (held until the fault is
 * cleared), `cutBody` (the socket is dropped in the middle of the body: the load aborts), `runningTxnLimit`,
 * `tooManyVersions`, `failedWith200` (value: the message), `publishTimeout` (committed; the label stays COMMITTED until its
 * state was asked once), `answerLost` (committed, then the socket is dropped), `garbageReply` (committed, the answer is no JSON).
 */
export const FAULT_NAMES = [
  'noBackendAlive',
  'unauthorized',
  'followerRedirect',
  'redirectTo',
  'feError',
  'stateUnknown',
  'slowContinueMs',
  'holdContinue',
  'holdAnswer',
  'cutBody',
  'runningTxnLimit',
  'tooManyVersions',
  'failedWith200',
  'publishTimeout',
  'answerLost',
  'garbageReply',
] as const

export type FaultName = (typeof FAULT_NAMES)[number]

/** Faults that carry a value; a bare number or string given for them is that value, valid until cleared. */
const VALUED: ReadonlySet<FaultName> = new Set(['redirectTo', 'slowContinueMs', 'failedWith200'])

export interface FaultRule {
  /** How many times it strikes; Infinity until cleared. */
  times?: number
  table?: string
  value?: string | number
}

/** A number strikes that many times, true until cleared, a predicate whenever it says so; false, 0 and null clear. */
export type FaultSetting = number | boolean | string | null | FaultRule | ((target: FaultTarget) => boolean)

interface ArmedFault {
  times: number
  readonly table: string | undefined
  readonly value: string | number | undefined
  readonly when: ((target: FaultTarget) => boolean) | undefined
}

/** The switchboard of one sandbox. Every point asks `take` once per request it concerns. */
export class Faults {
  readonly #armed = new Map<FaultName, ArmedFault>()
  readonly #struck = new Map<FaultName, number>()
  readonly #waiters = new Set<() => void>()

  /** Arms or clears faults by name. Throws a TypeError for an unknown name or a setting of the wrong form; then nothing is changed. */
  set(settings: Readonly<Record<string, FaultSetting>>): void {
    const armed = Object.entries(settings).map(([name, setting]) => [faultName(name), arm(name, setting)] as const)
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
    if (fault === undefined) return null
    if (fault.table !== undefined && fault.table !== target.table) return null
    if (fault.when !== undefined && !fault.when(target)) return null
    fault.times -= 1
    if (fault.times <= 0) this.#armed.delete(name)
    this.#struck.set(name, this.struck(name) + 1)
    return fault.value ?? true
  }

  /** Resolves when the hold is cleared (at once when it does not concern this load). A hold of n times is over after a `set` to 0 as well. */
  async held(name: 'holdContinue' | 'holdAnswer', target: FaultTarget): Promise<void> {
    if (!this.#holds(name, target)) return
    this.#struck.set(name, this.struck(name) + 1)
    await new Promise<void>(resolve => {
      const check = () => {
        if (this.#holds(name, target)) return
        this.#waiters.delete(check)
        resolve()
      }
      this.#waiters.add(check)
    })
  }

  /** How often a fault has struck since the sandbox started. */
  struck(name: FaultName): number {
    return this.#struck.get(name) ?? 0
  }

  /** The armed faults and how many times each is left (null: until cleared). */
  armed(): Record<string, number | null> {
    return Object.fromEntries([...this.#armed].map(([name, f]) => [name, Number.isFinite(f.times) ? f.times : null]))
  }

  #holds(name: FaultName, target: FaultTarget): boolean {
    const fault = this.#armed.get(name)
    if (fault === undefined) return false
    return (fault.table === undefined || fault.table === target.table) && (fault.when?.(target) ?? true)
  }
}

function faultName(name: string): FaultName {
  const found = FAULT_NAMES.find(known => known === name)
  if (found === undefined) throw new TypeError(`unknown fault "${name}"; known: ${FAULT_NAMES.join(', ')}`)
  return found
}

function arm(name: string, setting: FaultSetting): ArmedFault | null {
  const always = { times: Number.POSITIVE_INFINITY, table: undefined, value: undefined, when: undefined }
  const valued = VALUED.has(faultName(name))
  if (setting === null || setting === false || setting === 0) return null
  if (setting === true) return always
  if (typeof setting === 'function') return { ...always, when: setting }
  if (typeof setting === 'string') {
    if (!valued) throw new TypeError(`fault "${name}" takes a number of times, true or false`)
    return { ...always, value: setting }
  }
  if (typeof setting === 'number') {
    if (!Number.isInteger(setting) || setting < 0) throw new TypeError(`fault "${name}": ${setting} is not a count`)
    if (name === 'slowContinueMs') return { ...always, value: setting }
    return { ...always, times: setting }
  }
  if (typeof setting !== 'object') throw new TypeError(`fault "${name}": not a setting`)
  const times = setting.times ?? Number.POSITIVE_INFINITY
  if (typeof times !== 'number' || times < 0) throw new TypeError(`fault "${name}": times must be a number from 0`)
  return times === 0 ? null : { times, table: setting.table, value: setting.value, when: undefined }
}
