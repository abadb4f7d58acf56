import { resolve } from 'node:path'
import { MasterInfoFile } from './checkpoint/master-info.js'
import { checkFile, checkFolder } from './checkpoint/place-check.js'
import type { Config } from './config/options.js'
import type { TargetRequest } from './dispatch/sink.js'
import { askForCollisions, COMMAND_MS, untaggedTargets } from './key-collisions.js'
import { asFailure, Failure } from './model/failure.js'
import type { Finding } from './model/finding.js'
import { type TableSchema, targetName } from './model/schema.js'
import { listTables, readTableSchema } from './mysql/catalog.js'
import { checkGrants } from './mysql/preflight/grants.js'
import { checkServerId } from './mysql/preflight/server-id.js'
import { checkServerSettings } from './mysql/preflight/server-settings.js'
import { readServerFacts } from './mysql/server-facts.js'
import { SourceSession } from './mysql/session.js'
import { resolveStart } from './mysql/start-position.js'
import { ruleBookOf, sourceAddress, starRocksOptions } from './registry.js'
import { ColumnOwners } from './rules/column-owners.js'
import { planColumns } from './rules/column-plan.js'
import { imageFindings, type LoggedImages } from './rules/image-findings.js'
import type { RuleBook } from './rules/rule-book.js'
import { MASKED_READS_ADVICE, maskedReads } from './rules/shape/masked-reads.js'
import { planShape } from './rules/shape/shaped-table.js'
import { TargetModes, usableRules } from './rules/target-modes.js'
import { inexactSums, lossyCasts, requestTarget } from './rules/target-wish.js'
import { mergeRequests } from './starrocks/merged-request.js'
import { checkStarRocks } from './starrocks/preflight/preflight.js'

export interface PreflightOptions {
  readonly baseDir: string
  /** Whether a process with this configuration runs now: then its own replica id on the source is no clash. */
  readonly running: boolean
}

/** Every precondition of a configuration, each as a finding with its remedy. Changes nothing anywhere. */
export async function runPreflight(config: Config, options: PreflightOptions): Promise<Finding[]> {
  const findings: Finding[] = [
    checkFolder('local.data_dir', resolve(options.baseDir, config.data_dir)),
    checkFile('local.log_file', resolve(options.baseDir, config.log_file)),
  ]
  const requests = await attempt(findings, 'mysql.reach', () => checkSource(config, options, findings), [])
  findings.push(
    ...(await attempt(findings, 'starrocks.reach', () => checkStarRocks(starRocksOptions(config), requests), [])),
  )
  return findings
}

/** Adds the source's findings; the targets that the rules ask for. */
async function checkSource(config: Config, options: PreflightOptions, findings: Finding[]): Promise<TargetRequest[]> {
  const session = await SourceSession.connect(sourceAddress(config))
  try {
    findings.push(
      ok('mysql.reach', `${config.mysql_addr.host}:${config.mysql_addr.port} answers, ${config.mysql_user} may log in`),
    )
    const facts = await readServerFacts(session)
    findings.push(...checkServerSettings(facts, config.flavor))
    const tables = await listTables(session)
    const book = ruleBookOf(config)
    const wanted = tables.filter(t => book.wanted(t.schema, t.table))
    const schemas = new Set([
      ...wanted.map(t => t.schema),
      ...config.source.map(s => s.schema).filter(s => !s.startsWith('/')),
    ])
    findings.push(...(await attempt(findings, 'mysql.grants', () => checkGrants(session, facts, [...schemas]), [])))
    const serverId = await attempt(
      findings,
      'mysql.server_id',
      () => checkServerId(session, facts, config.server_id, options.running),
      null,
    )
    if (serverId) findings.push(serverId)
    await attempt(
      findings,
      'mysql.position',
      async () => {
        const saved = await new MasterInfoFile(resolve(options.baseDir, config.data_dir)).load()
        const copies = config.snapshot.mode !== 'never'
        const start = await resolveStart(session, facts, saved)
        const { binName, binPos } = start.position
        const first = copies
          ? 'reading starts at the end of the binlog (no master.info), and the tables are copied'
          : `reading starts at ${binName}:${binPos} (no master.info: the beginning of the binlog)`
        findings.push(ok('mysql.position', saved === null ? first : `reading starts at ${binName}:${binPos}`))
      },
      undefined,
    )
    for (const gap of book.gaps(tables))
      findings.push({
        check: 'rules.match',
        level: 'warning',
        message: gap,
        remedy: 'Add or correct the [[source]] or [[rule]] block.',
      })
    if (wanted.length === 0)
      findings.push({
        check: 'rules.match',
        level: 'warning',
        message: 'no existing table is synced by these rules',
        remedy: 'Compare schema and tables of [[source]] and [[rule]] with SHOW TABLES.',
      })
    const requests: TargetRequest[] = []
    const synced: TableSchema[] = []
    const claims = { modes: new TargetModes(), owners: new ColumnOwners() }
    for (const { schema, table } of wanted) {
      await attempt(
        findings,
        'rules.table',
        async () => {
          const found = await readTableSchema(session, schema, table)
          if (found === null)
            throw new Failure('sourceDenied', `${schema}.${table} is not visible to ${config.mysql_user}`)
          const logged = { rowImage: facts.variables.get('binlog_row_image') ?? null, mariadb: facts.mariadb }
          const targets = requestsOf(found, book, config, logged, claims, findings)
          requests.push(...targets)
          if (targets.length > 0) synced.push(found)
          if (targets.length > 0) findings.push(ok('rules.table', `${schema}.${table} can be synced`))
        },
        undefined,
      )
    }
    const { mariadb } = facts
    const collisions = () => askForCollisions(session, untaggedTargets(book, synced), { mariadb, withinMs: COMMAND_MS })
    findings.push(...(await attempt(findings, 'rules.shared_key', collisions, [])))
    return unitedRequests(requests, config.on_ddl === 'evolve')
  } finally {
    await session.close()
  }
}

/** The targets of a table; what is passed over or inexact becomes a warning among the findings. */
function requestsOf(
  table: TableSchema,
  book: RuleBook,
  config: Config,
  logged: LoggedImages,
  { modes, owners }: { readonly modes: TargetModes; readonly owners: ColumnOwners },
  findings: Finding[],
): TargetRequest[] {
  const warn = (message: string, remedy: string): unknown =>
    findings.push({ check: 'rules.table', level: 'warning', message, remedy })
  const matches = book.match(table.schema, table.table)
  const usable = usableRules(table, matches, config.skip_no_pk_table, happening => {
    if (happening.kind === 'warning') warn(happening.message, happening.advice)
    if (happening.kind === 'tableIgnored')
      warn(`${happening.source} is not synced: ${happening.reason}`, 'Add a primary key to the table.')
  })
  return usable.map(matched => {
    modes.claim(matched)
    const shaped = planShape(table, matched)
    const plan = planColumns(shaped.schema, matched)
    owners.claim(shaped.schema, plan, matched, null)
    for (const message of inexactSums(shaped.schema, plan, matched))
      warn(message, 'Sum a DECIMAL column where the last digits matter.')
    for (const message of maskedReads(table, matched)) warn(message, MASKED_READS_ADVICE)
    for (const finding of imageFindings(shaped, plan, matched, logged))
      findings.push({ check: 'rules.row_image', ...finding })
    for (const message of lossyCasts(shaped.schema, plan, matched))
      warn(message, 'Cast to a type that holds all values where that matters.')
    return requestTarget(shaped.schema, plan, matched, 'refuse')
  })
}

/** One request for each target: of those that several tables share, the union, which the engine makes of them where it may. */
function unitedRequests(requests: readonly TargetRequest[], evolves: boolean): TargetRequest[] {
  const byTarget = new Map<string, TargetRequest[]>()
  for (const request of requests)
    byTarget.set(targetName(request), [...(byTarget.get(targetName(request)) ?? []), request])
  return [...byTarget.values()].flatMap(([first, ...others]) => {
    if (first === undefined || others.length === 0) return first ?? []
    try {
      const sources = [first, ...others].map(request => ({ source: 'one of its tables', request }))
      const united = mergeRequests([sources[0]!, ...sources.slice(1)])
      return [{ ...united, missingColumns: evolves ? ('add' as const) : first.missingColumns }]
    } catch (error) {
      if (asFailure(error).kind !== 'targetUnfit') throw error
      // Each is compared with the target by itself then, which says more.
      return [first, ...others]
    }
  })
}

/** A check that cannot be run is a finding too. */
async function attempt<T>(findings: Finding[], check: string, work: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const failure = asFailure(error)
    findings.push({ check, level: 'error', message: failure.message, remedy: failure.advice })
    return otherwise
  }
}

function ok(check: string, message: string): Finding {
  return { check, level: 'ok', message, remedy: '' }
}
