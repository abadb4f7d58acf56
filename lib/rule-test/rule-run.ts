import type { Config } from '../config/options.js'
import type { ChangePlace } from '../model/change-place.js'
import type { Operation } from '../model/rule-shape.js'
import { type TableSchema, tableName, targetName } from '../model/schema.js'
import type { Zone } from '../model/zone.js'
import { routerOptions, ruleBookOf } from '../registry.js'
import type { CopyRoutes } from '../rules/copy-routes.js'
import { Router } from '../rules/router.js'
import { loadDirectly } from './direct-load.js'
import { FixtureProblem } from './fixture-problem.js'
import { TargetRows } from './target-rows.js'

const UTC: Zone = { name: '+00:00', fixedOffset: 0, offsetAt: () => 0 }
/** When the changes of a test are committed: 2024-01-01 00:00:00, ms since 1970. */
const COMMIT_MS = Date.UTC(2024, 0, 1)
const BIN_NAME = 'binlog.000001'
/** One change is one transaction; so far apart do they begin. */
const CHANGE_BYTES = 1000
/** Rows as images that a SELECT of `CopyRoutes.expressions` gives. */
export interface ChangedImages {
  readonly operation: Operation
  readonly images: readonly Buffer[]
  /** They are rows of a copy, not changes. */
  readonly copied: boolean
}

/**
 * The rules of a configuration at work on tables of a test: router, shaper, encoders and bodies are those of the stream, and
 * targets are kept in memory.
 */
export class RuleRun {
  readonly #router: Router
  readonly #matches: (table: TableSchema) => boolean
  readonly #targets = new Map<string, TargetRows>()
  readonly #copies = new Map<string, CopyRoutes>()
  #changes = 0

  constructor(config: Config, tables: readonly TableSchema[]) {
    const rule = config.rule.map(block => ({ ...block, load_format: 'json' as const }))
    const book = ruleBookOf({ ...config, rule, load_format: 'json' })
    this.#matches = ({ schema, table }) => book.match(schema, table).length > 0
    const options = routerOptions(config, UTC, { rowImage: 'FULL', mariadb: config.flavor === 'mariadb' })
    this.#router = new Router({ ...options, stopsAtBadValues: true }, book, {
      schemaFor: map => tables.find(table => tableName(table) === tableName(map))!,
      inspect: async () => null,
      prepare: async wish => {
        const name = targetName(wish)
        const target = { ...wish, columns: wish.columns.map(column => ({ ...column, hasDefault: false })) }
        const known = this.#targets.get(name)
        if (known === undefined) this.#targets.set(name, new TargetRows(target))
        else known.addColumns(target.columns)
        return target
      },
      // What a start would warn of is no matter of a test.
      observer: () => undefined,
    })
  }

  /** The targets that have been written to, or would be, by "database.table". */
  get targets(): ReadonlyMap<string, TargetRows> {
    return this.#targets
  }

  /** Rejects as a start of the engine would where the rules do not go with the table. */
  async learn(table: TableSchema): Promise<CopyRoutes> {
    if (!this.#matches(table)) throw new FixtureProblem(`no [[rule]] takes ${tableName(table)}`)
    const routes = await this.#router.copyRoutes(table)
    this.#copies.set(tableName(table), routes)
    return routes
  }

  /** Has the table's rules write these images. Throws the Failures that the stream would stop with. */
  write(table: TableSchema, { operation: op, images, copied }: ChangedImages): void {
    const { routes } = this.#copies.get(tableName(table))!
    const buffer = Buffer.concat(images)
    const place: ChangePlace = { binName: BIN_NAME, binPos: 4 + CHANGE_BYTES * this.#changes++, event: 0 }
    const whole = { op, buffer, at: 0, end: buffer.length }
    const rows = {
      images: whole,
      routes,
      commitMs: COMMIT_MS,
      place,
      copied: copied ? ('read' as const) : (false as const),
    }
    loadDirectly(rows, (target, open) => this.#targets.get(target)!.load(open))
  }
}
