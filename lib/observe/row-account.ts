import type { Happening } from '../model/observer.js'

/** What became of the rows of one source table in one target, since the engine started: decoded = filtered + collapsed + loaded + parked. */
export interface TableAccount {
  readonly decoded: number
  readonly filtered: number
  readonly collapsed: number
  readonly loaded: number
  readonly parked: number
}

/** By source table, then by target table. */
export type TableAccounts = Readonly<Record<string, Readonly<Record<string, TableAccount>>>>

/** Adds up the `accounted` happenings. */
export class RowAccount {
  readonly #tables = new Map<string, Map<string, TableAccount>>()

  add(step: Extract<Happening, { kind: 'accounted' }>): void {
    const targets = this.#tables.get(step.source) ?? new Map<string, TableAccount>()
    this.#tables.set(step.source, targets)
    const before = targets.get(step.target)
    targets.set(step.target, {
      decoded: (before?.decoded ?? 0) + step.decoded,
      filtered: (before?.filtered ?? 0) + step.filtered,
      collapsed: (before?.collapsed ?? 0) + step.collapsed,
      loaded: (before?.loaded ?? 0) + step.loaded,
      parked: (before?.parked ?? 0) + step.parked,
    })
  }

  snapshot(): TableAccounts {
    return Object.fromEntries([...this.#tables].map(([source, targets]) => [source, Object.fromEntries(targets)]))
  }
}
