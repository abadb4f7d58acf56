import type { FieldGuard } from '../binlog/field-guard.js'
import { compileRowEncoder } from '../binlog/row-encoder.js'
import type { RowLayout } from '../binlog/row-layout.js'
import { Failure } from '../model/failure.js'
import { type TableSchema, type TargetTable, tableName, targetName } from '../model/schema.js'
import type { Zone } from '../model/zone.js'
import { separatorBytes } from '../starrocks/load-body.js'
import type { ColumnPlan } from './column-plan.js'
import { base64Name, renderColumnsHeader } from './columns-header.js'
import type { CompiledRoute } from './compiled-route.js'
import { goneRows } from './gone-rows.js'
import { imageText } from './image-text.js'
import { ImageVariants } from './image-variant.js'
import { KeepingEncoder } from './keeping-encoder.js'
import { type KeyListener, watchKeys } from './key-watch.js'
import { fingerprint } from './route-fingerprint.js'
import type { RouteImages } from './route-images.js'
import type { MatchedRule } from './rule-book.js'
import { extendImages } from './shape/extended-images.js'
import type { ShapedTable } from './shape/shaped-table.js'
import { compileShape } from './shape/shaper.js'
import type { TargetFit } from './target-fit.js'

export interface RouteOptions {
  readonly columnSeparator: { readonly text: string; readonly bytes: Uint8Array }
  readonly rowDelimiter: { readonly text: string; readonly bytes: Uint8Array }
  readonly zone: Zone
  /** MySQL's updates log every generated column that changed, MariaDB's do not. */
  readonly generatedLogged: boolean
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
export function compileRoute(
  options: RouteOptions,
  { matched: { rule }, target, constants, fit, listener, shaped }: Way,
  own: RouteImages,
): CompiledRoute {
  const { zone, generatedLogged } = options
  const { columnSeparator, rowDelimiter } = separatorsOf(rule.load, options)
  const { partialUpdateMode, mergeCondition } = rule.load
  const { fields, measures } = fit
  const { schema } = shaped
  const images = extendImages(own, shaped)
  const { columns } = images
  const source = tableName(schema)
  const useOf = (i: number) => (fields[i]?.form === 'base64' ? 'bytes' : 'text')
  const key = fit.key.map(i => images.place(i, useOf(i)))
  const identity = schema.key
    .map(name => schema.columns.findIndex(column => column.name === name))
    .map(i => Math.max(images.place(i, 'text'), images.place(i, useOf(i)), images.place(i, 'key')))
  const change = rule.mode === 'append'
  // In tables of other models it would be an ignored field, and a delete an insert.
  const op = target.model === 'primary' && !rule.shape.partial
  const layout = (format: 'csv' | 'json'): RowLayout => {
    const placed: RowLayout['fields'][number][] = columns.map(() => null)
    fields.forEach((field, i) => {
      if (field === null) return
      const name = format === 'json' && field.toBinary ? base64Name(i) : field.name
      placed[images.place(i, useOf(i))] = { ...field, name }
    })
    return {
      images: images.kind,
      columns,
      ...(images.added === 0 ? {} : { added: images.added }),
      fields: placed,
      key,
      identity,
      change,
      measures: measures.map(({ name, column }) => ({
        name,
        column: column === null ? null : images.place(column, 'text'),
      })),
      constants,
      op,
      format,
      columnSeparator: columnSeparator.bytes,
      rowDelimiter: rowDelimiter.bytes,
      zone,
    }
  }
  // What stands in place of a column's value stands behind the image, and so does its field in the body.
  const placeOf = (i: number) => images.place(i, fields[i] == null ? 'text' : useOf(i))
  const order = fields.map((_, i) => i).sort((i, k) => placeOf(i) - placeOf(k) || i - k)
  const header = (format: 'csv' | 'json') =>
    renderColumnsHeader(fields, { change, measures, constants, op }, format, order)
  const { mode, loadFormat, flushIntervalMs, flushRows, flushBytes } = rule
  const separators = [columnSeparator.text, rowDelimiter.text]
  // A guard decides whether a row is written, not how: but for dates.
  const bytes = fields.map(field => field && { ...field, guard: undefined, dates: writtenDates(field.guard) })
  const described = { columns: schema.columns.map(writtenFacts), zone: zone.name, separators }
  const shape = shaped.isPlain ? {} : { shape: shaped.facts }
  const written = { fields: bytes, key: fit.key, measures, constants, source, ...described, ...shape }
  const csv = loadFormat === 'csv' ? layout('csv') : null
  const json = layout('json')
  const facts = { mode, target, columns, source: schema.columns, fields, key, measures, generatedLogged }
  const salt = tagSalt(constants.filter(({ name }) => rule.shards.key.includes(name)).map(({ text }) => text))
  // A load with a merge condition has no deletes, and a table of unique keys would take one for a row.
  const keepsAll = mergeCondition !== null || target.model === 'unique'
  const encoderOf = (of: RowLayout) =>
    keepsAll ? new KeepingEncoder(compileRowEncoder(of), { source, target, rule }) : compileRowEncoder(of)
  let variants: ImageVariants | null = null
  const watched = schema.key.map(name => {
    const i = schema.columns.findIndex(column => column.name === name)
    return { column: schema.columns[i]!, at: i, index: images.place(i, 'key'), base64: fields[i]?.form === 'base64' }
  })
  const keyWatch =
    listener && watchKeys(listener, { kind: images.kind, columns, skip: 0, added: images.added }, watched, zone)
  const watchPart = (present: readonly number[]) =>
    listener &&
    watchKeys(
      listener,
      { kind: images.kind, columns: present.map(i => columns[i]!), skip: 1, added: 0 },
      watched.map(part => ({ ...part, index: present.indexOf(part.at) })),
      zone,
    )
  const route: CompiledRoute = {
    source,
    target,
    mode,
    fingerprint: fingerprint({
      mode,
      target: targetName(target),
      ...written,
      loadFormat,
      flushRows,
      flushBytes,
      ...(mergeCondition === null ? {} : { mergeCondition }),
    }),
    rule: rule.where,
    imageText: imageText(columns, zone, images),
    partial: rule.shape.partial,
    ...(rule.shape.partial ? { isFused: true } : {}),
    ...(salt === 0 ? {} : { keySalt: salt }),
    ...(keyWatch === null ? {} : { keyWatch }),
    reshape: (rows, bitmaps, place) => {
      if (images.kind === 'text')
        throw new Failure('internal', `rows of ${source} that a SELECT gave leave columns out`)
      if (keepsAll)
        throw new Failure(
          'rowImageIncomplete',
          `${source} into ${targetName(target)} (${rule.where}): a row image leaves columns out, and such a target takes whole rows alone.`,
        )
      variants ??= new ImageVariants(route, { facts, csv, json, watch: listener === null ? null : watchPart })
      return variants.reshape(rows, bitmaps, place)
    },
    csv: csv === null ? null : { encoder: encoderOf(csv), columns: header('csv') },
    json: { encoder: encoderOf(json), columns: header('json') },
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
        deleteHeader: format => {
          const key = fields.map((field, i) => (fit.key.includes(i) ? field : null))
          return renderColumnsHeader(key, { change, measures: [], constants: keyConstants, op: true }, format, order)
        },
        images: own,
        // As the source has it, also where what is written is masked.
        key: fit.key.map(i => Math.max(own.place(i, 'text'), own.place(i, useOf(i)), own.place(i, 'key'))),
      })
  return { ...route, ...compileShape({ rule, shaped, images: own, zone, route, fit, gone }) }
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

/** What dates that do not exist become; undefined where they are written as they are, or not at all. */
function writtenDates(guard: FieldGuard | null): string | undefined {
  return guard?.value?.kind === 'date' && guard.value.policy !== 'stop' ? guard.value.policy : undefined
}

/** What decides the text of a column's values, without what every server words in its own way. */
function writtenFacts(column: TableSchema['columns'][number]): unknown {
  const { name, dataType, unsigned, nullable, charset, maxLength, precision, scale, fractionDigits, members } = column
  return [name, dataType, unsigned, nullable, charset, maxLength, precision, scale, fractionDigits, members]
}
