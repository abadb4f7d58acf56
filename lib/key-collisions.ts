import { Failure } from './model/failure.js'
import type { Finding } from './model/finding.js'
import type { Observer } from './model/observer.js'
import { type TableSchema, tableName, targetName } from './model/schema.js'
import { findOverlap, type KeyOverlap } from './mysql/key-overlap.js'
import type { SourceSession } from './mysql/session.js'
import type { MatchedRule, RuleBook } from './rules/rule-book.js'
import { isTaggedKey } from './rules/shard-tag.js'

/** Tables that are written into one primary key table without anything in its key that tells them apart. */
export interface UntaggedTarget {
  readonly target: { readonly database: string; readonly table: string }
  readonly tables: readonly TableSchema[]
  /** Whether key values may be shown. */
  readonly shown: boolean
}

/** The questions of a start may take so long, together; those of a command longer. */
export const START_MS = 5_000
export const COMMAND_MS = 60_000

/** Those of the targets of these tables whose rules ask for unique keys over all their tables. */
export function untaggedTargets(book: RuleBook, tables: readonly TableSchema[]): UntaggedTarget[] {
  const byTarget = new Map<string, { readonly way: MatchedRule; readonly tables: TableSchema[] }>()
  for (const schema of new Map(tables.map(one => [tableName(one), one])).values()) {
    if (!book.wanted(schema.schema, schema.table) || schema.key.length === 0) continue
    for (const way of book.match(schema.schema, schema.table)) {
      const { mode, shards, shape } = way.rule
      if (mode !== 'upsert' || shape.partial || shards.onCollision === 'last_wins') continue
      const known = byTarget.get(targetName(way))
      if (known === undefined) byTarget.set(targetName(way), { way, tables: [schema] })
      else known.tables.push(schema)
    }
  }
  return [...byTarget.values()]
    .filter(({ way, tables: own }) => own.length > 1 && !isTaggedKey(book, way, own[0]!, own))
    .filter(({ tables: [first, ...others] }) => others.every(({ key }) => key.length === first!.key.length))
    .map(({ way: { database, table }, tables: own }) => ({
      target: { database, table },
      tables: own,
      shown: own.every(of => isShown(book, of)),
    }))
}

function isShown(book: RuleBook, { schema, table, key }: TableSchema): boolean {
  return book.match(schema, table).every(({ rule }) => key.every(name => !rule.shape.mask.has(name)))
}

/** What the source says of the keys of each such target; all questions together take `withinMs` at most. */
export async function askForCollisions(
  session: Pick<SourceSession, 'query'>,
  targets: readonly UntaggedTarget[],
  options: { readonly mariadb: boolean; readonly withinMs: number },
): Promise<Finding[]> {
  const until = performance.now() + options.withinMs
  const findings: Finding[] = []
  for (const untagged of targets) {
    const withinMs = until - performance.now()
    findings.push(findingOf(untagged, await findOverlap(session, untagged.tables, { ...options, withinMs })))
  }
  return findings
}

const TAG =
  'Give the rules a tag in the key: constants = { shard = "$schema.$table" } and shard_key = ["shard"]; on_key_collision = "last_wins" lets the later row replace the other.'

function findingOf({ target, tables, shown }: UntaggedTarget, overlap: KeyOverlap): Finding {
  const check = 'rules.shared_key'
  const name = targetName(target)
  switch (overlap.kind) {
    case 'meet': {
      const key = shown ? overlap.key : 'a masked value'
      const message = `${overlap.tables.join(' and ')} both have a row with the key ${key}, and both are written into ${name}: one would replace the other`
      return { check, level: 'error', message, remedy: TAG }
    }
    case 'unproven': {
      const message = `${name}: it is not proven that no key is in two of its ${tables.length} tables: ${overlap.tables.join(' and ')}: ${overlap.reason}. Keys are looked at as they are loaded`
      return { check, level: 'warning', message, remedy: TAG }
    }
    case 'apart': {
      const message = `${name}: no key is in two of its ${tables.length} tables now (${overlap.how})`
      if (!overlap.grows) return { check, level: 'ok', message, remedy: '' }
      const growing = `${message}; but several count their keys up by themselves (AUTO_INCREMENT), so they may meet later, which stops the stream then`
      return { check, level: 'warning', message: growing, remedy: TAG }
    }
  }
}

/** Before anything is read: throws keyCollision where two tables have one key; what is not proven becomes a warning. */
export async function refuseCollisions(
  session: Pick<SourceSession, 'query'>,
  targets: readonly UntaggedTarget[],
  mariadb: boolean,
  observer: Observer,
): Promise<void> {
  for (const { level, message, remedy } of await askForCollisions(session, targets, { mariadb, withinMs: START_MS })) {
    if (level === 'error') throw new Failure('keyCollision', `${message}.`, { advice: remedy })
    if (level === 'warning') observer({ kind: 'warning', message: `${message}.`, advice: remedy })
  }
}

/** Stays the same for the same tables of the same targets. */
export function collisionQuestion(targets: readonly UntaggedTarget[]): string {
  return JSON.stringify(targets.map(({ target, tables }) => [targetName(target), tables.map(tableName).sort()]))
}
