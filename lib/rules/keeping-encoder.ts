import type { RowEncoder } from '../binlog/row-encoder.js'
import { Failure } from '../model/failure.js'
import { type TargetTable, targetName } from '../model/schema.js'
import type { ImageEncoder } from './compiled-route.js'

interface Keeper {
  readonly source: string
  readonly target: TargetTable
  readonly rule: { readonly where: string }
}

/** The encoder of a target from which no load can delete: a delete stops the flow before it becomes a row. */
export class KeepingEncoder implements ImageEncoder {
  readonly #encoder: RowEncoder
  readonly #of: Keeper

  constructor(encoder: RowEncoder, of: Keeper) {
    this.#encoder = encoder
    this.#of = of
  }

  get end(): number {
    return this.#encoder.end
  }

  get hash(): number {
    return this.#encoder.hash
  }

  get unsafe(): boolean {
    return this.#encoder.unsafe
  }

  locateKey(source: Buffer, at: number, limit: number): void {
    this.#encoder.locateKey(source, at, limit)
  }

  sameKey(source: Buffer, before: number, after: number, limit: number): boolean {
    return this.#encoder.sameKey(source, before, after, limit)
  }

  skip(source: Buffer, at: number, limit: number): number {
    return this.#encoder.skip(source, at, limit)
  }

  /** @throws Failure ruleInvalid for a delete */
  encode(source: Buffer, at: number, limit: number, out: Buffer, q: number, op: 0 | 1): number {
    if (op === 0) return this.#encoder.encode(source, at, limit, out, q, op)
    const { source: table, target, rule } = this.#of
    const why = target.model === 'unique' ? 'is a UNIQUE KEY table' : 'is loaded with merge_condition'
    throw new Failure(
      'ruleInvalid',
      `${rule.where}: a row of ${table} was deleted, or its key changed, and ${targetName(target)} ${why}: no load deletes there.`,
      {
        advice:
          'Set operations = ["INSERT", "UPDATE"] or on_delete = "ignore" in the rule where rows may stay, or take model = "primary" without merge_condition.',
      },
    )
  }

  setChange(...change: Parameters<RowEncoder['setChange']>): void {
    this.#encoder.setChange(...change)
  }

  inflated(source: Buffer, at: number, limit: number): number {
    return this.#encoder.inflated(source, at, limit)
  }

  room(source: Buffer, at: number, limit: number): number {
    return this.#encoder.room(source, at, limit)
  }

  bound(imageBytes: number): number {
    return this.#encoder.bound(imageBytes)
  }
}
