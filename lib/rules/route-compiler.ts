import { compileRowEncoder } from '../binlog/row-encoder.js'
import type { RowLayout } from '../binlog/row-layout.js'
import { Failure } from '../model/failure.js'
import { type TargetTable, tableName, targetName } from '../model/schema.js'
import type { Zone } from '../model/zone.js'
import { separatorBytes } from '../starrocks/load-body.js'
import type { ColumnPlan } from './column-plan.js'
import type { CompiledRoute, ImageEncoder, ReshapedImages } from './compiled-route.js'
import { goneRows } from './gone-rows.js'
import { imageText } from './image-text.js'
import { ImageVariants, type VariantParts } from './image-variant.js'
import { KeepingEncoder } from './keeping-encoder.js'
import type { KeyListener } from './key-watch.js'
import { routeFacts } from './route-facts.js'
import { fingerprint } from './route-fingerprint.js'
import type { RouteImages } from './route-images.js'
import { RouteWatches } from './route-watches.js'
import type { MatchedRule } from './rule-book.js'
import { extendImages } from './shape/extended-images.js'
import type { ShapedTable } from './shape/shaped-table.js'
import { compileShape } from './shape/shaper.js'
import { compileTransform, madeImages } from './shape/transform-shaper.js'
import type { TargetFit } from './target-fit.js'
import { useOf, WrittenRows } from './written-rows.js'

export interface RouteOptions {
  readonly columnSeparator: { readonly text: string; readonly bytes: Uint8Array }
  readonly rowDelimiter: { readonly text: string; readonly bytes: Uint8Array }
  readonly zone: Zone
  /** MySQL's updates log every generated column that changed, MariaDB's do not. */
  readonly generatedLogged: boolean
  /** Rows that a module fails with end the flow; false: they are parked. */
  readonly stopsAtBadValues: boolean
  /** Rows are made to be compared, not to be written: modules are asked for each of them more than once, and messages name no position. */
  readonly forComparison?: boolean
}

/** One way of a table into a target, before it is known what its rows are read from. */
export interface Way {
  readonly matched: MatchedRule
  readonly target: TargetTable
  readonly constants: ColumnPlan['constants']
  readonly fit: TargetFit
  /** Hears of the keys of its rows; null: nobody asks for them. */
  readonly listener: KeyListener | null
  readonly shaped: ShapedTable
}

/** The route of a way for these images. Routes of one way for other images write the same rows. */
export function compileRoute(options: RouteOptions, way: Way, own: RouteImages): CompiledRoute {
  const { matched, target, constants, fit, listener, shaped } = way
  const { rule } = matched
  const { zone } = options
  const { columnSeparator, rowDelimiter } = separatorsOf(rule.load, options)
  const { schema } = shaped
  const { transform } = shaped
  const extended = extendImages(own, { ...shaped, schema: transform?.seen ?? schema })
  const images = transform === null ? extended : madeImages(schema, fit)
  const source = tableName(schema)
  const rows = new WrittenRows({
    schema,
    target,
    fit,
    constants,
    images,
    change: rule.mode === 'append',
    partial: rule.shape.partial,
    columnSeparator: columnSeparator.bytes,
    rowDelimiter: rowDelimiter.bytes,
    zone,
  })
  const csv = rule.loadFormat === 'csv' ? rows.layout('csv') : null
  const json = rows.layout('json')
  const keepsAll = keepsAllRows(way)
  const encoderOf = (of: RowLayout) =>
    keepsAll ? new KeepingEncoder(compileRowEncoder(of), { source, target, rule }) : compileRowEncoder(of)
  const columns = rows.header('json')
  const separators = [columnSeparator.text, rowDelimiter.text] as const
  const salt = tagSalt(constants.filter(({ name }) => rule.shards.key.includes(name)).map(({ text }) => text))
  const watches = listener && new RouteWatches(listener, schema, images, fit, zone)
  const keyWatch = watches?.ofWhole() ?? null
  const reshaper = new Reshaper(options, way, images, { csv, json, watches })
  const { partialUpdateMode, mergeCondition } = rule.load
  const { mode, flushIntervalMs, flushRows, flushBytes } = rule
  const route: CompiledRoute = {
    source,
    target,
    mode,
    fingerprint: fingerprint(routeFacts({ rule, target, shaped, fit, constants, zone, separators })),
    rule: rule.where,
    imageText: imageText(images.columns, zone, images),
    partial: rule.shape.partial,
    ...(rule.shape.partial ? { isFused: true } : {}),
    ...(salt === 0 ? {} : { keySalt: salt }),
    ...(keyWatch === null ? {} : { keyWatch }),
    reshape: (incomplete, bitmaps, place) => reshaper.reshape(route, incomplete, bitmaps, place),
    csv: csv === null ? null : { encoder: encoderOf(csv), columns: rows.header('csv') },
    json: csv === null ? { encoder: encoderOf(json), columns } : late(() => encoderOf(json), columns),
    columnSeparator: columnSeparator.text,
    rowDelimiter: rowDelimiter.text,
    ...(partialUpdateMode === null && mergeCondition === null
      ? {}
      : { semantics: { partialUpdateMode, mergeCondition } }),
    flushIntervalMs,
    flushRows,
    flushBytes,
  }
  if (shaped.isPlain) return route
  const keyConstants = constants.filter(({ name }) => rule.shards.key.includes(name))
  const gone = !rule.shape.partial
    ? null
    : goneRows({
        route,
        csv,
        json,
        onDelete: rule.shape.onDelete,
        keyConstants: keyConstants.map(({ name }) => name),
        deleteHeader: format => rows.deleteHeader(format, keyConstants),
        images: own,
        // As the source has it, also where what is written is masked.
        key: fit.key.map(i => Math.max(own.place(i, 'text'), own.place(i, useOf(fit, i)), own.place(i, 'key'))),
      })
  const { stopsAtBadValues, forComparison = false } = options
  const shape = compileShape({ rule, shaped, images: own, zone, route, fit, gone, forComparison })
  if (transform === null) return { ...route, ...shape }
  const asked = { stopsAtBadValues, forComparison }
  const parts = { rule, transform, schema, fit, images: extended, zone, before: shape.shape, route, ...asked }
  return { ...route, ...shape, ...compileTransform(parts) }
}

/** Few targets ever have a row that needs it, and with hundreds of tables a start would make as many for nothing. */
function late(make: () => ImageEncoder, columns: string): CompiledRoute['json'] {
  let made: ImageEncoder | null = null
  return {
    get encoder() {
      made ??= make()
      return made
    },
    columns,
  }
}

/** A load with a merge condition has no deletes, and a table of unique keys would take one for a row. */
function keepsAllRows({ matched: { rule }, target }: Way): boolean {
  return rule.load.mergeCondition !== null || target.model === 'unique'
}

interface ReshaperParts extends Pick<VariantParts, 'csv' | 'json'> {
  readonly watches: RouteWatches | null
}

/** What a route does with images that leave columns out; what it needs for them is made when the first one comes. */
class Reshaper {
  readonly #options: RouteOptions
  readonly #way: Way
  readonly #images: RouteImages
  readonly #parts: ReshaperParts
  #variants: ImageVariants | null = null

  constructor(options: RouteOptions, way: Way, images: RouteImages, parts: ReshaperParts) {
    this.#options = options
    this.#way = way
    this.#images = images
    this.#parts = parts
  }

  /** See `CompiledRoute.reshape`. */
  reshape(route: CompiledRoute, ...incomplete: Parameters<CompiledRoute['reshape']>): ReshapedImages {
    const { matched, target } = this.#way
    if (this.#images.kind === 'text')
      throw new Failure('internal', `rows of ${route.source} that a SELECT gave leave columns out`)
    if (keepsAllRows(this.#way))
      throw new Failure(
        'rowImageIncomplete',
        `${route.source} into ${targetName(target)} (${matched.rule.where}): a row image leaves columns out, and such a target takes whole rows alone.`,
      )
    this.#variants ??= this.#compile(route)
    return this.#variants.reshape(...incomplete)
  }

  #compile(route: CompiledRoute): ImageVariants {
    const { csv, json, watches } = this.#parts
    const { matched, target, fit, shaped } = this.#way
    const { fields, key, measures } = fit
    const facts = {
      mode: matched.rule.mode,
      target,
      columns: this.#images.columns,
      source: shaped.schema.columns,
      fields,
      key,
      measures,
      generatedLogged: this.#options.generatedLogged,
    }
    const watch = watches === null ? null : (present: readonly number[]) => watches.ofPart(present)
    return new ImageVariants(route, { facts, csv, json, watch })
  }
}

/** Of the tags in a key: equal keys of two tables are two keys. */
function tagSalt(tags: readonly string[]): number {
  let salt = 0
  for (const c of tags.join('\0')) salt = (Math.imul(salt, 31) + c.codePointAt(0)!) >>> 0
  return salt
}

function separatorsOf(
  load: MatchedRule['rule']['load'],
  options: RouteOptions,
): Pick<RouteOptions, 'columnSeparator' | 'rowDelimiter'> {
  const own = (text: string) => ({ text, bytes: separatorBytes(text) })
  return {
    columnSeparator: load.columnSeparator === null ? options.columnSeparator : own(load.columnSeparator),
    rowDelimiter: load.rowDelimiter === null ? options.rowDelimiter : own(load.rowDelimiter),
  }
}
