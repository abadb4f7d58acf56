import { compileRowEncoder, type RowEncoder } from '../binlog/row-encoder.js'
import type { RowLayout } from '../binlog/row-layout.js'
import type { ChangePlace } from '../model/change-place.js'
import { Failure } from '../model/failure.js'
import type { KeyWatch } from '../model/key-watch.js'
import { formatPosition } from '../model/position.js'
import { targetName } from '../model/schema.js'
import { renderColumnsHeader } from './columns-header.js'
import type { CompiledRoute, ReshapedImages } from './compiled-route.js'
import { type ImageFacts, type ImagePart, type ImagePlan, ImageProblem, planImages, type RowOp } from './image-plan.js'
import { imageText } from './image-text.js'
import { BEFORE_TAG, TaggedEncoder } from './tagged-encoder.js'
import { type EventImages, TaggedImages } from './tagged-images.js'

/** More sets of columns than this of one route are compiled again when they come again. */
const MAX_VARIANTS = 128

interface Variant {
  readonly route: CompiledRoute
  readonly images: TaggedImages
  readonly moved: (buffer: Buffer, before: number, after: number, limit: number) => string
}

export interface VariantParts {
  readonly facts: ImageFacts
  /** The layouts of whole rows. */
  readonly csv: RowLayout | null
  readonly json: RowLayout
  /** The watch of the keys of images with a byte in front that have these columns; null: nobody asks for keys. */
  readonly watch: ((columns: readonly number[]) => KeyWatch | null) | null
}

/** The ways of one route for row images that leave columns out, one for each set of columns, compiled when it first comes. */
export class ImageVariants {
  readonly #route: CompiledRoute
  readonly #parts: VariantParts
  readonly #known = new Map<string, Variant>()

  constructor(route: CompiledRoute, parts: VariantParts) {
    this.#route = route
    this.#parts = parts
  }

  /**
   * `bitmaps`: as `RowsEvent.bitmaps`. The images are valid until the next call with the same bitmaps.
   * @throws Failure rowImageIncomplete, naming table, column or key, and position, where a row needs what the images lack
   */
  reshape(images: EventImages, bitmaps: string, place: ChangePlace): ReshapedImages {
    const name = `${images.op} ${bitmaps}`
    let variant = this.#known.get(name)
    if (variant === undefined) {
      variant = this.#compile(images.op, bitmaps, place)
      const [oldest] = this.#known.keys()
      if (this.#known.size >= MAX_VARIANTS && oldest !== undefined) this.#known.delete(oldest)
      this.#known.set(name, variant)
    }
    const { moved } = variant
    return {
      route: variant.route,
      images: variant.images.write(images, (before, after) => {
        throw this.#incomplete(moved(images.buffer, before, after, images.end), place)
      }),
    }
  }

  #compile(op: RowOp, bitmaps: string, place: ChangePlace): Variant {
    const { facts } = this.#parts
    const count = facts.columns.length
    const first = presentColumns(bitmaps, 0, count)
    const second = presentColumns(bitmaps, (count + 7) >> 3, count)
    let plan: ImagePlan
    try {
      plan = planImages(facts, op, first, second)
    } catch (error) {
      if (!(error instanceof ImageProblem)) throw error
      throw this.#incomplete(error.message, place, error.advice)
    }
    const news = facts.fields.flatMap((field, i) => (field === null || facts.key.includes(i) ? [] : [i]))
    const text = (columns: readonly number[]) =>
      imageText(
        columns.map(i => facts.columns[i]!),
        this.#parts.json.zone,
      )
    const [beforeText, afterText] = [text(first), text(second)]
    return {
      route: variantRoute(this.#route, plan, this.#parts),
      images: new TaggedImages(op, facts.columns, plan, second, facts.key, news),
      moved: (buffer, before, after, limit) =>
        `the key of a row changes (before ${beforeText(buffer, before, limit)}, after ${afterText(buffer, after, limit)}), and the event does not hold its other columns`,
    }
  }

  #incomplete(reason: string, place: ChangePlace, more: string | null = null): Failure {
    const { source, target, rule } = this.#route
    const advice = `SET GLOBAL binlog_row_image = FULL on the source (also for sessions that set it themselves), copy the table again and move the position behind this event.`
    return new Failure(
      'rowImageIncomplete',
      `${source} into ${targetName(target)} (${rule}), rows event ${place.event} of the transaction behind ${formatPosition(place)}: ${reason}.`,
      { advice: more === null ? advice : `${advice} ${more}` },
    )
  }
}

/** Indexes of the bits set in the bitmap of `count` bits that begins at byte `from`. */
function presentColumns(bitmaps: string, from: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => i).filter(i => (bitmaps.charCodeAt(from + (i >> 3)) >> (i & 7)) & 1)
}

function variantRoute(route: CompiledRoute, plan: ImagePlan, { facts, csv, json, watch }: VariantParts): CompiledRoute {
  const encoder = (layout: RowLayout): TaggedEncoder =>
    new TaggedEncoder(
      plan.before === null ? null : compilePart(layout, plan.before, false),
      plan.after === null ? null : compilePart(layout, plan.after, plan.partial),
      facts.mode === 'upsert' ? layout.key.length : 0,
    )
  const header = (format: 'csv' | 'json', whole: string): string => {
    if (!plan.partial) return whole
    const fields = facts.fields.map((field, i) => (plan.after!.columns.includes(i) ? field : null))
    const { constants } = json
    return renderColumnsHeader(fields, { change: false, measures: [], constants, op: false }, format)
  }
  const texts = [plan.before, plan.after].map(part =>
    imageText(
      (part?.columns ?? []).map(i => facts.columns[i]!),
      json.zone,
    ),
  )
  let lateJson: CompiledRoute['json'] | null = null
  return {
    ...route,
    ...(watch === null ? {} : { keyWatch: taggedWatch(watch, plan) }),
    partial: plan.partial,
    imageText: (buffer, at, limit) => texts[buffer[at] === BEFORE_TAG ? 0 : 1]!(buffer, at + 1, limit),
    csv: csv === null ? null : { encoder: encoder(csv), columns: header('csv', route.csv!.columns) },
    // Few rows are ever written as JSON where CSV is asked for.
    get json() {
      lateJson ??= { encoder: encoder(json), columns: header('json', route.json.columns) }
      return lateJson
    },
  }
}

/** The images say by their first byte which columns they have. */
function taggedWatch(watch: NonNullable<VariantParts['watch']>, { before, after }: ImagePlan): KeyWatch {
  const [old, now] = [before, after].map(part => (part === null ? null : watch(part.columns)))
  const of = (buffer: Buffer, at: number) => (buffer[at] === BEFORE_TAG ? old : now)
  return {
    appears: (buffer, at, ...rest) => of(buffer, at)?.appears(buffer, at, ...rest),
    vanishes: (buffer, at, ...rest) => of(buffer, at)?.vanishes(buffer, at, ...rest),
  }
}

/** The encoder of rows of these columns. Partial rows delete nothing, so they carry no `__op`. */
function compilePart(layout: RowLayout, { columns, literals }: ImagePart, partial: boolean): RowEncoder {
  return compileRowEncoder({
    ...layout,
    columns: columns.map(i => layout.columns[i]!),
    fields: columns.map(i => layout.fields[i] ?? null),
    key: layout.key.map(i => columns.indexOf(i)),
    identity: (layout.identity ?? layout.key).map(i => columns.indexOf(i)).filter(i => i >= 0),
    measures: layout.measures.flatMap(m => (m.column === null ? [m] : { ...m, column: columns.indexOf(m.column) })),
    literals: literals.map(({ column, ...literal }) => ({ ...literal, name: layout.fields[column]!.name })),
    op: layout.op && !partial,
  })
}
